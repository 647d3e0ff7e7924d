"""A node finds every order that was added, dropped, altered or swapped in its slice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.settlement.days import Day
from tests.support.world import World
from zkroute.algebra.scalars import MODULUS, invert, random_scalar
from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError
from zkroute.formats.proof import decode_proof
from zkroute.formats.slice import Slice, decode_slice, encode_slice, read_slice
from zkroute.model.order import ORDER_RECORD, digests, orders_from_bytes
from zkroute.protocol.proof import Proof, ProofLayout
from zkroute.protocol.slices import content_rows, slice_commitment
from zkroute.settlement import slices as slices_module
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.slices import check_slice, content_columns, integers, sum_of_inverses

SIZE = ORDER_RECORD.itemsize


def proof_of(day: Day, batch: int) -> Proof:
    key = day.world.proving_key.key
    return decode_proof(day.proofs[batch], ProofLayout.of(key.circuit.lowered, key.nodes))


def fullest(day: Day, batch: int = 0) -> Slice:
    return max(day.slices[batch], key=len)


def check(day: Day, part: Slice, slot: int | None = None, batch: int = 0) -> None:
    header = day.batches[batch].header
    key = day.world.proving_key.key
    check_slice(key, header, proof_of(day, batch), part, part.slot if slot is None else slot)


def test_every_node_finds_its_slice_right(day: Day) -> None:
    key = day.world.proving_key.key
    for batch, parts in enumerate(day.slices):
        proof = proof_of(day, batch)
        total = 0
        for slot, part in enumerate(parts):
            checked = check_slice(key, day.batches[batch].header, proof, part, slot)
            assert len(checked.orders) == len(part)
            expected = digests(checked.orders.records)
            assert checked.digests == tuple(
                value.to_bytes(32, "big") for value in integers(expected)
            )
            total += len(part)
        assert total == day.batches[batch].header.order_count
        assert {part.slot for part in parts if len(part)}


def without(part: Slice, position: int) -> Slice:
    return replace(
        part,
        sequence=np.delete(part.sequence, position),
        records=part.records[: position * SIZE] + part.records[(position + 1) * SIZE :],
    )


def doubled(part: Slice, position: int) -> Slice:
    return replace(
        part,
        sequence=np.insert(part.sequence, position, part.sequence[position]),
        records=part.records[: (position + 1) * SIZE] + part.records[position * SIZE :],
    )


def reordered(part: Slice) -> Slice:
    records = part.records[SIZE : 2 * SIZE] + part.records[:SIZE] + part.records[2 * SIZE :]
    sequence = part.sequence.copy()
    sequence[:2] = sequence[1::-1]
    return replace(part, sequence=sequence, records=records)


def with_other_record(part: Slice, field: str) -> Slice:
    records = np.frombuffer(part.records, dtype=ORDER_RECORD).copy()
    value = records[field][0]
    records[field][0] = value[::-1] if isinstance(value, np.ndarray) else value + 1
    return replace(part, records=records.tobytes())


CHANGES: dict[str, Callable[[Slice], Slice]] = {
    "first order dropped": lambda part: without(part, 0),
    "last order dropped": lambda part: without(part, len(part) - 1),
    "all orders dropped": lambda part: replace(part, sequence=part.sequence[:0], records=b""),
    "order doubled": lambda part: doubled(part, 0),
    "orders in another order": reordered,
    "size altered": lambda part: with_other_record(part, "size"),
    "price altered": lambda part: with_other_record(part, "price"),
    "account altered": lambda part: with_other_record(part, "account"),
    "time altered": lambda part: with_other_record(part, "time_ms"),
    "payload altered": lambda part: with_other_record(part, "payload_sha256"),
    "order's salt altered": lambda part: with_other_record(part, "salt"),
    "sequence numbers shifted": lambda part: replace(part, sequence=part.sequence + np.uint64(1)),
    "mask altered": lambda part: replace(part, mask=(part.mask + 1) % MODULUS),
    "salt altered": lambda part: replace(part, salt=bytes(32)),
    "path altered": lambda part: replace(part, path=(*part.path[:-1], bytes(32))),
    "path shortened": lambda part: replace(part, path=part.path[:-1]),
    "path lengthened": lambda part: replace(part, path=(*part.path, bytes(32))),
    "other batch's digest": lambda part: replace(part, header_digest=bytes(32)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_altered_slice_is_refused(day: Day, change: Callable[[Slice], Slice]) -> None:
    with pytest.raises(SettlementError) as caught:
        check(day, change(fullest(day)))
    assert caught.value.code is Reason.SLICE_MISMATCH


def test_slice_of_another_node_is_refused(day: Day) -> None:
    first, second = sorted(day.slices[0], key=len)[-2:]
    with pytest.raises(SettlementError, match="this node has slot"):
        check(day, first, second.slot)
    with pytest.raises(SettlementError):
        check(day, replace(first, slot=second.slot), second.slot)
    with pytest.raises(SettlementError):
        check(day, replace(second, records=first.records, sequence=first.sequence))


def test_slice_of_another_batch_is_refused(day: Day) -> None:
    part = fullest(day, 1)
    with pytest.raises(SettlementError, match="another batch"):
        check(day, part, part.slot)
    with pytest.raises(SettlementError):
        check(day, replace(part, header_digest=day.batches[0].header.digest), part.slot)


def test_proof_of_other_slices_is_refused(day: Day) -> None:
    """The commitment is honest but the proof's digests are those of another assignment."""
    part = fullest(day)
    proof = proof_of(day, 0)
    shifted = list(proof.slice_digests)
    shifted[part.slot] = (shifted[part.slot] + 1) % MODULUS
    key = day.world.proving_key.key
    lying = replace(proof, slice_digests=tuple(shifted))
    with pytest.raises(SettlementError) as caught:
        check_slice(key, day.batches[0].header, lying, part, part.slot)
    assert caught.value.code is Reason.SLICE_DIGEST_MISMATCH


