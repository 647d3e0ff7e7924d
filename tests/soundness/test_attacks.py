"""Ways to cheat, each with the best repairs a cheat can make, each refused by checker and verifier.

Every attack says which rules it is expected to break: exactly those, so that a rule which is
broken by accident does not hide one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tests.support.claims import (
    Claim,
    Columns,
    Row,
    Setting,
    claimed_columns,
    complete,
    failures,
    follow,
    rows_of_orders,
    rules,
    smallest_key,
)
from tests.support.lying import Scene, altered
from tests.support.scenes import chained_scene
from verifier.errors import Code
from zkroute.algebra.scalars import MODULUS

BUS = "bus {} does not balance"


@dataclass(frozen=True)
class Attack:
    """Columns to prove, what the header then says, and the rules that must break."""

    columns: Columns
    broken: frozenset[str]
    """Beginnings of rule sentences; together they name every rule that breaks."""
    header: dict[str, int] = field(default_factory=dict)


Cheat = Callable[[Setting, list[Row]], Attack]
"""From the setting and the honest rows to an attack."""

CHEATS: dict[str, tuple[str, int, Cheat]] = {}
"""Name to (policy, number of orders, cheat)."""


def cheat(
    name: str, policy: str = "notional by seven", count: int = 23
) -> Callable[[Cheat], Cheat]:
    def register(function: Cheat) -> Cheat:
        CHEATS[name] = (policy, count, function)
        return function

    return register


def attack(setting: Setting, claim: Claim, *broken: str, **header: int) -> Attack:
    return Attack(claimed_columns(setting, claim), frozenset(broken), header)


def patched(
    setting: Setting, rows: list[Row], changes: dict[tuple[str, str], dict[int, int]], *broken: str
) -> Attack:
    """The honest trace with base cells changed, limbs and lookup counts repaired."""
    columns = claimed_columns(setting, follow(setting, rows))
    return Attack(complete(setting, altered(columns, changes)), frozenset(broken))


def members(setting: Setting, segment: int) -> list[int]:
    """Slots of a segment's eligible nodes."""
    parameters = setting.parameters
    return [
        slot
        for slot, exists in enumerate(parameters.exists)
        if exists and parameters.segment[slot] == segment
    ]


def other_node(setting: Setting, row: Row) -> int:
    """Another node of the row's segment."""
    return next(slot for slot in members(setting, row.segment) if slot != row.node)


# Orders


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


def _without_drain(setting: Setting):  # noqa: ANN202  # the type of setting.parameters
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
        "the number of orders is the claimed one",
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
        "only listed routes are used",
    )


# Composites, runs and thresholds


@cheat("composites follow the nodes' work in another order than the rows")
def other_chain(setting: Setting, rows: list[Row]) -> Attack:
    chain = [*range(5, len(rows)), *range(5)]
    return attack(setting, follow(setting, rows, chain), BUS.format("range"))


@cheat("the end of a segment is declared before a bad choice")
def early_end(setting: Setting, rows: list[Row]) -> Attack:
    """The threshold is taken from the row before; the bad row starts a run of its own."""
    rows[-1] = replace(rows[-1], node=other_node(setting, rows[-1]))
    claim = follow(setting, rows)
    columns = claimed_columns(setting, claim)
    early = len(rows) - 2
    segment = rows[-1].segment
    lower = claim.rows[early].composite + 1
    slots = members(setting, segment)
    columns = altered(
        columns,
        {
            ("orders", "last"): {early: 1},
            ("nodes", "threshold"): dict.fromkeys(slots, lower),
        },
    )
    return Attack(complete(setting, columns), frozenset([BUS.format("ends")]))


@cheat("a segment's orders stand in two runs", "round robin")
def two_runs(setting: Setting, rows: list[Row]) -> Attack:
    """The second run starts over at a lower composite; only one end is taken."""
    rows[12] = replace(rows[12], node=other_node(setting, rows[12]))
    columns = claimed_columns(setting, follow(setting, rows))
    changes = {("orders", "last"): {row: 1 for row in (11, 12)}}
    return Attack(
        complete(setting, altered(columns, changes)),
        frozenset([BUS.format("ends"), BUS.format("range")]),
    )


