"""The orders table: one row per order in processing order (docs/tables/orders.md)."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.gadgets.range import require_range
from circuits.ir.circuit import Circuit, Term, Total
from circuits.ir.expression import Challenge, Claim, Expression, powers, promote
from circuits.ir.table import Kind, Table
from circuits.statement import SEQUENCE_BITS, Features, Shape
from zkroute.model.policy import Policy

NAME = "orders"


@dataclass(frozen=True)
class OrderRow:
    """Expressions of one order's row that other tables and the totals refer to."""

    content: tuple[Expression, ...]
    """What a settlement node and a trader check: the order as committed."""
    active: Expression
    node: Expression


def add_orders_table(
    circuit: Circuit, policy: Policy, features: Features, shape: Shape
) -> OrderRow:
    """Declares the orders table, its gates, and its part in every bus."""
    table = circuit.table(NAME, shape.log_rows)
    index = table.column("index", Kind.FIXED, shape.log_rows, "row number, counted from zero")
    first_row = table.column("first_row", Kind.PUBLIC, 1, "one on row zero only")

    sequence = table.column("sequence", Kind.HEADER, SEQUENCE_BITS, "the order's sequence number")
    digest = table.column("digest", Kind.HEADER, 248, "hash of the whole order document")
    content: list[Expression] = [sequence, digest]
    padded = [sequence, digest]
    order_class: Expression = promote(0)
    if features.classes:
        column = table.column("class", Kind.HEADER, 12, "index of the order's class")
        order_class = column
        content.append(column)
        padded.append(column)
    size = price = promote(1)
    if features.cost in ("size", "notional"):
        column = table.column("size", Kind.HEADER, policy.widths.size_bits, "order size")
        size = column
        content.append(column)
        padded.append(column)
    if features.cost == "notional":
        column = table.column("price", Kind.HEADER, policy.widths.price_bits, "order price")
        price = column
        content.append(column)
        padded.append(column)
    node = table.column("node", Kind.HEADER, shape.slot_bits, "slot of the node it was sent to")
    padded.append(node)

    active = table.column("active", Kind.WITNESS, 1, "one where the row holds an order")
    last = table.column("last", Kind.WITNESS, 1, "one on the last row of each segment")
    segment: Expression = promote(features.only_segment)
    if features.segments:
        column = table.column("segment", Kind.WITNESS, 8, "segment that serves the order")
        segment = column
        padded.append(column)
    priority: Expression = promote(features.only_priority)
    if features.priorities:
        column = table.column("priority", Kind.WITNESS, 8, "processing priority, zero first")
        priority = column
        padded.append(column)
    slope = table.column("slope", Kind.WITNESS, 24, "slope of the chosen node")
    composite = table.column(
        "composite",
        Kind.WITNESS,
        policy.widths.key_bits + shape.slot_bits,
        "key * slots + slot of the chosen node before this order",
    )
    padded += [slope, composite]

    _activity(table, active, last, first_row)
    for cell in padded:
        table.gate(f"{cell.column} is zero where there is no order", (1 - active) * cell)
    cost = _cost(circuit, table, policy, features, shape, active, size, price)

    follows = active - last
    if features.segments:
        table.gate(
            "the next row is in the same segment unless this one is last",
            follows * (segment.next - segment),
        )
    _order_of_processing(circuit, table, features, shape, follows, sequence, priority)
    gap_bits = policy.widths.key_bits + shape.slot_bits
    require_range(
        circuit,
        table,
        "composite_gap",
        follows * (composite.next - composite - 1),
        gap_bits,
        shape.limb_bits,
        exact=False,
    )

    if features.classes:
        circuit.send(
            "route",
            table,
            (order_class, segment, priority),
            active,
            "the route table sends this class to this segment and priority",
        )
    label = (node, segment, slope)
    circuit.send("node", table, label, active, "the node exists, in this segment, with this slope")
    circuit.receive(
        "path", table, (*label, composite), active, "the node's composite before this order"
    )
    after = composite + slope * cost * shape.slots
    circuit.send("path", table, (*label, after), active, "the node's composite after this order")
    circuit.send("sequence", table, (sequence,), active, "the order's sequence number")
    circuit.receive(
        "sequence",
        table,
        (Claim("first_sequence") + index,),
        active,
        "the next sequence number of the batch",
    )
    circuit.send(
        "ends", table, (segment, composite + 1), last, "where the last choice of the segment stood"
    )
    return OrderRow(tuple(content), active, node)


