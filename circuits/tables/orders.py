"""The orders table: one row per order in processing order (docs/tables/orders.md)."""

from __future__ import annotations

from circuits.ir.circuit import Circuit, Term, Total
from circuits.ir.expression import Cell, Challenge, Claim, powers, promote
from circuits.ir.table import Kind
from circuits.statement import (
    PRIORITY_BITS,
    Features,
    Shape,
    composite_bits,
)
from circuits.tables.order_cells import OrderCells
from circuits.tables.order_cost import add_cost
from circuits.tables.order_placement import add_closing, add_statuses
from circuits.tables.order_risk import add_high_value, add_margin
from circuits.tables.order_shard import add_shard
from zkroute.model.policy import Policy
from zkroute.routing.batch import SEQUENCE_BITS

NAME = "orders"
CLASS_BITS = 16


def add_orders_table(
    circuit: Circuit, policy: Policy, features: Features, shape: Shape
) -> OrderCells:
    """Declares the orders table, its gates, and its part in every bus."""
    row = OrderCells(circuit, circuit.table(NAME, shape.log_rows), policy, features, shape)
    row.index = row.table.column("index", Kind.FIXED, shape.log_rows, "row number from zero")
    row.first_row = row.table.column("first_row", Kind.PUBLIC, 1, "one on row zero only")
    _declare_content(row)
    row.node = row.header("node", shape.slot_bits, "slot of the node it was sent to", content=False)
    row.active = row.witness("active", 1, "one where the row holds an order")
    row.last = row.witness("last", 1, "one on the last row of each group")
    _activity(row)
    row.zero_unless(row.active, "there is no order", *row.content)
    add_cost(row)
    add_margin(row)
    add_high_value(row)
    add_shard(row)
    _declare_places(row)
    add_statuses(row)
    _declare_choice(row)
    _bundles(row)
    _order_of_processing(row)
    _smallest_key(row)
    _route(row)
    _sequence(row)
    add_closing(row)
    return row


def _declare_content(row: OrderCells) -> None:
    features, widths = row.features, row.policy.widths
    row.sequence = row.header("sequence", SEQUENCE_BITS, "the order's sequence number")
    row.digest = row.header("digest", 248, "hash of the whole order document")
    if features.classes:
        row.order_class = row.header("class", CLASS_BITS, "index of the order's class")
    if features.sizes:
        row.size = row.header("size", widths.size_bits, "order size")
    if features.notional:
        row.price = row.header("price", widths.price_bits, "order price")
    if features.margins:
        row.margin = row.header("margin", widths.margin_bits, "margin behind the order")
    if features.shards:
        row.account = row.header("account", 64, "account number")
    if features.bundles:
        row.leg = row.header("leg", 1, "one if the order rides with the one before it")


def _activity(row: OrderCells) -> None:
    table, active, last, first_row = row.table, row.active, row.last, row.first_row
    table.gate("active is zero or one", active * (1 - active))
    table.gate("rows with orders come first", (1 - first_row.next) * active.next * (1 - active))
    table.gate("last is zero or one", last * (1 - last))
    table.gate("last only stands on a row with an order", last * (1 - active))
    table.gate("the last row of the table ends its group", first_row.next * row.follows)
    table.gate("an order that is not last is followed by an order", row.follows * (1 - active.next))


def _declare_places(row: OrderCells) -> None:
    """Group, primary segment and priority, where they can differ."""
    features = row.features
    row.segment = promote(min(features.primaries))
    if features.grouped:
        row.segment = row.witness("segment", 9, "segment that serves the order, held or rejected")
        row.table.gate(
            "the next row is in the same group unless this one is last",
            row.follows * (row.segment.next - row.segment),
        )
    row.primary = row.segment
    if features.statuses:
        row.primary = promote(min(features.primaries))
        if len(features.primaries) > 1:
            row.primary = row.witness("primary", 8, "segment the route table names")
    row.priority = promote(min(features.priorities))
    if features.prioritised:
        row.priority = row.witness("priority", PRIORITY_BITS, "processing priority, zero first")
    row.zero_unless(row.active, "there is no order", row.segment, row.priority)
    if row.primary is not row.segment:
        row.zero_unless(row.active, "there is no order", row.primary)


def _declare_choice(row: OrderCells) -> None:
    """The chosen node's slope and composite; zero where no node was chosen."""
    bits = composite_bits(row.policy, row.shape)
    row.slope = row.witness("slope", 24, "slope of the chosen node")
    row.composite = row.witness(
        "composite", bits, "key * slots + slot of the chosen node before this order"
    )
    row.zero_unless(row.placed, "no node was chosen", row.node, row.slope, row.composite)