@cheat("two runs end at one composite and the head takes both", "round robin", 2)
def two_equal_ends(setting: Setting, rows: list[Row]) -> Attack:
    claim = follow(setting, rows)
    columns = claimed_columns(setting, claim)
    head = setting.known["nodes", "head"].index(1)
    same = claim.rows[1].composite
    changes = {
        ("orders", "last"): {0: 1},
        ("orders", "composite"): {0: same},
        ("nodes", "nonempty"): {head: 2},
    }
    return Attack(
        complete(setting, altered(columns, changes)),
        frozenset(
            ["nonempty is zero or one", "an empty segment has threshold zero", BUS.format("path")]
        ),
    )


@cheat("a segment with orders calls itself empty")
def called_empty(setting: Setting, rows: list[Row]) -> Attack:
    head = setting.known["nodes", "head"].index(1)
    return patched(
        setting,
        rows,
        {
            ("nodes", "nonempty"): {head: 0},
            ("nodes", "threshold"): dict.fromkeys(members(setting, 0), 0),
        },
        BUS.format("ends"),
    )


@cheat("one node keeps a threshold of its own")
def own_threshold(setting: Setting, rows: list[Row]) -> Attack:
    rows[-1] = replace(rows[-1], node=other_node(setting, rows[-1]))
    columns = claimed_columns(setting, follow(setting, rows))
    member = members(setting, rows[-1].segment)[-1]
    return Attack(
        complete(setting, altered(columns, {("nodes", "threshold"): {member: 0}})),
        frozenset([BUS.format("threshold"), BUS.format("range")]),
    )


@cheat("an empty segment has a threshold")
def threshold_of_nothing(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        [],
        {("nodes", "threshold"): dict.fromkeys(members(setting, 0), 1)},
        "an empty segment has threshold zero",
        "the number of orders is the claimed one",
    )


@cheat("a node that is no head takes the end")
def end_at_another_node(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        rows,
        {("nodes", "nonempty"): {0: 0, 2: 1}},
        "nonempty is only said on a segment's head",
        "an empty segment has threshold zero",
    )


@cheat("no order of a full batch is the last", "round robin", 64)
def endless(setting: Setting, rows: list[Row]) -> Attack:
    """Composites would have to grow around the circle."""
    slots = dict.fromkeys(members(setting, 0), 0)
    return patched(
        setting,
        rows,
        {
            ("orders", "last"): {63: 0},
            ("nodes", "nonempty"): {0: 0},
            ("nodes", "threshold"): slots,
        },
        BUS.format("range"),
        "the last row of the table ends its segment",
    )


@cheat("a full batch is written down from the middle", "round robin", 64)
def rotated(setting: Setting, rows: list[Row]) -> Attack:
    """Nothing is wrong but that row order is not processing order."""
    columns = claimed_columns(setting, follow(setting, rows))
    turned = {
        place: values[20:] + values[:20] if place[0] == "orders" else values
        for place, values in columns.items()
    }
    return Attack(turned, frozenset(["the last row of the table ends its segment"]))


# Work


@cheat("a node ends with less work than it was given")
def forgotten_work(setting: Setting, rows: list[Row]) -> Attack:
    claim = follow(setting, rows)
    work = list(claim.work_after)
    work[rows[-1].node] -= 1
    return attack(setting, replace(claim, work_after=tuple(work)), BUS.format("path"))


@cheat("two nodes exchange their work")
def exchanged_work(setting: Setting, rows: list[Row]) -> Attack:
    claim = follow(setting, rows)
    work = list(claim.work_after)
    work[0], work[2] = work[2], work[0]
    return attack(
        setting, replace(claim, work_after=tuple(work)), BUS.format("path"), BUS.format("range")
    )


@cheat("a node that is down loses its work")
def lost_work(setting: Setting, rows: list[Row]) -> Attack:
    claim = follow(setting, rows)
    work = list(claim.work_after)
    work[3] += 1
    return attack(
        setting,
        replace(claim, work_after=tuple(work)),
        "work stays where there is no eligible node",
    )


