"""The gate: what a node accepts, once and again, and what its ledger must be like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from prover.prove import prove
from tests.settlement.days import Day
from tests.settlement.gates import accept_first, node_gate, observer, refused
from zkroute.errors import MismatchError
from zkroute.formats.header import encode_header
from zkroute.formats.slice import encode_slice
from zkroute.settlement.configuration import Configuration
from zkroute.settlement.errors import Reason
from zkroute.settlement.gate import Accepted, Gate
from zkroute.settlement.ledger import Ledger


@pytest.mark.usefixtures("real_pairings")
def test_first_batch_passes_and_a_damaged_one_does_not(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    assert refused(gate.accept(day.batches[0].header, day.proofs[1])) == "opening-invalid"
    accept_first(day, gate)


def test_a_day_goes_through_every_gate(day: Day, tmp_path: Path) -> None:
    for slot in (None, *{day.busiest(), day.busiest(2)}):
        with Ledger(tmp_path / f"ledger {slot}") as ledger:
            gate = observer(day, ledger) if slot is None else node_gate(day, ledger, slot)
            for number, batch in enumerate(day.batches):
                part = None if slot is None else encode_slice(day.slices[number][slot])
                answer = gate.accept(encode_header(batch.header), day.proofs[number], part)
                assert isinstance(answer, Accepted)
                assert (answer.batch, answer.again) == (number, False)
                assert answer.digest == batch.header.digest
                if slot is None:
                    assert answer.orders is None
                else:
                    assert answer.orders is not None
                    assert len(answer.orders.orders) == len(day.slices[number][slot])
            assert ledger.check() == len(day.batches)


def test_accepted_before_is_answered_so(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    first = gate.accept(day.batches[0].header, day.proofs[0])
    assert gate.accept(day.batches[1].header, day.proofs[1])
    for proof in (day.proofs[0], b"", day.proofs[1]):
        answer = gate.accept(day.batches[0].header, proof)
        assert isinstance(answer, Accepted)
        assert isinstance(first, Accepted)
        assert answer == replace(first, again=True)
    entry = ledger.entry(0)
    assert entry is not None
    assert entry.proof == day.proofs[0]


def test_who_lost_the_answer_gets_the_orders_again(day: Day, ledger: Ledger) -> None:
    slot = day.busiest()
    gate = node_gate(day, ledger, slot)
    first = gate.accept(day.batches[0].header, day.proofs[0], day.slices[0][slot])
    again = gate.accept(day.batches[0].header, b"", encode_slice(day.slices[0][slot]))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.again
    assert first.orders is not None
    assert again.orders is not None
    assert again.orders.digests == first.orders.digests
    for other in (None, b"", day.slices[1][slot]):
        answer = gate.accept(day.batches[0].header, day.proofs[0], other)
        assert isinstance(answer, Accepted)
        assert answer.orders is None
    # nor without the snapshot, which says where this node's slice is: the batch is accepted still
    ledger._connection.execute("DELETE FROM snapshots")
    answer = gate.accept(day.batches[0].header, b"", day.slices[0][slot])
    assert isinstance(answer, Accepted)
    assert answer.orders is None


def test_another_proof_of_the_same_header_is_the_same_batch(day: Day, ledger: Ledger) -> None:
    """Re-randomised: valid, and none of its bytes like the first's."""
    other = prove(day.world.proving_key, day.world.snapshot, day.batches[0])
    assert other != day.proofs[0]
    assert observer(day, ledger).accept(day.batches[0].header, other)
    answer = observer(day, ledger).accept(day.batches[0].header, day.proofs[0])
    assert isinstance(answer, Accepted)
    assert answer.again


def test_a_ledger_without_its_newest_snapshot_is_damaged(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    monkeypatch.setattr(ledger, "snapshot", lambda _: None)
    assert refused(gate.accept(day.batches[1].header, day.proofs[1])) == "ledger-damaged"


def test_disk_that_fails_is_a_refusal(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger._connection.execute("PRAGMA query_only = ON")
    assert refused(observer(day, ledger).accept(day.batches[0].header, day.proofs[0])) == (
        "ledger-unavailable"
    )
    ledger._connection.execute("PRAGMA query_only = OFF")
    assert observer(day, ledger).accept(day.batches[0].header, day.proofs[0])


def test_configuration_must_hold_together(day: Day) -> None:
    key = day.world.proving_key.key
    for changes in (
        {"key_digests": [bytes(32)]},
        {"key_digests": []},
        {"key_digests": [key.digest, bytes(32)]},
        {"srs": []},
        {"srs": ["ceremony-other"]},
    ):
        with pytest.raises(MismatchError):
            day.configuration(**changes)
    with pytest.raises(MismatchError):
        Configuration.of("elsewhere", [key], [], key_digests=[key.digest], srs=[key.srs])


def test_development_srs_is_accepted_only_by_name(day: Day, ledger: Ledger) -> None:
    terms = replace(day.configuration(), srs=frozenset(["ceremony-hermez"]))
    assert refused(Gate(terms, ledger).accept(day.batches[0].header, day.proofs[0])) == (
        "srs-unknown"
    )


def test_every_reason_has_its_own_word() -> None:
    from verifier.errors import Code

    words = [reason.value for reason in Reason] + [code.value for code in Code]
    assert len(set(words)) == len(words)


def test_accepted_again_is_not_answered_before_the_checkpoint_stands(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an old copy of the ledger could be put back and the answered batch be gone."""
    gate = observer(day, ledger)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("zkroute.settlement.ledger._write_checkpoint", full)
        for _ in range(2):
            answer = gate.accept(day.batches[0].header, day.proofs[0])
            assert refused(answer) == "ledger-unavailable"
    answer = gate.accept(day.batches[0].header, day.proofs[0])
    assert isinstance(answer, Accepted)
    assert answer.again
    assert ledger.check() == 1


def test_a_checkpoint_that_goes_missing_is_not_made_anew(day: Day, ledger: Ledger) -> None:
    """It is what tells this ledger from an old copy in its place."""
    gate = observer(day, ledger)
    accept_first(day, gate)
    kept = ledger.checkpoint_path.read_bytes()
    ledger.checkpoint_path.unlink()
    assert refused(gate.accept(day.batches[1].header, day.proofs[1])) == "ledger-rolled-back"
    assert refused(gate.accept(day.batches[0].header, day.proofs[0])) == "ledger-rolled-back"
    assert not ledger.checkpoint_path.exists()
    ledger.checkpoint_path.write_bytes(kept)
    assert gate.accept(day.batches[1].header, day.proofs[1])
