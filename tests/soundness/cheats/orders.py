"""Orders sent elsewhere, left out, doubled, overtaken or given another class."""

from __future__ import annotations

from dataclasses import replace

from tests.soundness.cheats.registry import (
    BUS,
    Attack,
    attack,
    cheat,
    other_node,
    patched,
)
from tests.support.claims import (
    Claim,
    Row,
    Setting,
    follow,
    smallest_key,
)
from zkroute.routing.parameters import NodeParameters


@cheat("an order goes to another node of its segment")
def misrouted(setting: Setting, rows: list[Row]) -> Attack:
    rows[5] = replace(rows[5], node=other_node(setting, rows[5]))
    return attack(setting, follow(setting, rows), BUS.format("range"))


@cheat("the last order goes to another node of its segment")
def misrouted_last(setting: Setting, rows: list[Row]) -> Attack:
    rows[-1] = replace(rows[-1], node=other_node(setting, rows[-1]))
    return attack(setting, follow(setting, rows), BUS.format("range"))


@cheat("the first order goes elsewhere and all others follow the policy from there")
def misrouted_first(setting: Setting, rows: list[Row]) -> Attack:
    first = replace(rows[0], node=other_node(setting, rows[0]))
    work = list(setting.work_in)
    work[first.node] += first.cost(setting.policy)
    after = replace(setting, work_before=tuple(work), parameters=_without_drain(setting))
    return attack(
        setting, follow(setting, [first, *smallest_key(after, rows[1:])]), BUS.format("range")
    )


def _without_drain(setting: Setting) -> NodeParameters:
    parameters = setting.parameters
    return replace(parameters, drain=[0] * len(parameters.drain))


@cheat("an order goes to a node of another segment")
def other_segment(setting: Setting, rows: list[Row]) -> Attack:
    slot = setting.parameters.segment.index(1 - rows[5].segment)
    rows[5] = replace(rows[5], node=slot)
    return attack(setting, follow(setting, rows), *map(BUS.format, ("node", "path", "range")))


@cheat("an order goes to a node that is down")
def to_a_node_that_is_down(setting: Setting, rows: list[Row]) -> Attack:
    rows[5] = replace(rows[5], node=3)
    return attack(
        setting,
        follow(setting, rows),
        BUS.format("range"),
        "no orders are sent to an empty slot",
        "work stays where there is no eligible node",
    )


@cheat("an order loops on an empty slot with slope zero", "round robin")
def slope_zero_loop(setting: Setting, rows: list[Row]) -> Attack:
    """The path cancels by itself there: only the multiplicity of an empty slot is in the way."""
    empty = setting.policy.slots - 1
    rest = smallest_key(setting, rows[1:])
    claim = follow(setting, rest)
    loop = replace(rows[0], node=empty, composite=claim.rows[0].composite - 1)
    return attack(
        setting,
        Claim((loop, *claim.rows), claim.work_after),
        "no orders are sent to an empty slot",
    )


@cheat("an order names a slope that is not the node's")
def other_slope(setting: Setting, rows: list[Row]) -> Attack:
    slope = setting.parameters.slope[rows[5].node] + 1
    return patched(
        setting, rows, {("orders", "slope"): {5: slope}}, BUS.format("node"), BUS.format("path")
    )


@cheat("a numbered order is left out")
def dropped(setting: Setting, rows: list[Row]) -> Attack:
    kept = smallest_key(setting, rows[:5] + rows[6:])
    return attack(
        setting,
        follow(setting, kept),
        BUS.format("sequence"),
        "the number of orders that arrived is the claimed one",
    )


@cheat("a numbered order is left out and the header counts one less")
def dropped_and_counted(setting: Setting, rows: list[Row]) -> Attack:
    gap = min(rows, key=lambda row: row.sequence)
    kept = smallest_key(setting, [row for row in rows if row is not gap])
    return attack(setting, follow(setting, kept), BUS.format("sequence"), order_count=len(rows) - 1)


@cheat("an order is routed twice under one number")
def duplicated(setting: Setting, rows: list[Row]) -> Attack:
    twice = smallest_key(setting, [*rows[:6], rows[5], *rows[6:]])
    return attack(
        setting,
        follow(setting, twice),
        BUS.format("sequence"),
        BUS.format("range"),
        order_count=len(rows) + 1,
    )


@cheat("an order takes another's number")
def stolen_number(setting: Setting, rows: list[Row]) -> Attack:
    rows[5] = replace(rows[5], sequence=rows[6].sequence)
    return attack(setting, follow(setting, rows), BUS.format("sequence"), BUS.format("range"))


@cheat("two orders of one priority are processed in the other order")
def reordered(setting: Setting, rows: list[Row]) -> Attack:
    position = next(i for i, row in enumerate(rows) if _class(rows[i + 1]) == _class(row))
    rows[position : position + 2] = rows[position + 1], rows[position]
    return attack(setting, follow(setting, smallest_key(setting, rows)), BUS.format("range"))


def _class(row: Row) -> tuple[int, int]:
    return row.segment, row.priority


@cheat("a less urgent order is processed first")
def overtaking(setting: Setting, rows: list[Row]) -> Attack:
    position = next(
        i
        for i, row in enumerate(rows)
        if rows[i + 1].segment == row.segment and rows[i + 1].priority > row.priority
    )
    rows[position : position + 2] = rows[position + 1], rows[position]
    return attack(setting, follow(setting, smallest_key(setting, rows)), BUS.format("range"))


@cheat("an order claims a more urgent priority than its class has")
def urgent(setting: Setting, rows: list[Row]) -> Attack:
    position = max(i for i, row in enumerate(rows) if row.segment == 0 and row.priority == 7)
    rows[position] = replace(rows[position], priority=2)
    rows.sort(key=lambda row: (row.segment, row.priority, row.sequence))
    return attack(setting, follow(setting, smallest_key(setting, rows)), BUS.format("route"))


@cheat("an order claims a segment through an unlisted route")
def unlisted_route(setting: Setting, rows: list[Row]) -> Attack:
    """Below the route table stand rows of zeros: class 0 to segment 0 with priority 0."""
    position = next(i for i, row in enumerate(rows) if row.order_class == 0)
    rows[position] = replace(rows[position], segment=0, priority=0)
    rows.sort(key=lambda row: (row.segment, row.priority, row.sequence))
    return attack(
        setting,
        follow(setting, smallest_key(setting, rows)),
        "only listed route entries are used",
    )
