"""A settlement node's check that its slice is what the router committed to and proved.

The header binds slice, salt and mask of every node before any challenge is drawn; the proof binds
D_j = mask_j + sum 1/(slice_point - fold(row)) to the committed orders. A node that recomputes
both from its orders knows that it got exactly the orders the batch sends to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.routing import RoutingCircuit
from zkroute.algebra.engine import Engine, Limbs, engine
from zkroute.algebra.scalars import MODULUS, batch_invert
from zkroute.errors import MalformedError, ZkrouteError
from zkroute.formats.slice import Slice
from zkroute.model.order import Orders, Words, digests, orders_from_bytes
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import Proof
from zkroute.protocol.schedule import Schedule
from zkroute.protocol.slices import content_rows, root_from_path, slice_commitment
from zkroute.settlement.errors import Reason, SettlementError

COMPILED_FROM = 4096
"""Orders from which compiled arithmetic pays, once it is loaded."""
PLAIN_BLOCK = 2048
"""Orders whose integers stay in the processor's cache."""


@dataclass(frozen=True)
class CheckedSlice:
    """The orders a node must settle, as the batch commits to them."""

    orders: Orders
    sequence: Words
    digests: tuple[bytes, ...]
    """32 big-endian bytes per order."""


def check_slice(
    key: VerifyingKey, header: Header, proof: Proof, part: Slice, slot: int
) -> CheckedSlice:
    """The orders of ``part``: all those, and only those, that the batch sends to ``slot``.

    Raises SettlementError with the check that failed.

    Soundness: the caller has verified ``proof`` for ``header`` and ``key``, and knows by the
    snapshot that ``slot`` is its own.
    """
    circuit = key.circuit
    if part.header_digest != header.digest:
        raise SettlementError(Reason.SLICE_MISMATCH, "the slice was cut from another batch")
    if part.slot != slot:
        raise SettlementError(
            Reason.SLICE_MISMATCH, f"the slice is of slot {part.slot}, this node has slot {slot}"
        )
    try:
        orders = orders_from_bytes(part.records, key.policy, "slice")
    except MalformedError as error:
        raise SettlementError(Reason.SLICE_MISMATCH, str(error)) from None
    if len(orders) != len(part):
        raise SettlementError(Reason.SLICE_MISMATCH, "the slice has a number without an order")
    columns = content_columns(circuit, orders, part.sequence)
    leaf = slice_commitment(slot, part.salt, part.mask, content_rows(columns))
    siblings = circuit.shape.slots.bit_length() - 1
    if len(part.path) != siblings or root_from_path(leaf, slot, part.path) != header.slices:
        raise SettlementError(
            Reason.SLICE_MISMATCH,
            f"these {len(orders)} orders are not the slice that the header commits to",
        )
    challenges = Schedule(key, header).witness(proof.witness)
    fold, point = challenges["slice_fold"], challenges["slice_point"]
    if (part.mask + sum_of_inverses(columns, fold, point)) % MODULUS != proof.slice_digests[slot]:
        raise SettlementError(
            Reason.SLICE_DIGEST_MISMATCH,
            "the batch proves another slice for this node than the one that was sent to it",
        )
    return CheckedSlice(orders, part.sequence, digest_bytes(columns[1]))


def content_columns(circuit: RoutingCircuit, orders: Orders, sequence: Words) -> list[Limbs]:
    """The content columns of these orders, in the circuit's order: what a row commits to.

    Sequence number and digest come first; ``sequence`` has one number per order.
    """
    available: dict[str, Callable[[], NDArray[Any]]] = {
        "sequence": lambda: sequence,
        "digest": lambda: digests(orders.records),
        "class": lambda: orders.class_index,
        "size": lambda: orders.size,
        "price": lambda: orders.price,
        "margin": lambda: orders.margin,
        "account": lambda: orders.account,
        "leg": lambda: orders.is_leg,
    }
    cells = [np.asarray(available[name](), np.uint64) for name in circuit.content_names]
    return [values[:, None] if values.ndim == 1 else values for values in cells]


def digest_bytes(limbs: Limbs) -> tuple[bytes, ...]:
    """The 32 big-endian bytes of each order digest."""
    data = limbs[:, ::-1].astype(">u8").tobytes()
    return tuple(data[start : start + 32] for start in range(0, len(data), 32))


def sum_of_inverses(columns: Sequence[Limbs], fold: int, point: int) -> int:
    """Sum over the rows of 1 / (point - sum_i fold^i column_i).

    Raises SettlementError if a row folds to the point itself (chance below 2^-230).
    """
    arithmetic = _compiled() if len(columns[0]) >= COMPILED_FROM else None
    try:
        if arithmetic is not None:
            return _compiled_sum(arithmetic, columns, fold, point)
        starts = range(0, len(columns[0]), PLAIN_BLOCK)
        blocks = ([limbs[start : start + PLAIN_BLOCK] for limbs in columns] for start in starts)
        return sum(_plain_sum(block, fold, point) for block in blocks) % MODULUS
    except ZeroDivisionError:
        raise SettlementError(
            Reason.SLICE_DIGEST_MISMATCH, "a challenge fell on an order of the slice"
        ) from None


def _plain_sum(columns: Sequence[Limbs], fold: int, point: int) -> int:
    folded = integers(columns[-1])
    for limbs in reversed(columns[:-1]):
        folded = [
            (value * fold + cell) % MODULUS
            for value, cell in zip(folded, integers(limbs), strict=True)
        ]
    return sum(batch_invert([point - value for value in folded])) % MODULUS


def _compiled_sum(arithmetic: Engine, columns: Sequence[Limbs], fold: int, point: int) -> int:
    vectors = [arithmetic.load(np.ascontiguousarray(limbs)) for limbs in columns]
    weights = [-pow(fold, power, MODULUS) for power in range(len(columns))]
    points = np.zeros((len(columns[0]), 4), dtype=np.uint64)
    points[:] = np.frombuffer(point.to_bytes(32, "little"), dtype="<u8")
    vectors.append(arithmetic.load(points))
    difference = arithmetic.linear_combination(vectors, [*weights, 1])
    return arithmetic.running_sum(arithmetic.inverse(difference))[1]


def _compiled() -> Engine | None:
    """Compiled arithmetic where it runs; a node can do without."""
    try:
        arithmetic = engine()
    except (ImportError, ZkrouteError):
        return None
    return None if arithmetic.name == "reference" else arithmetic


def integers(limbs: Limbs) -> list[int]:
    """The integers of canonical limbs of any width."""
    if limbs.shape[1] == 1:
        plain: list[int] = limbs[:, 0].tolist()
        return plain
    data = np.ascontiguousarray(limbs, dtype="<u8").tobytes()
    width = 8 * limbs.shape[1]
    return [
        int.from_bytes(data[start : start + width], "little")
        for start in range(0, len(data), width)
    ]
