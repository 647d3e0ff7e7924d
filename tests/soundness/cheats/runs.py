"""Composites out of order, runs of segments cut or doubled, thresholds of one's own."""

from __future__ import annotations

from dataclasses import replace

from tests.soundness.cheats.registry import (
    BUS,
    Attack,
    attack,
    cheat,
    members,
    other_node,
    patched,
)
from tests.support.claims import (
    Row,
    Setting,
    claimed_columns,
    complete,
    follow,
)
from tests.support.lying import altered


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
    changes = {("orders", "last"): dict.fromkeys((11, 12), 1)}
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
        "the number of orders that arrived is the claimed one",
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
        "the last row of the table ends its group",
    )


@cheat("a full batch is written down from the middle", "round robin", 64)
def rotated(setting: Setting, rows: list[Row]) -> Attack:
    """Nothing is wrong but that row order is not processing order."""
    columns = claimed_columns(setting, follow(setting, rows))
    turned = {
        place: values[20:] + values[:20] if place[0] == "orders" else values
        for place, values in columns.items()
    }
    return Attack(turned, frozenset(["the last row of the table ends its group"]))
