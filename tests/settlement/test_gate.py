"""The gate: what a node accepts, and the one code for each thing that it does not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.prove import prove
from tests.settlement.days import START_MS, STEP_MS, Day, cut
from tests.support.world import World, make_world
from zkroute.errors import MismatchError
from zkroute.formats.header import encode_header
from zkroute.formats.proof import MAX_PROOF_BYTES
from zkroute.formats.slice import ENVELOPE_BYTES, Slice, encode_slice
from zkroute.model.order import ORDER_RECORD, orders_from_records
from zkroute.protocol.header import Header
from zkroute.settlement.configuration import Configuration, Signing
from zkroute.settlement.errors import Reason
from zkroute.settlement.gate import Accepted, Gate, Refused
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.order_signatures import SignedOrders, sign_orders
from zkroute.settlement.router_keys import sign_handover


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def observer(day: Day, ledger: Ledger, **changes: object) -> Gate:
    return Gate(day.configuration(**changes), ledger, lambda: START_MS)


def node_gate(day: Day, ledger: Ledger, slot: int, **changes: object) -> Gate:
    return Gate(day.configuration(node=day.node(slot), **changes), ledger, lambda: START_MS)


def busiest(day: Day, batch: int = 0) -> int:
    return max(range(len(day.slices[batch])), key=lambda slot: len(day.slices[batch][slot]))


def signed_again(day: Day, header: Header, **changes: object) -> Header:
    """The header with other fields, signed by the same router."""
    changed = replace(header, **changes)  # type: ignore[arg-type]  # a test names what it changes
    return changed.signed(day.world.router.sign(changed.signed_message))


def refused(answer: Accepted | Refused) -> str:
    assert isinstance(answer, Refused), answer
    assert answer.sentence.count("\n") == 0
    assert answer.exit_code.value in range(1, 6)
    return answer.code


def accept_first(day: Day, gate: Gate) -> None:
    slot = None if gate.configuration.node is None else busiest(day)
    part = None if slot is None else day.slices[0][slot]
    assert gate.accept(day.batches[0].header, day.proofs[0], part)


@pytest.mark.usefixtures("real_pairings")
def test_first_batch_passes_and_a_damaged_one_does_not(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    assert refused(gate.accept(day.batches[0].header, day.proofs[1])) == "opening-invalid"
    accept_first(day, gate)


def test_a_day_goes_through_every_gate(day: Day, tmp_path: Path) -> None:
    for slot in (None, *{busiest(day), busiest(day, 2)}):
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
    slot = busiest(day)
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


def test_another_proof_of_the_same_header_is_the_same_batch(day: Day, ledger: Ledger) -> None:
    """Re-randomised: valid, and none of its bytes like the first's."""
    other = prove(day.world.proving_key, day.world.snapshot, day.batches[0])
    assert other != day.proofs[0]
    assert observer(day, ledger).accept(day.batches[0].header, other)
    answer = observer(day, ledger).accept(day.batches[0].header, day.proofs[0])
    assert isinstance(answer, Accepted)
    assert answer.again


