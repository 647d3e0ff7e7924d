"""Failures of the constraint checker in words about orders and nodes."""

from __future__ import annotations

from circuits.check import check_trace
from circuits.ir.check import Failure
from circuits.tables import lookup, nodes, orders
from prover.keygen import ProvingKey
from prover.prove import build_traces, instance_of
from prover.state import CommittedBatch
from prover.trace.limbs import to_integers
from zkroute.cli.batches import StoredBatch
from zkroute.errors import ExitCode, ZkrouteError
from zkroute.model.snapshot import Snapshot
from zkroute.routing.batch import HELD, PLACED, RoutedBatch

SHOWN = 20


class UnlawfulBatchError(ZkrouteError):
    """The batch breaks its policy's rules, so that no valid proof of it exists."""

    exit_code = ExitCode.INVALID_PROOF


def check_batch(proving_key: ProvingKey, stored: StoredBatch) -> None:
    """Every rule holds on every row of the batch's trace.

    Raises UnlawfulBatchError with a line for each failure, the first ``SHOWN`` of them.
    """
    batch = stored.committed
    instance = instance_of(proving_key.key.policy, stored.snapshot, batch.header)
    traces = build_traces(proving_key.circuit, instance, batch.opening, batch.routed)
    private = {
        (table, name): to_integers(limbs)
        for table, trace in traces.items()
        for name, limbs in trace.items()
    }
    failures = check_trace(proving_key.circuit, instance, private)
    if failures:
        raise UnlawfulBatchError(_sentence(failures, batch, stored.snapshot))


def _sentence(failures: list[Failure], batch: CommittedBatch, snapshot: Snapshot) -> str:
    lines = [f"{len(failures)} rules are broken; the batch cannot be proven"]
    lines += [f"  {in_words(failure, batch, snapshot)}" for failure in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"  and {len(failures) - SHOWN} more")
    return "\n".join(lines)


def in_words(failure: Failure, batch: CommittedBatch, snapshot: Snapshot) -> str:
    """Where, which rule, and the values it was looked at with."""
    values = ", ".join(f"{name} = {value}" for name, value in failure.values.items())
    return f"{_place(failure, batch, snapshot)}: {failure.rule} ({values})"


def _place(failure: Failure, batch: CommittedBatch, snapshot: Snapshot) -> str:
    """The order or node a row stands for."""
    row = failure.row
    if row < 0:
        return f"all {failure.table} together"
    if failure.table == orders.NAME:
        if row >= len(batch.routed):
            return f"orders row {row} (after the last order)"
        return f"orders row {row}, {_order(row, batch.routed, snapshot)}"
    if failure.table == nodes.NAME:
        return f"nodes slot {row}, {_node_name(row, snapshot)}"
    if failure.table == lookup.NAME:
        return f"lookup value {row}"
    return f"{failure.table} row {row}"


def _order(row: int, routed: RoutedBatch, snapshot: Snapshot) -> str:
    """Which order stands on a row, by its sequence number and own id, and what became of it."""
    name = routed.documents.describe(int(routed.source[row]), int(routed.sequence[row]))
    if routed.status[row] == PLACED:
        slot = int(routed.node[row])
        return f"{name} sent to slot {slot}, {_node_name(slot, snapshot)}"
    return f"{name} {'held' if routed.status[row] == HELD else 'rejected'}"


def _node_name(slot: int, snapshot: Snapshot) -> str:
    return snapshot.nodes[slot].name if slot < len(snapshot.nodes) else "no node"