def _bundles(row: OrderCells) -> None:
    """Legs stand right behind the order they ride with, and share its fate and its node."""
    row.leader_composite = row.composite
    if not row.features.bundles:
        return
    table, leg_next = row.table, row.leg.next
    row.leader_composite = row.witness(
        "leader_composite",
        composite_bits(row.policy, row.shape),
        "composite of the bundle's leader",
    )
    table.gate("leg is zero or one", row.leg * (1 - row.leg))
    table.gate("a leg is in its leader's group", leg_next * (1 - row.follows))
    table.gate(
        "a leg's sequence number is the next one", leg_next * (row.sequence.next - row.sequence - 1)
    )
    for shared in (row.priority, row.primary):
        if isinstance(shared, Cell) and shared is not row.segment:
            table.gate(
                f"a leg shares its leader's {shared.column}", leg_next * (shared.next - shared)
            )
    table.gate("a leg goes to its leader's node", leg_next * (row.node.next - row.node))
    after = row.composite + row.slope * row.cost * row.shape.slots
    table.gate("a leg follows at once", leg_next * (row.composite.next - after))
    leader = row.leader_composite
    table.gate("a leader's composite is its own", (1 - row.leg) * (leader - row.composite))
    table.gate("a leg carries its leader's composite", leg_next * (leader.next - leader))


def _order_of_processing(row: OrderCells) -> None:
    """Within a group, (priority, sequence) strictly increases from row to row."""
    # without carried orders, a batch's sequence numbers span at most 2**log_rows
    span = SEQUENCE_BITS if row.features.closes else row.shape.log_rows
    gap = row.sequence.next - row.sequence - 1
    bits = span
    if row.features.prioritised:
        gap = gap + (row.priority.next - row.priority) * (1 << span)
        bits += PRIORITY_BITS
    row.require_range("order_gap", row.follows * gap, bits, exact=False)


def _smallest_key(row: OrderCells) -> None:
    """Leaders' composites increase, and each node's composites form one path."""
    label = (row.node, row.segment, row.slope)
    circuit, table, placed = row.circuit, row.table, row.placed
    following = row.follows * (1 - row.leg.next)
    if row.features.statuses:
        following = following * placed
    row.require_range(
        "composite_gap",
        following * (row.composite.next - row.leader_composite - 1),
        composite_bits(row.policy, row.shape),
        exact=False,
    )
    circuit.send("node", table, label, placed, "the node exists, in this segment, with this slope")
    circuit.receive(
        "path", table, (*label, row.composite), placed, "the node's composite before this order"
    )
    after = row.composite + row.slope * row.cost * row.shape.slots
    circuit.send("path", table, (*label, after), placed, "the node's composite after this order")


def _route(row: OrderCells) -> None:
    if not row.features.routed:
        return
    row.circuit.send(
        "route",
        row.table,
        (
            row.order_class,
            row.high,
            row.short * row.maintenance,
            row.shard,
            row.primary,
            row.priority,
        ),
        row.active - row.leg,
        "the route table sends this order to this segment and priority",
    )


def _sequence(row: OrderCells) -> None:
    """New orders have the claimed sequence numbers; carried ones come from the last batch."""
    circuit, table = row.circuit, row.table
    arrived = row.active
    if row.features.closes:
        row.carried = row.flag("carried", "one if the order was held by the previous batch")
        if row.features.bundles:
            table.gate(
                "a leg arrived with its leader", row.leg.next * (row.carried.next - row.carried)
            )
        arrived = row.witness("arrived", 1, "one on as many rows as orders arrived")
        table.gate("arrived is zero or one", arrived * (1 - arrived))
        table.gate("arrivals come first", (1 - row.first_row.next) * arrived.next * (1 - arrived))
        circuit.receive(
            "carry_in", table, (row.sequence, row.digest), row.carried, "the order was held before"
        )
    circuit.send(
        "sequence", table, (row.sequence,), row.active - row.carried, "the order's sequence number"
    )
    circuit.receive(
        "sequence",
        table,
        (Claim("first_sequence") + row.index,),
        arrived,
        "the next sequence number of the batch",
    )
    circuit.totals.append(
        Total(
            "order_count",
            "the number of orders that arrived is the claimed one",
            (Term(NAME, arrived),),
            Claim("order_count"),
        )
    )


def slice_total(row: OrderCells, node_terms: tuple[Term, ...]) -> Total:
    """The slice digests are those of the committed rows (docs/tables/orders.md, slices)."""
    content = Challenge("slice_point") - powers(Challenge("slice_fold"), row.content)
    destination = Challenge("slice_node") - row.node
    return Total(
        "slices",
        "each node's slice digest sums exactly the orders sent to it and its mask",
        (Term(NAME, row.placed, content * destination), *node_terms),
        Claim("slice_digests"),
    )
