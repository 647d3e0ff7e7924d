"""The nodes table: one row per slot, work in and work out (docs/tables/nodes.md)."""

from __future__ import annotations

from circuits.gadgets.range import require_range
from circuits.ir.circuit import Circuit, Term
from circuits.ir.expression import Expression
from circuits.ir.table import Kind, Table
from circuits.statement import Features, Shape
from zkroute.model.policy import Policy

NAME = "nodes"
WORK_BITS = 64


def add_nodes_table(
    circuit: Circuit, policy: Policy, features: Features, shape: Shape
) -> tuple[Term, ...]:
    """Declares the nodes table; returns its terms of the slices total."""
    table = circuit.table(NAME, shape.log_node_rows)
    exists = table.column("exists", Kind.PUBLIC, 1, "one where the slot holds an eligible node")
    slot = table.column("slot", Kind.PUBLIC, 12, "slot number; ties go to the lower one")
    segment = table.column("segment", Kind.PUBLIC, 8, "segment the node serves")
    base = table.column("base", Kind.PUBLIC, 64, "key of the idle node")
    slope = table.column("slope", Kind.PUBLIC, 24, "key added per unit of work")
    head = table.column("head", Kind.PUBLIC, 1, "one on the first node of each segment")
    threshold_weight = table.column(
        "threshold_weight", Kind.PUBLIC, 12, "head * (nodes of the segment) - exists"
    )
    slice_weight = table.column("slice_weight", Kind.PUBLIC, 254, "1 / (slice_node - slot)")

    work_before = table.column(
        "work_before", Kind.HEADER, WORK_BITS, "work at the end of the previous batch"
    )
    work_after = table.column("work_after", Kind.HEADER, WORK_BITS, "work at the end of this batch")
    work_in: Expression = work_before
    if features.drains:
        work_in = _drained(circuit, table, policy, shape, work_before)
    multiplicity = table.column(
        "multiplicity", Kind.WITNESS, shape.log_rows + 1, "number of orders sent to the node"
    )
    nonempty = table.column(
        "nonempty", Kind.WITNESS, 1, "on a head: one if its segment received orders"
    )
    threshold = table.column(
        "threshold",
        Kind.WITNESS,
        policy.widths.key_bits + shape.slot_bits + 1,
        "one above the composite of the segment's last choice; zero if there was none",
    )
    mask = table.column("mask", Kind.WITNESS, 254, "random, hides the slice digest", masked=True)

    composite_in = (base + slope * work_in) * shape.slots + slot
    composite_out = (base + slope * work_after) * shape.slots + slot
    table.gate("work stays where there is no eligible node", (1 - exists) * (work_after - work_in))
    table.gate("no orders are sent to an empty slot", (1 - exists) * multiplicity)
    table.gate("nonempty is zero or one", nonempty * (1 - nonempty))
    table.gate("nonempty is only said on a segment's head", (1 - head) * nonempty)
    table.gate("an empty segment has threshold zero", head * (1 - nonempty) * threshold)
    table.gate("an empty slot has threshold zero", (1 - exists) * threshold)
    require_range(
        circuit,
        table,
        "margin",
        exists * (composite_out - threshold),
        policy.widths.key_bits + shape.slot_bits,
        shape.limb_bits,
        exact=False,
    )

    label = (slot, segment, slope)
    circuit.send("path", table, (*label, composite_in), exists, "the node starts its path")
    circuit.receive("path", table, (*label, composite_out), exists, "the node ends its path")
    circuit.receive("node", table, label, multiplicity, "the node serves its orders")
    circuit.receive(
        "ends", table, (segment, threshold), nonempty, "one last choice of the segment arrives"
    )
    circuit.send(
        "threshold",
        table,
        (segment, threshold),
        threshold_weight,
        "every node of a segment holds its head's threshold",
    )
    return (Term(NAME, mask * slice_weight),)


def _drained(
    circuit: Circuit, table: Table, policy: Policy, shape: Shape, work_before: Expression
) -> Expression:
    """work_in = max(0, work_before - drain), by the sign of the difference.

    Work never reaches 2**key_bits, because a key is at least slope * work and slope at least one;
    so a drain capped just below that empties every queue (circuits/instance.py caps it).
    """
    drain = table.column("drain", Kind.PUBLIC, WORK_BITS, "work served since the previous batch")
    carried = table.column(
        "carried", Kind.WITNESS, 1, "one if the node had at least as much work as it drained"
    )
    work_in = table.column("work_in", Kind.WITNESS, WORK_BITS, "work at the start of this batch")
    difference = work_before - drain
    table.gate("carried is zero or one", carried * (1 - carried))
    table.gate("work in is what is left after draining, or zero", work_in - carried * difference)
    require_range(
        circuit,
        table,
        "drain_distance",
        (2 * carried - 1) * difference - (1 - carried),
        policy.widths.key_bits,
        shape.limb_bits,
        exact=False,
    )
    return work_in
