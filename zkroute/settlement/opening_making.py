"""The router's side of openings: the points that prove values of columns at chosen rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from zkroute.algebra.engine import Limbs, Vector
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import UsageError
from zkroute.formats.inclusion import MAX_ROWS, NODES, ORDERS, Opening, log_rows, openable
from zkroute.settlement.openings import (
    domain_points,
    draw_fold,
    draw_point,
    folded,
    interpolated_at,
    powers,
)
from zkroute.settlement.slices import integers

if TYPE_CHECKING:
    # whoever checks openings must not load the prover
    from prover.keygen import ProvingKey
    from prover.state import CommittedBatch


def open_orders(
    proving_key: ProvingKey,
    batch: CommittedBatch,
    sequence: Sequence[int],
    columns: Sequence[str] | None = None,
) -> Opening:
    """An opening of these orders' rows: their sequence numbers, digests and other ``columns``.

    Without ``columns`` all that the trader knows anyway, which is all but the node. A sequence
    number may stand for an order that the batch took over from the one before it.

    Raises UsageError for a number that is not in the batch or a column that is not committed.
    """
    place = {number: row for row, number in enumerate(batch.routed.sequence.tolist())}
    missing = [number for number in sequence if number not in place]
    if missing:
        raise UsageError(f"batch {batch.header.batch} has no order with sequence {missing[0]}")
    available = openable(proving_key.key, ORDERS)
    wanted = {"sequence", "digest", *(available if columns is None else columns)}
    if columns is None:
        wanted.discard("node")
    unknown = wanted - available.keys()
    if unknown:
        raise UsageError(
            f"the batch commits to no column {min(unknown)!r}; it has {', '.join(available)}"
        )
    rows = sorted({place[number] for number in sequence})
    return _open(proving_key, batch, ORDERS, [name for name in available if name in wanted], rows)


def open_nodes(proving_key: ProvingKey, batch: CommittedBatch, slots: Sequence[int]) -> Opening:
    """An opening of the work that these slots had before and after the batch."""
    if any(not 0 <= slot < proving_key.key.nodes for slot in slots):
        raise UsageError("the batch has no such node")
    names = list(openable(proving_key.key, NODES))
    return _open(proving_key, batch, NODES, names, sorted(set(slots)))


def _open(
    proving_key: ProvingKey,
    batch: CommittedBatch,
    table: str,
    names: Sequence[str],
    rows: Sequence[int],
) -> Opening:
    if not 0 < len(rows) <= MAX_ROWS:
        raise UsageError(f"an opening has 1 to {MAX_ROWS} rows, not {len(rows)}")
    key, engine = proving_key.key, proving_key.engine
    committed = _columns(proving_key, batch, table)
    cells = [committed[name][0] for name in names]
    values = zip(*(integers(limbs[np.array(rows)]) for limbs in cells), strict=True)
    opening = Opening(batch.header.digest, table, tuple(names), tuple(rows), tuple(values), ())
    transcript, fold = draw_fold(key, batch.header, opening)
    weights = powers(fold, len(names))
    polynomial = _blinded(proving_key, [committed[name] for name in names], weights, table)
    points = domain_points(key, table, rows)
    quotient = polynomial
    for point in points:
        # the remainders are dropped: they are the interpolation of the values
        quotient = engine.divide_by_linear(quotient, point)
    commit = proving_key.committer.coefficients
    proof = commit([quotient])
    if len(points) > 1:
        point = draw_point(transcript, proof[0])
        opened = [folded(row, weights) for row in opening.values]
        vanishing, _ = interpolated_at(points, opened, point)
        rest = engine.linear_combination([polynomial, quotient], [1, -vanishing])
        proof += commit([engine.divide_by_linear(rest, point)])
    return replace(opening, proof=tuple(proof))


def _columns(
    proving_key: ProvingKey, batch: CommittedBatch, table: str
) -> dict[str, tuple[Limbs, Sequence[int]]]:
    """Column name to its values and blinding, as the header commits to them."""
    from prover.trace.limbs import from_integers  # noqa: PLC0415  the prover, only where one proves
    from prover.trace.orders import order_columns  # noqa: PLC0415

    opening = batch.opening
    if table == NODES:
        count = 1 << log_rows(proving_key.key, NODES)
        return {
            "work_before": (
                from_integers(opening.before.work, count),
                opening.before.blinding,
            ),
            "work_after": (from_integers(opening.after.work, count), opening.after.blinding),
        }
    values = order_columns(proving_key.circuit, batch.routed)
    names = [column.name for column in proving_key.circuit.order_columns]
    return {
        name: (values[name], blinding)
        for name, blinding in zip(names, opening.order_blinding, strict=True)
    }


def _blinded(
    proving_key: ProvingKey,
    columns: Sequence[tuple[Limbs, Sequence[int]]],
    weights: Sequence[int],
    table: str,
) -> Vector:
    """Coefficients of the weighted sum of the columns, their blinding included."""
    from prover.commit import blinded_coefficients  # noqa: PLC0415  the prover, where one proves

    engine = proving_key.engine
    vectors = [engine.load(np.ascontiguousarray(limbs)) for limbs, _ in columns]
    combined = engine.linear_combination(vectors, list(weights))
    width = max(len(blinding) for _, blinding in columns)
    blinds = [0] * width
    for (_, blinding), weight in zip(columns, weights, strict=True):
        for position, scalar in enumerate(blinding):
            blinds[position] = (blinds[position] + weight * scalar) % MODULUS
    return blinded_coefficients(engine, [combined], [blinds])[0]
