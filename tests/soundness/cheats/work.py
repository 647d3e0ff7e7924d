"""Node work forgotten, exchanged, invented or drained falsely; counts moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.soundness.cheats.registry import (
    BUS,
    Attack,
    attack,
    cheat,
)
from tests.support.claims import (
    Row,
    Setting,
    claimed_columns,
    complete,
    follow,
    smallest_key,
)
from tests.support.lying import altered
from zkroute.algebra.scalars import MODULUS


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
