"""Where each segment ended, and whether it closed; kept on the segment's head row."""

from __future__ import annotations

from circuits.ir.expression import Expression, product
from circuits.statement import composite_bits, cumulative_bits
from circuits.tables.node_cells import NodeCells
from circuits.tables.order_placement import SORT_KEY_BITS


def add_segment_ends(node: NodeCells) -> None:
    """The head receives the segment's last choice and every node holds its threshold."""
    table, head, nonempty = node.table, node.head, node.nonempty
    table.gate("nonempty is zero or one", nonempty * (1 - nonempty))
    table.gate("nonempty is only said on a segment's head", (1 - head) * nonempty)
    table.gate("an empty segment has threshold zero", head * (1 - nonempty) * node.threshold)
    table.gate("an empty slot has threshold zero", (1 - node.exists) * node.threshold)
    shared = [node.segment, node.threshold]
    end = [node.segment, node.threshold]
    if node.features.closes:
        bound = node.witness("bound", SORT_KEY_BITS + 1, "one above the segment's last sort key")
        table.gate("only a segment that received orders has a bound", (1 - nonempty) * bound)
        end.append(bound)
        closed: list[Expression] = []
        if node.features.saturates:
            saturated = _saturation(node)
            shared.append(saturated)
            closed.append(saturated)
        if node.features.breaks:
            tripped, costs = _breaker(node)
            end += costs
            closed.append(tripped)
        _displacement(node, bound, product(1 - reason for reason in closed))
    node.circuit.receive(
        "ends", table, tuple(end), nonempty, "one last choice of the segment arrives"
    )
    weight = node.public("threshold_weight", 254, "head * (nodes of the segment) - exists")
    node.circuit.send(
        "threshold", table, tuple(shared), weight, "every node of a segment agrees with its head"
    )


def _displacement(node: NodeCells, bound: Expression, is_open: Expression) -> None:
    """Answers the orders that a closed segment displaced; an open one displaces none."""
    circuit, table = node.circuit, node.table
    onward = node.public("onward", 9, "where the segment sends orders once it closed")
    displaced = node.witness("displaced", 21, "number of orders the segment displaced")
    table.gate("only heads displace", (1 - node.head) * displaced)
    table.gate("an open segment displaces no order", displaced * is_open)
    circuit.receive(
        "closing", table, (node.segment, onward, bound), displaced, "the segment displaces orders"
    )
    if node.features.overflows:
        again = node.witness("displaced_again", 21, "number of overflowing orders it held up")
        table.gate("only heads hold up", (1 - node.head) * again)
        table.gate("an open segment holds up no order", again * is_open)
        circuit.receive(
            "closing_again", table, (node.segment, bound), again, "the segment holds up orders"
        )


def _saturation(node: NodeCells) -> Expression:
    """Saturated: every final key reached the ceiling. The last leader saw a smaller one."""
    table = node.table
    saturated = node.witness("saturated", 1, "one if all keys of its segment reached the ceiling")
    may_saturate = node.public("may_saturate", 1, "one where the segment has a ceiling")
    ceiling = node.public("ceiling", 77, "the segment's saturation threshold * slots")
    table.gate("saturated is zero or one", saturated * (1 - saturated))
    table.gate("only a segment with a ceiling saturates", saturated * (1 - may_saturate))
    bits = composite_bits(node.policy, node.shape)
    node.require_range("saturation", saturated * (node.composite_out - ceiling), bits)
    room = node.nonempty * may_saturate * (ceiling - node.threshold)
    node.require_range("saturation_room", room, bits)
    return saturated


def _breaker(node: NodeCells) -> tuple[Expression, list[Expression]]:
    """Tripped: the final cost reached the limit. The last leader saw a smaller one."""
    table = node.table
    bits = cumulative_bits(node.policy, node.shape)
    tripped = node.witness("tripped", 1, "one if the segment's breaker closed it")
    may_trip = node.public("may_trip", 1, "one on the head of a segment with a breaker")
    limit = node.public("limit", bits, "the segment's breaker limit")
    before = node.witness("cost_before", bits, "segment cost before its last leader")
    after = node.witness("cost_after", bits + 1, "segment cost after its last order")
    table.gate("tripped is zero or one", tripped * (1 - tripped))
    table.gate("only a segment with a breaker trips", tripped * (1 - may_trip))
    table.gate("an empty segment has no cost before", (1 - node.nonempty) * before)
    table.gate("an empty segment has no cost after", (1 - node.nonempty) * after)
    node.require_range("breaker", tripped * (after - limit), bits)
    room = node.nonempty * may_trip * (limit - 1 - before)
    node.require_range("breaker_room", room, bits)
    return tripped, [before, after]
