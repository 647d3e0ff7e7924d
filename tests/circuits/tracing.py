"""From an oracle's case to a trace and the checker's verdict, without keys or proofs."""

from __future__ import annotations

from circuits.check import check_trace
from circuits.instance import Figures, Instance
from circuits.ir.check import Failure
from circuits.routing import RoutingCircuit, routing_circuit
from circuits.statement import smallest_log_rows
from prover.prove import Traces, build_traces
from prover.state import Opening, WorkState
from prover.trace.limbs import to_integers
from tests.oracle.documents import carried_of, policy_of, snapshot_of
from zkroute.algebra.scalars import random_scalar
from zkroute.model.policy import Policy
from zkroute.routing.batch import RoutedBatch
from zkroute.routing.parameters import node_parameters


def circuit_of(policy: Policy, rows: int) -> RoutingCircuit:
    return routing_circuit(policy, smallest_log_rows(policy, rows))


def figures_of(policy: Policy, nodes: int, routed: RoutedBatch) -> Figures:
    placed = routed.node[routed.status == 0].tolist()
    counts = tuple(placed.count(node) for node in range(nodes))
    publish = policy.publish
    return Figures(
        counts=counts if publish.counts else (),
        loads=tuple(routed.work_out[:nodes]) if publish.loads else (),
        herfindahl=sum(count**2 for count in counts) if publish.herfindahl else None,
        max_count=max(counts) if publish.max_count else None,
        placed_count=len(placed) if publish.max_share_percent is not None else None,
    )


def traced(case: dict, routed: RoutedBatch) -> tuple[RoutingCircuit, Instance, Traces]:
    """The circuit of a case's policy, its instance, and the honest trace of a routed batch."""
    policy, snapshot = policy_of(case), snapshot_of(case)
    circuit = circuit_of(policy, len(routed))
    instance = Instance(
        policy,
        node_parameters(policy, snapshot, case["elapsed_ms"]),
        case["first_sequence"],
        len(case["orders"]),
        figures_of(policy, len(snapshot.nodes), routed),
    )
    carried = carried_of(policy, case["carried"]) if case["carried"] else None
    if carried is not None:
        # the same documents as in the routed batch: salts are drawn anew at every call
        count = len(carried)
        carried = type(carried)(routed.documents.take(slice(0, count)), carried.sequence)
    held = routed.held()
    opening = Opening(
        order_blinding=(),
        before=WorkState(tuple(case["work_before"]), (), carried),
        after=WorkState(tuple(routed.work_out), (), held if len(held) else None),
        masks=tuple(random_scalar() for _ in snapshot.nodes),
        salts=(),
    )
    return circuit, instance, build_traces(circuit, instance, opening, routed)


def verdict_of(circuit: RoutingCircuit, instance: Instance, traces: Traces) -> list[Failure]:
    private = {
        (table, name): to_integers(limbs)
        for table, trace in traces.items()
        for name, limbs in trace.items()
    }
    return check_trace(circuit, instance, private)
