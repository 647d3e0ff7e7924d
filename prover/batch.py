"""Committing to a routed batch: the header for everyone, the opening for the prover alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from circuits.instance import Figures
from circuits.routing import RoutingCircuit
from circuits.tables import carry, nodes
from prover.blinding import blinding_count, random_scalars
from prover.commit import BlindedColumn
from prover.keygen import ProvingKey
from prover.state import CommittedBatch, Opening, Place, WorkState
from prover.trace.carry import carry_columns
from prover.trace.limbs import Trace, from_integers
from prover.trace.orders import order_columns
from zkroute.algebra.engine import Column
from zkroute.algebra.groups import PointG1
from zkroute.algebra.scalars import random_scalar
from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import Orders
from zkroute.model.policy import Policy
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import HEADER_VERSION, NO_PARENT, Header
from zkroute.protocol.slices import content_rows, merkle_root, slice_commitments
from zkroute.routing.batch import PLACED, RoutedBatch
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

Signer = Callable[[bytes], bytes]
"""Signs a message with the router's Ed25519 key."""


def commit_batch(
    proving_key: ProvingKey,
    snapshot: Snapshot,
    arriving: Orders,
    place: Place,
    router: bytes,
    sign: Signer,
    intake: bytes = bytes(32),
) -> CommittedBatch:
    """Routes the orders that arrived, and those held before, and commits to the outcome.

    Raises UsageError where the batch exceeds a limit, MismatchError where snapshot and policy
    do not fit, or snapshot and key.
    """
    circuit, policy = proving_key.circuit, proving_key.key.policy
    if len(snapshot.nodes) != proving_key.key.nodes:
        raise MismatchError(
            f"the snapshot has {len(snapshot.nodes)} nodes and the key is for "
            f"{proving_key.key.nodes}; derive a key for these nodes, or mark nodes as down instead "
            "of leaving them out"
        )
    before = place.state or first_state(proving_key)
    _require_room(proving_key, len(arriving), before)
    elapsed, parent = _elapsed(place), place.parent
    routed = route_next(policy, snapshot, arriving, place)
    columns = order_columns(circuit, routed)
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
        carry=policy.carry or 0,
        first_sequence=place.first_sequence,
        order_count=len(arriving),
        time_ms=place.time_ms,
        elapsed_ms=elapsed,
        columns=tuple(_commit_orders(proving_key, columns, opening)),
        work_before=parent.work_after if parent else None,
        work_after=_commit_work(proving_key, opening.after),
        slices=_slices_root(circuit, columns, opening, routed),
        router=router,
        intake=intake,
        carry_before=parent.carry_after if parent else (None,) * len(opening.after.carry_blinding),
        carry_after=tuple(_commit_carry(proving_key, opening.after)),
        figures=figures_of(proving_key, routed),
    )
    return CommittedBatch(header.signed(sign(header.signed_message)), opening, arriving, routed)


def route_next(policy: Policy, snapshot: Snapshot, arriving: Orders, place: Place) -> RoutedBatch:
    """The routing of the orders that arrived, and of those held before, in their place.

    Raises BatchLimitError where fewer orders or a later time could make a batch, UsageError and
    MismatchError as ``route`` does.
    """
    state = place.state
    return route(
        policy,
        node_parameters(policy, snapshot, _elapsed(place)),
        state.work if state else (0,) * policy.slots,
        arriving,
        first_sequence=place.first_sequence,
        carried=state.held if state else None,
    )


def first_state(proving_key: ProvingKey) -> WorkState:
    """The state before a chain's first batch: no work, nothing held, nothing hidden."""
    columns = len(carry.ENTRY) if proving_key.circuit.features.closes else 0
    return WorkState((0,) * proving_key.circuit.shape.slots, (), None, ((),) * columns)


def figures_of(proving_key: ProvingKey, routed: RoutedBatch) -> Figures:
    """What the policy publishes about a routed batch."""
    publish, listed = proving_key.key.policy.publish, proving_key.key.nodes
    placed = routed.node[routed.status == 0]
    counts = tuple(np.bincount(placed, minlength=listed).tolist())
    return Figures(
        counts=counts if publish.counts else (),
        loads=tuple(routed.work_out[:listed]) if publish.loads else (),
        herfindahl=sum(count * count for count in counts) if publish.herfindahl else None,
        max_count=max(counts) if publish.max_count else None,
        placed_count=len(placed) if publish.max_share_percent is not None else None,
    )


