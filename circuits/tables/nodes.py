"""The nodes table: one row per slot, work in and work out (docs/tables/nodes.md)."""

from __future__ import annotations

from circuits.ir.circuit import Circuit, Term
from circuits.ir.expression import Expression
from circuits.ir.table import Kind
from circuits.statement import Features, Shape, composite_bits
from circuits.tables.node_cells import NodeCells
from circuits.tables.node_closing import add_segment_ends
from circuits.tables.node_figures import add_figures
from zkroute.model.policy import Policy

NAME = "nodes"
WORK_BITS = 64


def add_nodes_table(
    circuit: Circuit, policy: Policy, features: Features, shape: Shape
) -> tuple[Term, ...]:
    """Declares the nodes table; returns its terms of the slices total."""
    node = _declare(circuit, policy, features, shape)
    table = node.table
    table.gate(
        "work stays where there is no eligible node",
        (1 - node.exists) * (node.work_after - node.work_in),
    )
    table.gate("no orders are sent to an empty slot", (1 - node.exists) * node.multiplicity)
    node.require_range(
        "margin",
        node.exists * (node.composite_out - node.threshold),
        composite_bits(policy, shape),
    )
    label = (node.slot, node.segment, node.slope)
    circuit.send(
        "path", table, (*label, node.composite_in), node.exists, "the node starts its path"
    )
    circuit.receive(
        "path", table, (*label, node.composite_out), node.exists, "the node ends its path"
    )
    circuit.receive("node", table, label, node.multiplicity, "the node serves its orders")
    add_segment_ends(node)
    add_figures(node)
    slice_weight = node.public("slice_weight", 254, "1 / (slice_node - slot)")
    mask = table.column("mask", Kind.WITNESS, 254, "random, hides the slice digest", masked=True)
    return (Term(NAME, mask * slice_weight),)


def _declare(circuit: Circuit, policy: Policy, features: Features, shape: Shape) -> NodeCells:
    table = circuit.table(NAME, shape.log_node_rows)
    node = NodeCells(circuit, table, policy, features, shape)
    node.exists = node.public("exists", 1, "one where the slot holds an eligible node")
    node.slot = node.public("slot", 12, "slot number; ties go to the lower one")
    node.segment = node.public("segment", 8, "segment the node serves")
    node.base = node.public("base", 64, "key of the idle node")
    node.slope = node.public("slope", 24, "key added per unit of work")
    node.head = node.public("head", 1, "one on the first eligible node of each segment")
    node.work_before = table.column(
        "work_before", Kind.HEADER, WORK_BITS, "work at the end of the previous batch"
    )
    node.work_after = table.column(
        "work_after", Kind.HEADER, WORK_BITS, "work at the end of this batch"
    )
    node.work_in = _drained(node) if features.drains else node.work_before
    node.multiplicity = node.witness(
        "multiplicity", shape.log_rows + 1, "number of orders sent to the node"
    )
    node.nonempty = node.witness("nonempty", 1, "on a head: one if its segment received orders")
    node.threshold = node.witness(
        "threshold",
        composite_bits(policy, shape) + 1,
        "one above the composite of the segment's last choice; zero if there was none",
    )
    return node


def _drained(node: NodeCells) -> Expression:
    """work_in = max(0, work_before - drain), by the sign of the difference.

    The published rule caps a drain below 2**key_bits (zkroute/routing/parameters.py); an honest
    router's work stays below that too, so the distance fits the check.
    """
    drain = node.public("drain", WORK_BITS, "work served since the previous batch")
    carried = node.witness("carried", 1, "one if the node had at least the work it drained")
    work_in = node.witness("work_in", WORK_BITS, "work at the start of this batch")
    difference = node.work_before - drain
    node.table.gate("carried is zero or one", carried * (1 - carried))
    node.table.gate(
        "work in is what is left after draining, or zero", work_in - carried * difference
    )
    node.require_range(
        "drain_distance",
        (2 * carried - 1) * difference - (1 - carried),
        node.policy.widths.key_bits,
    )
    return work_in
