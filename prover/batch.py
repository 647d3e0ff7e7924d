"""Committing to a routed batch: the header for everyone, the opening for the prover alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from circuits.tables import nodes
from prover.blinding import blinding_count, random_scalars
from prover.commit import BlindedColumn
from prover.keygen import ProvingKey
from prover.trace.limbs import Trace, from_integers
from prover.trace.orders import order_columns
from zkroute.algebra.engine import Column
from zkroute.algebra.groups import PointG1
from zkroute.algebra.scalars import random_scalar
from zkroute.errors import UsageError
from zkroute.model.order import Orders
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import HEADER_VERSION, NO_PARENT, Header
from zkroute.protocol.slices import merkle_root, slice_commitment
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import RoutedBatch, route

Signer = Callable[[bytes], bytes]
"""Signs a message with the router's Ed25519 key."""


@dataclass(frozen=True)
class WorkState:
    """Each slot's work at a batch's end, and the blinding of its commitment; private."""

    work: tuple[int, ...]
    blinding: tuple[int, ...]


@dataclass(frozen=True)
class Opening:
    """What opens a header's commitments; private to the router."""

    order_blinding: tuple[tuple[int, ...], ...]
    """One tuple of scalars per order column."""
    before: WorkState
    after: WorkState
    masks: tuple[int, ...]
    """One scalar per node: hides its slice digest."""
    salts: tuple[bytes, ...]
    """32 bytes per slot: hide its slice commitment."""


@dataclass(frozen=True)
class CommittedBatch:
    """A routed batch with its signed header and the secrets that open it."""

    header: Header
    opening: Opening
    orders: Orders
    routed: RoutedBatch


@dataclass(frozen=True)
class Place:
    """Where a batch stands in its chain."""

    parent: Header | None
    state: WorkState | None
    """The parent's ``after``; None exactly for the first batch."""
    time_ms: int


def commit_batch(
    proving_key: ProvingKey,
    snapshot: Snapshot,
    orders_in: Orders,
    place: Place,
    router: bytes,
    sign: Signer,
) -> CommittedBatch:
    """Routes the orders and commits to the outcome.

    Raises UsageError where the batch exceeds a limit, MismatchError where snapshot and policy
    do not fit.
    """
    circuit, policy = proving_key.circuit, proving_key.key.policy
    if len(orders_in) > 1 << circuit.shape.log_rows:
        raise UsageError(
            f"{len(orders_in)} orders do not fit the key's row class of "
            f"{1 << circuit.shape.log_rows}"
        )
    elapsed = _elapsed(place)
    before = place.state or WorkState((0,) * policy.slots, ())
    parameters = node_parameters(policy, snapshot, elapsed)
    routed = route(policy, parameters, before.work, orders_in)
    parent = place.parent
    first = parent.first_sequence + parent.order_count if parent else 0
    columns = order_columns(circuit, orders_in, routed, first)
    opening = _draw_opening(proving_key, before, routed)
    header = Header(
        version=HEADER_VERSION,
        chain=policy.chain,
        batch=parent.batch + 1 if parent else 0,
        previous=parent.digest if parent else NO_PARENT,
        key=proving_key.key.digest,
        policy=policy.digest,
        snapshot=snapshot.digest,
        srs=proving_key.key.srs,
        log_rows=circuit.shape.log_rows,
        slots=policy.slots,
        first_sequence=first,
        order_count=len(orders_in),
        time_ms=place.time_ms,
        elapsed_ms=elapsed,
        columns=tuple(_commit_orders(proving_key, columns, opening)),
        work_before=parent.work_after if parent else None,
        work_after=_commit_work(proving_key, opening.after),
        slices=slices_root(proving_key, columns, opening, len(orders_in)),
        router=router,
    )
    return CommittedBatch(header.signed(sign(header.signed_message)), opening, orders_in, routed)


def _elapsed(place: Place) -> int:
    if place.parent is None:
        return 0
    elapsed = place.time_ms - place.parent.time_ms
    if elapsed < 0:
        raise UsageError(
            f"the batch's time {place.time_ms} ms lies before its parent's "
            f"{place.parent.time_ms} ms"
        )
    return elapsed


def _draw_opening(proving_key: ProvingKey, before: WorkState, routed: RoutedBatch) -> Opening:
    circuit, lowered = proving_key.circuit, proving_key.circuit.lowered
    work_after = lowered.circuit.specification(nodes.NAME, "work_after")
    return Opening(
        order_blinding=tuple(
            tuple(random_scalars(blinding_count(lowered, column)))
            for column in circuit.order_columns
        ),
        before=before,
        after=WorkState(
            tuple(routed.work_out), tuple(random_scalars(blinding_count(lowered, work_after)))
        ),
        masks=tuple(random_scalar() for _ in range(proving_key.key.nodes)),
        salts=tuple(secrets.token_bytes(32) for _ in range(circuit.shape.slots)),
    )


def _commit_orders(proving_key: ProvingKey, columns: Trace, opening: Opening) -> list[PointG1]:
    return proving_key.committer.columns(
        [
            BlindedColumn(
                Column(columns[column.name], column.bits),
                proving_key.circuit.shape.log_rows,
                blinding,
            )
            for column, blinding in zip(
                proving_key.circuit.order_columns, opening.order_blinding, strict=True
            )
        ]
    )


def _commit_work(proving_key: ProvingKey, state: WorkState) -> PointG1:
    log_rows = proving_key.circuit.shape.log_node_rows
    column = Column(from_integers(state.work, 1 << log_rows), nodes.WORK_BITS)
    return proving_key.committer.columns([BlindedColumn(column, log_rows, state.blinding)])[0]


def slices_root(proving_key: ProvingKey, columns: Trace, opening: Opening, count: int) -> bytes:
    """Merkle root over every slot's slice commitment."""
    masks = [*opening.masks, *[0] * (len(opening.salts) - len(opening.masks))]
    rows = slice_rows(proving_key, columns, count)
    return merkle_root(
        [
            slice_commitment(slot, salt, mask, rows[slot])
            for slot, (salt, mask) in enumerate(zip(opening.salts, masks, strict=True))
        ]
    )


def slice_rows(proving_key: ProvingKey, columns: Trace, count: int) -> list[bytes]:
    """Each slot's rows: 32 big-endian bytes per content column, rows in processing order."""
    names = [column.name for column in proving_key.circuit.order_columns if column.name != "node"]
    cells = np.zeros((count, len(names), 4), dtype=">u8")
    for position, name in enumerate(names):
        limbs = columns[name][:count]
        cells[:, position, 4 - limbs.shape[1] :] = limbs[:, ::-1]
    node = columns["node"][:count, 0]
    arranged = cells[np.argsort(node, kind="stable")]
    bounds = np.searchsorted(np.sort(node), np.arange(proving_key.circuit.shape.slots + 1))
    return [arranged[low:high].tobytes() for low, high in pairwise(bounds)]