@cheat("a busy node is declared drained")
def drained(setting: Setting, rows: list[Row]) -> Attack:
    slot = _slot_with(setting, lambda work, drain: work > drain)
    idle = replace(
        setting,
        work_before=tuple(
            0 if position == slot else work for position, work in enumerate(setting.work_before)
        ),
    )
    columns = claimed_columns(idle, follow(idle, smallest_key(idle, rows)))
    before = {slot: setting.work_before[slot]}
    columns = altered(columns, {("nodes", "work_before"): before})
    return Attack(complete(setting, columns), frozenset([BUS.format("range")]))


@cheat("a drained node is declared to owe negative work", "priorities by unit")
def negative_work(setting: Setting, rows: list[Row]) -> Attack:
    """Its key falls below its base, so that it draws more orders."""
    slot = _slot_with(setting, lambda work, drain: work < drain)
    missing = setting.parameters.drain[slot] - setting.work_before[slot]
    claim = follow(setting, rows)
    lower = setting.parameters.slope[slot] * setting.policy.slots * missing
    moved = replace(
        claim,
        rows=tuple(
            replace(row, composite=row.composite - lower) if row.node == slot else row
            for row in claim.rows
        ),
        work_after=tuple(
            work - missing if position == slot else work
            for position, work in enumerate(claim.work_after)
        ),
        overrides={("nodes", "carried", slot): 1, ("nodes", "work_in", slot): -missing},
    )
    return attack(setting, moved, BUS.format("range"))


def _slot_with(setting: Setting, wanted: Callable[[int, int], bool]) -> int:
    parameters = setting.parameters
    return next(
        slot
        for slot, exists in enumerate(parameters.exists)
        if exists and wanted(setting.work_before[slot], parameters.drain[slot])
    )


# Costs


def with_cost(setting: Setting, rows: list[Row], position: int, cost: int) -> Columns:
    """The trace in which one row adds another cost than it should, and everything follows."""
    work = list(setting.work_in)
    done = []
    for index, row in enumerate(rows):
        done.append(replace(row, composite=setting.composite(row.node, work[row.node])))
        work[row.node] += cost if index == position else row.cost(setting.policy)
    claim = Claim(tuple(done), tuple(work), {("orders", "cost", position): cost})
    return claimed_columns(setting, claim)


def final_row_of_segment(rows: list[Row]) -> int:
    return max(i for i, row in enumerate(rows) if row.segment == rows[0].segment)


@cheat("a cost is rounded down")
def rounded_down(setting: Setting, rows: list[Row]) -> Attack:
    position = final_row_of_segment(rows)
    rows[position] = replace(rows[position], size=3, price=5)
    rows = smallest_key(setting, rows)
    columns = with_cost(setting, rows, position, 2)
    return Attack(columns, frozenset([BUS.format("range")]))


@cheat("a cost is one too high")
def rounded_twice(setting: Setting, rows: list[Row]) -> Attack:
    position = final_row_of_segment(rows)
    columns = with_cost(setting, rows, position, rows[position].cost(setting.policy) + 1)
    return Attack(columns, frozenset([BUS.format("range")]))


@cheat("an order costs nothing", "least loaded by size")
def no_cost(setting: Setting, rows: list[Row]) -> Attack:
    rows[-1] = replace(rows[-1], size=0)
    return attack(setting, follow(setting, rows), BUS.format("range"))


@cheat("an order's size takes work away", "least loaded by size")
def negative_size(setting: Setting, rows: list[Row]) -> Attack:
    """Modulo r: the path would be a circle."""
    rows[-1] = replace(rows[-1], size=-rows[-2].size)
    return attack(setting, follow(setting, rows), BUS.format("range"))