def test_second_child_is_a_fork_and_kept(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    rival = day.world.commit(day.world.orders(5))
    proof = prove(day.world.proving_key, day.world.snapshot, rival)
    assert refused(gate.accept(rival.header, proof)) == "fork"
    (fork,) = ledger.forks()
    assert (fork.accepted.digest, fork.digest) == (
        day.batches[0].header.digest,
        rival.header.digest,
    )
    assert fork.header_bytes == encode_header(rival.header)


def test_fork_needs_no_proof_but_a_signature(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    rival = signed_again(day, day.batches[0].header, time_ms=START_MS - 1)
    unsigned = rival.signed(bytes(64))
    assert refused(gate.accept(unsigned, b"")) == "signature-invalid"
    assert not ledger.forks()
    assert refused(gate.accept(rival, b"")) == "fork"
    assert len(ledger.forks()) == 1


def test_no_garbage_is_kept_as_a_forks_proof(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    rival = signed_again(day, day.batches[0].header, time_ms=START_MS - 1)
    assert refused(gate.accept(rival, bytes(MAX_PROOF_BYTES + 1))) == "proof-malformed"
    assert not ledger.forks()
    assert refused(gate.accept(rival, bytes(MAX_PROOF_BYTES))) == "fork"


def test_batch_out_of_its_place(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    assert refused(gate.accept(day.batches[1].header, day.proofs[1])) == "stale"
    accept_first(day, gate)
    assert refused(gate.accept(day.batches[2].header, day.proofs[2])) == "stale"
    assert ledger.check() == 1


SEVERED: dict[str, tuple[dict[str, object], str]] = {
    "another parent": ({"previous": bytes([7]) * 32}, "stale"),
    "a gap in the numbers": ({"first_sequence": 41}, "stale"),
    "numbers used before": ({"first_sequence": 39}, "stale"),
    "another state": ({"work_before": (1, 2)}, "stale"),
    "another elapsed time": ({"elapsed_ms": STEP_MS - 1}, "stale"),
    "another number": ({"batch": 2}, "stale"),
    "a huge number": ({"batch": 1 << 62}, "header-malformed"),
    "a number beyond any ledger": ({"batch": 1 << 63}, "header-malformed"),
    "a negative number": ({"batch": -1}, "header-malformed"),
    "another count": ({"order_count": 23}, "opening-invalid"),
    "another slice root": ({"slices": bytes(32)}, "opening-invalid"),
    "another chain": ({"chain": "elsewhere"}, "chain-unknown"),
    "another policy": ({"policy": bytes(32)}, "policy-unknown"),
    "another key": ({"key": bytes(32)}, "key-unknown"),
    "another reference string": ({"srs": "ceremony-of-nobody"}, "srs-unknown"),
    "another snapshot": ({"snapshot": bytes(32)}, "snapshot-unknown"),
    "a point off the curve": ({"work_after": (1, 3)}, "header-malformed"),
    "another version": ({"version": 9}, "header-malformed"),
    "a time ahead": ({"time_ms": START_MS + 70_000, "elapsed_ms": 70_000}, "from-the-future"),
}


def test_clocks_may_differ_by_what_the_configuration_says(day: Day, ledger: Ledger) -> None:
    configuration = day.configuration(ahead_ms=500)
    header = day.batches[0].header
    late = Gate(configuration, ledger, lambda: header.time_ms - 501)
    assert refused(late.accept(header, day.proofs[0])) == "from-the-future"
    assert Gate(configuration, ledger, lambda: header.time_ms - 500).accept(header, day.proofs[0])


def test_a_ledger_without_its_newest_snapshot_is_damaged(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    monkeypatch.setattr(ledger, "snapshot", lambda _: None)
    assert refused(gate.accept(day.batches[1].header, day.proofs[1])) == "ledger-damaged"


@pytest.mark.parametrize("name", SEVERED)
def test_header_changed_by_its_own_router(day: Day, ledger: Ledger, name: str) -> None:
    changes, code = SEVERED[name]
    gate = observer(day, ledger)
    accept_first(day, gate)
    changed = replace(day.batches[1].header, **changes)  # type: ignore[arg-type]  # named above
    if code != "header-malformed":
        changed = signed_again(day, changed)
    else:
        # what has no bytes to sign may be handed in all the same
        with contextlib.suppress(OverflowError, ValueError):
            changed = signed_again(day, changed)
    assert refused(gate.accept(changed, day.proofs[1])) == code
    assert ledger.check() == 1


def test_fork_that_others_could_not_read_is_no_evidence(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    for changes in ({"work_after": (1, 3)}, {"order_count": -1}, {"chain": "example perpetuals"}):
        rival = replace(day.batches[0].header, **changes)  # type: ignore[arg-type]  # named here
        with contextlib.suppress(OverflowError, ValueError):
            rival = signed_again(day, rival)
        assert refused(gate.accept(rival, b"")) in ("header-malformed", "chain-unknown")
    assert not ledger.forks()


def test_header_changed_by_somebody_else(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    header = day.batches[0].header
    stranger = Ed25519PrivateKey.generate()
    theirs = replace(header, router=stranger.public_key().public_bytes_raw())
    theirs = theirs.signed(stranger.sign(theirs.signed_message))
    assert refused(gate.accept(theirs, day.proofs[0])) == "router-unknown"
    assert refused(gate.accept(replace(header, order_count=39), day.proofs[0])) == (
        "signature-invalid"
    )
    # a signature over the bare digest, or over another kind of document, is none
    for message in (header.digest, b"zkroute/receipt/v1" + header.digest):
        forged = header.signed(day.world.router.sign(message))
        assert refused(gate.accept(forged, day.proofs[0])) == "signature-invalid"


def test_proof_of_another_batch_or_damaged(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    header = day.batches[0].header
    assert refused(gate.accept(header, day.proofs[1])) == "opening-invalid"
    for proof in (b"", day.proofs[0][:-1], day.proofs[0] + b"\0"):
        assert refused(gate.accept(header, proof)) == "proof-malformed"
    damaged = bytearray(day.proofs[0])
    damaged[-40] ^= 1
    assert refused(gate.accept(header, bytes(damaged))) in ("opening-invalid", "proof-malformed")
    assert ledger.head is None


def test_bytes_that_are_no_header(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    sound = encode_header(day.batches[0].header)
    for data in (b"", b"{}", b"[" * 9000, sound[:-9], sound.replace(b"batch", b"match"), b"\xff"):
        assert refused(gate.accept(data, day.proofs[0])) == "header-malformed"


def test_slice_is_needed_and_checked(day: Day, ledger: Ledger) -> None:
    slot = busiest(day)
    gate = node_gate(day, ledger, slot)
    header, proof, part = day.batches[0].header, day.proofs[0], day.slices[0][slot]
    assert refused(gate.accept(header, proof)) == "slice-missing"
    assert refused(gate.accept(header, proof, b"")) == "slice-malformed"
    assert refused(gate.accept(header, proof, encode_slice(part)[:-1])) == "slice-malformed"
    other = next(each for each in day.slices[0] if each.slot != slot)
    assert refused(gate.accept(header, proof, other)) == "slice-mismatch"
    assert refused(gate.accept(header, proof, day.slices[1][slot])) == "slice-mismatch"
    shorter = replace(
        part, sequence=part.sequence[1:], records=part.records[ORDER_RECORD.itemsize :]
    )
    assert refused(gate.accept(header, proof, shorter)) == "slice-mismatch"
    numbers = np.append(part.sequence, part.sequence[-1:] + 1)
    assert refused(gate.accept(header, proof, replace(part, sequence=numbers))) == "slice-mismatch"
    assert ledger.head is None
    assert gate.accept(header, proof, part)


def test_node_that_is_not_in_the_snapshot(day: Day, ledger: Ledger) -> None:
    gate = Gate(day.configuration(node="nowhere"), ledger)
    assert refused(gate.accept(day.batches[0].header, day.proofs[0])) == "snapshot-mismatch"


def test_orders_must_be_signed_by_their_traders(day: Day, ledger: Ledger) -> None:
    slot = busiest(day)
    header, proof, part = day.batches[0].header, day.proofs[0], day.slices[0][slot]
    gate = node_gate(day, ledger, slot)
    bare = replace(part, envelopes=b"")
    assert refused(gate.accept(header, proof, bare)) == "order-unsigned"
    short = replace(part, envelopes=part.envelopes[:-1])
    assert refused(gate.accept(header, proof, short)) == "order-unsigned"
    swapped = part.envelopes[ENVELOPE_BYTES:] + part.envelopes[:ENVELOPE_BYTES]
    assert refused(gate.accept(header, proof, replace(part, envelopes=swapped))) == (
        "order-signature-invalid"
    )
    strangers = node_gate(day, ledger, slot, traders={})
    assert refused(strangers.accept(header, proof, part)) == "trader-unknown"
    assert ledger.head is None
    assert node_gate(day, ledger, slot, signing=Signing.ANY, traders={}).accept(header, proof, part)


def test_a_node_may_do_without_signatures(day: Day, ledger: Ledger) -> None:
    slot = busiest(day)
    bare = replace(day.slices[0][slot], envelopes=b"")
    gate = node_gate(day, ledger, slot, signing=Signing.NONE, traders={})
    assert gate.accept(day.batches[0].header, day.proofs[0], bare)


def test_a_slice_has_a_greatest_length(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = busiest(day)
    gate, data = node_gate(day, ledger, slot), encode_slice(day.slices[0][slot])
    monkeypatch.setattr("zkroute.settlement.gate.MAX_SLICE_BYTES", len(data) - 1)
    answer = gate.accept(day.batches[0].header, day.proofs[0], data)
    assert refused(answer) == "slice-malformed"
    assert isinstance(answer, Refused)
    assert "longer than any slice" in answer.sentence
    monkeypatch.setattr("zkroute.settlement.gate.MAX_SLICE_BYTES", len(data))
    assert gate.accept(day.batches[0].header, day.proofs[0], data)


def test_dummies_of_the_router_are_found(day: Day, ledger: Ledger) -> None:
    """The router signs orders it made up, with a key of its own or with a made-up signature."""
    world = day.world
    mine = Ed25519PrivateKey.generate()
    signed = sign_orders(world.orders(30), world.policy, mine)
    records = np.array(signed.orders.records, dtype=ORDER_RECORD)
    accounts = {account: frozenset([day.trader_key]) for account in day.accounts}
    accounts |= {
        int(account): frozenset([day.trader_key]) for account in records["account"].tolist()
    }
    batch = world.commit(signed.orders)
    proof = prove(world.proving_key, world.snapshot, batch)
    part = max(cut(world, batch, signed), key=len)
    gate = node_gate(day, ledger, part.slot, traders=accounts)
    assert refused(gate.accept(batch.header, proof, part)) == "trader-unknown"
    gate = node_gate(day, ledger, part.slot, traders={a: {mine_key(mine)} for a in accounts})
    assert gate.accept(batch.header, proof, part)


def mine_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_altered_signed_order_is_found(day: Day, ledger: Ledger) -> None:
    """A router changes a signed order and keeps its envelope: the trader did not sign that."""
    world = day.world
    signed = sign_orders(world.orders(20), world.policy, day.trader)
    records = np.array(signed.orders.records, dtype=ORDER_RECORD)
    records["time_ms"] += 1
    altered = SignedOrders(orders_from_records(records, world.policy, "altered"), signed.envelopes)
    batch = world.commit(altered.orders)
    proof = prove(world.proving_key, world.snapshot, batch)
    part = max(cut(world, batch, altered), key=len)
    gate = node_gate(day, ledger, part.slot, signing=Signing.ANY)
    assert refused(gate.accept(batch.header, proof, part)) == "order-signature-invalid"


def record_bytes(part: Slice) -> list[bytes]:
    size = ORDER_RECORD.itemsize
    return [part.records[start : start + size] for start in range(0, len(part.records), size)]


def test_an_order_is_settled_once(day: Day, ledger: Ledger) -> None:
    """The router puts signed orders of the first batch into the second as well."""
    world = day.world
    batch = world.commit(day.signed[0].orders, day.batches[0], START_MS + STEP_MS)
    proof = prove(world.proving_key, world.snapshot, batch)
    parts = cut(world, batch, day.signed[0])
    slot = next(
        slot
        for slot, part in enumerate(parts)
        if set(record_bytes(part)) & set(record_bytes(day.slices[0][slot]))
    )
    gate = node_gate(day, ledger, slot)
    assert gate.accept(day.batches[0].header, day.proofs[0], day.slices[0][slot])
    answer = gate.accept(batch.header, proof, parts[slot])
    assert refused(answer) == "order-settled-before"
    assert ledger.check() == 1


def test_disk_that_fails_is_a_refusal(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger._connection.execute("PRAGMA query_only = ON")
    assert refused(observer(day, ledger).accept(day.batches[0].header, day.proofs[0])) == (
        "ledger-unavailable"
    )
    ledger._connection.execute("PRAGMA query_only = OFF")
    assert observer(day, ledger).accept(day.batches[0].header, day.proofs[0])


def test_batch_of_another_world_is_refused(day: Day, ledger: Ledger) -> None:
    """Same policy, same chain name, another reference string and router."""
    other = make_world(log_rows=7)
    batch = other.commit(other.orders(4))
    code = refused(observer(day, ledger).accept(batch.header, b""))
    assert code in ("srs-unknown", "key-unknown")


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


def test_router_key_is_handed_over(day: Day, ledger: Ledger, world: World) -> None:
    new = Ed25519PrivateKey.generate()
    handover = sign_handover(world.policy.chain, world.router, new, 1)
    gate = observer(day, ledger, handovers=[handover])
    accept_first(day, gate)
    second = day.batches[1].header
    assert refused(gate.accept(second, day.proofs[1])) == "router-unknown"
    heir = replace(world, router=new)
    batch = heir.commit(day.signed[1].orders, day.batches[0], START_MS + STEP_MS)
    proof = prove(world.proving_key, world.snapshot, batch)
    assert gate.accept(batch.header, proof)
    early = replace(day.batches[0].header, router=heir.router_key)
    early = early.signed(new.sign(early.signed_message))
    assert refused(gate.accept(early, day.proofs[0])) == "router-unknown"


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