def _activity(table: Table, active: Expression, last: Expression, first_row: Expression) -> None:
    table.gate("active is zero or one", active * (1 - active))
    table.gate("rows with orders come first", (1 - first_row.next) * active.next * (1 - active))
    table.gate("last is zero or one", last * (1 - last))
    table.gate("last only stands on a row with an order", last * (1 - active))
    table.gate("the last row of the table ends its segment", first_row.next * (active - last))
    table.gate(
        "an order that is not last is followed by an order", (active - last) * (1 - active.next)
    )


def _cost(
    circuit: Circuit,
    table: Table,
    policy: Policy,
    features: Features,
    shape: Shape,
    active: Expression,
    size: Expression,
    price: Expression,
) -> Expression:
    """The work an order adds; at least one, below 2**cost_bits."""
    bits = policy.widths
    if features.cost == "unit":
        return promote(1)
    require_range(
        circuit, table, "size_less_one", size - active, bits.size_bits, shape.limb_bits, exact=True
    )
    if features.cost == "size":
        return size
    require_range(
        circuit,
        table,
        "price_less_one",
        price - active,
        bits.price_bits,
        shape.limb_bits,
        exact=True,
    )
    cost = table.column("cost", Kind.WITNESS, bits.cost_bits, "notional in units, rounded up")
    require_range(
        circuit, table, "cost_less_one", cost - active, bits.cost_bits, shape.limb_bits, exact=True
    )
    unit = policy.cost.unit
    excess = cost * unit - size * price
    if unit == 1:
        table.gate("cost is size times price", excess)
        return cost
    unit_bits = (unit - 1).bit_length()
    require_range(circuit, table, "rounding", excess, unit_bits, shape.limb_bits, exact=True)
    if unit != 1 << unit_bits:
        room = active * (unit - 1) - excess
        require_range(circuit, table, "rounding_room", room, unit_bits, shape.limb_bits, exact=True)
    return cost


def _order_of_processing(
    circuit: Circuit,
    table: Table,
    features: Features,
    shape: Shape,
    follows: Expression,
    sequence: Expression,
    priority: Expression,
) -> None:
    """Within a segment, (priority, sequence) strictly increases from row to row."""
    gap = sequence.next - sequence - 1
    bits = shape.log_rows
    if features.priorities:
        # sequence numbers of one batch span at most 2**log_rows, so this is lexicographic
        step = priority.next - priority
        gap = gap + step * (1 << shape.log_rows)
        bits += 8
    require_range(circuit, table, "order_gap", follows * gap, bits, shape.limb_bits, exact=False)


def order_count_total(row: OrderRow) -> Total:
    """As many rows hold an order as the header says."""
    return Total(
        "order_count",
        "the number of orders is the claimed one",
        (Term(NAME, row.active),),
        Claim("order_count"),
    )


def slice_total(row: OrderRow, node_terms: tuple[Term, ...]) -> Total:
    """The slice digests are those of the committed rows (docs/tables/orders.md, slices)."""
    content = Challenge("slice_point") - powers(Challenge("slice_fold"), row.content)
    destination = Challenge("slice_node") - row.node
    return Total(
        "slices",
        "each node's slice digest sums exactly the orders sent to it and its mask",
        (Term(NAME, row.active, content * destination), *node_terms),
        Claim("slice_digests"),
    )