@cheat("size and price multiply to a small number modulo r")
def wrapped_notional(setting: Setting, rows: list[Row]) -> Attack:
    position = final_row_of_segment(rows)
    rows[position] = replace(rows[position], size=2, price=(MODULUS + 1) // 2)
    columns = with_cost(setting, rows, position, 1)
    return Attack(columns, frozenset([BUS.format("range")]))


# Rows without orders


@cheat("a row without an order holds a composite")
def busy_padding(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        rows,
        {("orders", "composite"): {40: 5}},
        "composite is zero where there is no order",
    )


@cheat("a row without an order holds a price and a cost")
def costly_padding(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        rows,
        {("orders", "price"): {40: 7}, ("orders", "size"): {40: 7}, ("orders", "cost"): {40: 7}},
        "price is zero where there is no order",
        "size is zero where there is no order",
    )


@cheat("an order stands behind a gap", "round robin")
def gap(setting: Setting, rows: list[Row]) -> Attack:
    columns = claimed_columns(setting, follow(setting, rows))
    position = len(rows) - 1
    moved = altered(
        columns,
        {
            place: {position: 0, 50: values[position]}
            for place, values in columns.items()
            if place[0] == "orders"
        },
    )
    return Attack(
        complete(setting, moved),
        frozenset(
            [
                "rows with orders come first",
                "an order that is not last is followed by an order",
                BUS.format("sequence"),
                BUS.format("range"),
            ]
        ),
    )


@cheat("a row is half an order", "round robin")
def half_active(setting: Setting, rows: list[Row]) -> Attack:
    """1/2 + 1/2 would count as one order."""
    half = pow(2, -1, MODULUS)
    return patched(
        setting,
        rows,
        {("orders", "active"): {22: half, 23: half}},
        "active is zero or one",
        "last only stands on a row with an order",
        "rows with orders come first",
        "digest is zero where there is no order",
        "sequence is zero where there is no order",
        "node is zero where there is no order",
        "slope is zero where there is no order",
        "composite is zero where there is no order",
        "an order that is not last is followed by an order",
        BUS.format("node"),
        BUS.format("path"),
        BUS.format("sequence"),
        BUS.format("range"),
    )


# Multiplicities


@cheat("a node counts an order another node served")
def moved_count(setting: Setting, rows: list[Row]) -> Attack:
    columns = claimed_columns(setting, follow(setting, rows))
    counts = columns["nodes", "multiplicity"]
    changes = {("nodes", "multiplicity"): {0: counts[0] + 1, 2: counts[2] - 1}}
    return Attack(altered(columns, changes), frozenset([BUS.format("node")]))


@cheat("a lookup counts minus one")
def negative_count(setting: Setting, rows: list[Row]) -> Attack:
    columns = claimed_columns(setting, follow(setting, rows))
    counts = columns["lookup", "range_multiplicity"]
    changes = {("lookup", "range_multiplicity"): {63: MODULUS - 1, 0: counts[0] + 1}}
    return Attack(altered(columns, changes), frozenset([BUS.format("range")]))


def staged(name: str) -> tuple[Scene, Attack]:
    policy, count, function = CHEATS[name]
    scene = chained_scene(policy, count)
    setting = scene.setting
    rows = smallest_key(setting, rows_of_orders(setting, scene.batch.orders))
    return scene, function(setting, rows)


@pytest.mark.parametrize("name", CHEATS)
def test_the_checker_names_the_rules_a_cheat_breaks(name: str) -> None:
    scene, cheated = staged(name)
    count = cheated.header.get("order_count", CHEATS[name][1])
    found = rules(failures(scene.setting, cheated.columns, count))
    unexpected = {rule for rule in found if not rule.startswith(tuple(cheated.broken))}
    unbroken = {rule for rule in cheated.broken if not any(f.startswith(rule) for f in found)}
    assert (unexpected, unbroken) == (set(), set())


@pytest.mark.parametrize("name", CHEATS)
def test_the_verifier_refuses_a_cheat(name: str) -> None:
    scene, cheated = staged(name)
    header = scene.header(cheated.columns, **cheated.header)
    proof = scene.prove(cheated.columns, header)
    assert scene.verdict(proof, header) is Code.OPENING_INVALID
