"""The gate and the node's own part: slices, signatures of traders, orders settled before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.prove import prove
from tests.settlement.days import START_MS, STEP_MS, Day, cut
from tests.settlement.gates import node_gate, refused
from zkroute.formats.slice import ENVELOPE_BYTES, Slice, encode_slice
from zkroute.model.order import ORDER_RECORD, orders_from_records
from zkroute.settlement.configuration import Signing
from zkroute.settlement.gate import Gate, Refused
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.order_signatures import SignedOrders, sign_orders


def test_slice_is_needed_and_checked(day: Day, ledger: Ledger) -> None:
    slot = day.busiest()
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


def test_a_slice_has_a_greatest_length(
    day: Day, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = day.busiest()
    gate, data = node_gate(day, ledger, slot), encode_slice(day.slices[0][slot])
    monkeypatch.setattr("zkroute.settlement.gate.MAX_SLICE_BYTES", len(data) - 1)
    answer = gate.accept(day.batches[0].header, day.proofs[0], data)
    assert refused(answer) == "slice-malformed"
    assert isinstance(answer, Refused)
    assert "longer than any slice" in answer.sentence
    monkeypatch.setattr("zkroute.settlement.gate.MAX_SLICE_BYTES", len(data))
    assert gate.accept(day.batches[0].header, day.proofs[0], data)


def test_node_that_is_not_in_the_snapshot(day: Day, ledger: Ledger) -> None:
    gate = Gate(day.configuration(node="nowhere"), ledger)
    assert refused(gate.accept(day.batches[0].header, day.proofs[0])) == "snapshot-mismatch"


def test_orders_must_be_signed_by_their_traders(day: Day, ledger: Ledger) -> None:
    slot = day.busiest()
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
    slot = day.busiest()
    bare = replace(day.slices[0][slot], envelopes=b"")
    gate = node_gate(day, ledger, slot, signing=Signing.NONE, traders={})
    assert gate.accept(day.batches[0].header, day.proofs[0], bare)


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