def test_columns_are_those_of_the_prover(day: Day) -> None:
    from prover.trace.orders import order_columns

    world, batch = day.world, day.batches[1]
    circuit = world.proving_key.circuit
    columns = content_columns(circuit, batch.routed.orders, batch.routed.sequence)
    committed = order_columns(circuit, batch.routed)
    names = circuit.content_names
    for name, limbs in zip(names, columns, strict=True):
        assert integers(limbs) == integers(committed[name][: len(limbs)])


@pytest.mark.parametrize("count", [0, 1, 5, 3000, 5000])
def test_sum_is_the_same_by_every_road(world: World, count: int) -> None:
    rng = np.random.default_rng(count)
    columns = [
        rng.integers(0, 1 << 40, (count, 1), dtype=np.uint64),
        rng.integers(0, 1 << 56, (count, 4), dtype=np.uint64),
        rng.integers(0, 1 << 12, (count, 1), dtype=np.uint64),
    ]
    fold, point = random_scalar(), random_scalar()
    rows = zip(*(integers(limbs) for limbs in columns), strict=True)
    expected = sum(invert(point - a - b * fold - c * fold * fold) for a, b, c in rows) % MODULUS
    assert sum_of_inverses(columns, fold, point) == expected
    assert slices_module._plain_sum(columns, fold, point) == expected
    if count:
        arithmetic = slices_module._compiled()
        assert arithmetic is None or (
            slices_module._compiled_sum(arithmetic, columns, fold, point) == expected
        )


def test_works_without_compiled_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise ImportError("no numba here")

    columns = [np.ones((5000, 1), dtype=np.uint64)]
    expected = sum_of_inverses(columns, 3, 7)
    monkeypatch.setattr(slices_module, "engine", absent)
    assert sum_of_inverses(columns, 3, 7) == expected == 5000 * invert(6) % MODULUS


def test_challenge_on_a_row_is_refused() -> None:
    with pytest.raises(SettlementError):
        sum_of_inverses([np.full((2, 1), 7, dtype=np.uint64)], 3, 7)


def test_file_holds_what_was_written(day: Day, tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's
    part = fullest(day)
    write_atomic(tmp_path / "slice.private", encode_slice(part), private=True)
    check(day, read_slice(tmp_path / "slice.private"))
    assert encode_slice(read_slice(tmp_path / "slice.private")) == encode_slice(part)


def test_damaged_file_is_refused(day: Day) -> None:
    data = encode_slice(fullest(day))
    for damaged in (b"", data[:7], data[:60], data[:-1], data + b"\0", b"x" + data[1:]):
        with pytest.raises(MalformedError):
            decode_slice(damaged, "slice")
    for position in range(0, len(data), 97):
        flipped = data[:position] + bytes([data[position] ^ 4]) + data[position + 1 :]
        with pytest.raises(MalformedError):
            decode_slice(flipped, "slice")


@pytest.mark.slow
def test_five_microseconds_an_order(world: World) -> None:
    """The whole of a node's work on 4096 orders of its slice, signatures apart."""
    from zkroute.routing.flow import generate_flow

    count = 4096
    orders = generate_flow(world.policy, count)
    data = orders.records.tobytes()
    sequence = np.arange(count, dtype=np.uint64)
    fold, point = random_scalar(), random_scalar()
    best = 1.0
    for _ in range(7):
        began = time.perf_counter()
        read = orders_from_bytes(data, world.policy, "slice")
        columns = content_columns(world.proving_key.circuit, read, sequence)
        slice_commitment(0, bytes(32), 1, content_rows(columns))
        sum_of_inverses(columns, fold, point)
        best = min(best, time.perf_counter() - began)
    print(f"slice check: {best / count * 1e6:.2f} us per order")
    assert best / count < 5e-6
