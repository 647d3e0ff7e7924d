"""Where an order may stand: its primary segment, an overflow segment, held, or rejected."""

from __future__ import annotations

from circuits.ir.expression import Expression, promote
from circuits.statement import PRIORITY_BITS, cumulative_bits
from circuits.tables.order_cells import OrderCells
from zkroute.routing.batch import SEQUENCE_BITS

SORT_KEY_BITS = PRIORITY_BITS + SEQUENCE_BITS


def held_group(segments: int) -> int:
    """Group number of held orders: one past the last segment."""
    return segments


def rejected_group(segments: int) -> int:
    """Group number of rejected orders."""
    return segments + 1


def add_statuses(row: OrderCells) -> None:
    """Declares held and rejected orders, and who is rejected."""
    features, table = row.features, row.table
    segments = len(row.policy.segments)
    if features.closes:
        row.held = row.flag("held", "one if the order waits for the next batch")
        table.gate(
            "held orders stand in the held group", row.held * (row.segment - held_group(segments))
        )
    if features.rejects:
        row.rejected = row.flag("rejected", "one if the order is rejected for lack of margin")
        table.gate(
            "rejected orders stand in the rejected group",
            row.rejected * (row.segment - rejected_group(segments)),
        )
        _rejection(row)


def _rejection(row: OrderCells) -> None:
    """A bundle is rejected exactly if one of its orders is short of its initial margin."""
    fails = row.short * row.initial
    table = row.table
    if not row.features.bundles:
        table.gate("an order is rejected exactly when it fails its margin", row.rejected - fails)
        return
    failed = row.witness("failed", 1, "one if this or an earlier order of the bundle fails")
    leg_next = row.leg.next
    table.gate("a failing order is rejected", (1 - row.rejected) * fails)
    table.gate("a leader fails by itself", (1 - row.leg) * (failed - fails))
    joined = failed + fails.next - failed * fails.next
    table.gate("a bundle has failed once one order fails", leg_next * (failed.next - joined))
    table.gate(
        "a rejected bundle has a failing order", row.rejected * (1 - failed) * (1 - leg_next)
    )


def add_closing(row: OrderCells) -> None:
    """The segment's end, and why an order stands outside its primary segment."""
    circuit, table = row.circuit, row.table
    end: list[Expression] = [row.segment, row.leader_composite + 1]
    if row.features.closes:
        end.append(_sort_key(row) + 1)
    if row.features.breaks:
        end += _cumulative(row)
    ends = row.last * row.placed if row.features.statuses else row.last
    circuit.send("ends", table, tuple(end), ends, "where the last choice of the segment stood")
    if row.features.closes:
        _displacement(row)
    elif row.features.statuses:
        table.gate(
            "an order is placed in its primary segment", row.placed * (row.segment - row.primary)
        )


def _sort_key(row: OrderCells) -> Expression:
    return row.priority * (1 << SEQUENCE_BITS) + row.sequence


def _cumulative(row: OrderCells) -> list[Expression]:
    """The segment's cost before its last leader, and after its last order."""
    table = row.table
    bits = cumulative_bits(row.policy, row.shape)
    cumulative = row.witness("cumulative", bits, "cost of the group before this order")
    table.gate("a group's cost starts at zero", (1 - row.follows) * cumulative.next)
    table.gate("a group's cost adds up", row.follows * (cumulative.next - cumulative - row.cost))
    before: Expression = cumulative
    if row.features.bundles:
        before = row.witness("leader_cumulative", bits, "cost of the group before the leader")
        table.gate("a leader's group cost is its own", (1 - row.leg) * (before - cumulative))
        table.gate("a leg carries its leader's", row.leg.next * (before.next - before))
        row.zero_unless(row.active, "there is no order", before)
    return [before, cumulative + row.cost * row.active]


def _displacement(row: OrderCells) -> None:
    """An order outside its primary segment sorts behind that segment's closing.

    It moved to the overflow segment or is held; held although an overflow segment exists, it also
    sorts behind that one's closing.
    """
    circuit, table = row.circuit, row.table
    moved = rerouted = promote(0)
    target = row.segment
    if row.features.overflows:
        moved = row.flag("moved", "one if the order is served by the overflow segment")
        rerouted = row.flag("rerouted", "one if it is held although an overflow segment exists")
        target = row.witness("target", 9, "where a closed segment sends the order")
        table.gate("only placed orders moved", moved * (1 - row.placed))
        table.gate("only held orders were rerouted", rerouted * (1 - row.held))
        table.gate(
            "an order stands where its segment sent it unless rerouted",
            (moved + row.held - rerouted) * (target - row.segment),
        )
        row.zero_unless(moved + row.held, "no order was displaced", target)
    displaced = moved + row.held
    table.gate(
        "an order that did not move is in its primary segment",
        (row.placed - moved) * (row.segment - row.primary),
    )
    bound = row.witness(
        "bound", SORT_KEY_BITS + 1, "one above the sort key that closed its segment"
    )
    row.zero_unless(displaced, "no order was displaced", bound)
    circuit.send(
        "closing",
        table,
        (row.primary, target, bound),
        displaced,
        "the primary segment closed and sends later orders there",
    )
    key = _sort_key(row)
    row.require_range("closing_gap", displaced * (key - bound), SORT_KEY_BITS, exact=False)
    if row.features.overflows:
        again = row.witness("bound_again", SORT_KEY_BITS + 1, "the same of the overflow segment")
        row.zero_unless(rerouted, "no order was rerouted", again)
        circuit.send(
            "closing_again", table, (target, again), rerouted, "the overflow segment closed as well"
        )
        row.require_range("closing_gap_again", rerouted * (key - again), SORT_KEY_BITS, exact=False)
    circuit.send(
        "carry_out",
        table,
        (row.sequence, row.digest),
        row.held,
        "the order waits for the next batch",
    )