def _require_room(proving_key: ProvingKey, arriving: int, before: WorkState) -> None:
    rows = 1 << proving_key.circuit.shape.log_rows
    held = len(before.held.sequence) if before.held else 0
    if arriving + held > rows:
        also = f" and {held} held ones" if held else ""
        raise UsageError(f"{arriving} orders{also} do not fit the key's row class of {rows}")


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
    circuit = proving_key.circuit
    held = routed.held()

    def blinding(table: str, column: str) -> tuple[int, ...]:
        specification = circuit.lowered.circuit.specification(table, column)
        return tuple(random_scalars(blinding_count(circuit.lowered, specification)))

    return Opening(
        order_blinding=tuple(
            blinding(column.table, column.name) for column in circuit.order_columns
        ),
        before=before,
        after=WorkState(
            tuple(routed.work_out),
            blinding(nodes.NAME, "work_after"),
            held if len(held.sequence) else None,
            tuple(
                blinding(carry.NAME, f"{name}_after")
                for name in carry.ENTRY
                if circuit.features.closes
            ),
        ),
        masks=tuple(random_scalar() for _ in range(proving_key.key.nodes)),
        salts=tuple(secrets.token_bytes(32) for _ in range(circuit.shape.slots)),
    )


def _commit(
    proving_key: ProvingKey,
    table: str,
    columns: Mapping[str, Column],
    blinding: Sequence[Sequence[int]],
) -> list[PointG1]:
    log_rows = proving_key.circuit.lowered.circuit.tables[table].log_rows
    return proving_key.committer.columns(
        [
            BlindedColumn(column, log_rows, tuple(scalars))
            for column, scalars in zip(columns.values(), blinding, strict=True)
        ]
    )


def _commit_orders(proving_key: ProvingKey, columns: Trace, opening: Opening) -> list[PointG1]:
    declared = proving_key.circuit.order_columns
    chosen = {column.name: Column(columns[column.name], column.bits) for column in declared}
    return _commit(proving_key, declared[0].table, chosen, opening.order_blinding)


def _commit_work(proving_key: ProvingKey, state: WorkState) -> PointG1:
    work = from_integers(state.work, 1 << proving_key.circuit.shape.log_node_rows)
    column = {"work_after": Column(work, nodes.WORK_BITS)}
    return _commit(proving_key, nodes.NAME, column, [state.blinding])[0]


def _commit_carry(proving_key: ProvingKey, state: WorkState) -> list[PointG1]:
    circuit = proving_key.circuit
    if not circuit.features.closes:
        return []
    declared = circuit.lowered.circuit.tables[carry.NAME].columns
    columns = {
        name: Column(limbs, declared[name].bits)
        for name, limbs in carry_columns(circuit, state.held, "after").items()
    }
    return _commit(proving_key, carry.NAME, columns, state.carry_blinding)


def _slices_root(
    circuit: RoutingCircuit, columns: Trace, opening: Opening, routed: RoutedBatch
) -> bytes:
    """Merkle root over every slot's slice commitment."""
    rows = _slice_rows(circuit, columns, routed)
    return merkle_root(slice_commitments(rows, opening.salts, opening.masks))


def _slice_rows(circuit: RoutingCircuit, columns: Trace, routed: RoutedBatch) -> list[bytes]:
    """Each slot's content rows, in processing order."""
    placed = np.flatnonzero(routed.status == PLACED)
    node = columns["node"][placed, 0]
    arranged = placed[np.argsort(node, kind="stable")]
    rows = content_rows([columns[name][arranged] for name in circuit.content_names])
    width = 32 * len(circuit.content_names)
    bounds = np.searchsorted(np.sort(node), np.arange(circuit.shape.slots + 1))
    return [rows[low * width : high * width] for low, high in pairwise(bounds.tolist())]
