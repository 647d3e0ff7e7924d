"""The gate and headers that are not the next one, not the router's, or not proven; forks."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.prove import prove
from tests.settlement.days import START_MS, STEP_MS, Day
from tests.settlement.gates import accept_first, observer, refused
from tests.support.world import World, make_world
from zkroute.formats.header import encode_header
from zkroute.formats.proof import MAX_PROOF_BYTES
from zkroute.settlement.gate import Gate
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.router_keys import sign_handover


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
    rival = day.signed_anew(day.batches[0].header, time_ms=START_MS - 1)
    unsigned = rival.signed(bytes(64))
    assert refused(gate.accept(unsigned, b"")) == "signature-invalid"
    assert not ledger.forks()
    assert refused(gate.accept(rival, b"")) == "fork"
    assert len(ledger.forks()) == 1


def test_no_garbage_is_kept_as_a_forks_proof(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    rival = day.signed_anew(day.batches[0].header, time_ms=START_MS - 1)
    assert refused(gate.accept(rival, bytes(MAX_PROOF_BYTES + 1))) == "proof-malformed"
    assert not ledger.forks()
    assert refused(gate.accept(rival, bytes(MAX_PROOF_BYTES))) == "fork"


def test_fork_that_others_could_not_read_is_no_evidence(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    accept_first(day, gate)
    for changes in ({"work_after": (1, 3)}, {"order_count": -1}, {"chain": "example perpetuals"}):
        rival = replace(day.batches[0].header, **changes)  # type: ignore[arg-type]  # named here
        with contextlib.suppress(OverflowError, ValueError):
            rival = day.signed_anew(rival)
        assert refused(gate.accept(rival, b"")) in ("header-malformed", "chain-unknown")
    assert not ledger.forks()


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


@pytest.mark.parametrize("name", SEVERED)
def test_header_changed_by_its_own_router(day: Day, ledger: Ledger, name: str) -> None:
    changes, code = SEVERED[name]
    gate = observer(day, ledger)
    accept_first(day, gate)
    changed = replace(day.batches[1].header, **changes)  # type: ignore[arg-type]  # named above
    if code != "header-malformed":
        changed = day.signed_anew(changed)
    else:
        # what has no bytes to sign may be handed in all the same
        with contextlib.suppress(OverflowError, ValueError):
            changed = day.signed_anew(changed)
    assert refused(gate.accept(changed, day.proofs[1])) == code
    assert ledger.check() == 1


def test_clocks_may_differ_by_what_the_configuration_says(day: Day, ledger: Ledger) -> None:
    configuration = day.configuration(ahead_ms=500)
    header = day.batches[0].header
    late = Gate(configuration, ledger, lambda: header.time_ms - 501)
    assert refused(late.accept(header, day.proofs[0])) == "from-the-future"
    assert Gate(configuration, ledger, lambda: header.time_ms - 500).accept(header, day.proofs[0])


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


def test_bytes_that_are_no_header(day: Day, ledger: Ledger) -> None:
    gate = observer(day, ledger)
    sound = encode_header(day.batches[0].header)
    for data in (b"", b"{}", b"[" * 9000, sound[:-9], sound.replace(b"batch", b"match"), b"\xff"):
        assert refused(gate.accept(data, day.proofs[0])) == "header-malformed"


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


def test_batch_of_another_world_is_refused(day: Day, ledger: Ledger) -> None:
    """Same policy, same chain name, another reference string and router."""
    other = make_world(log_rows=7)
    batch = other.commit(other.orders(4))
    code = refused(observer(day, ledger).accept(batch.header, b""))
    assert code in ("srs-unknown", "key-unknown")


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
