"""Costs too low, too high, zero, negative or wrapped around."""

from __future__ import annotations

from dataclasses import replace

from tests.soundness.cheats.registry import (
    BUS,
    Attack,
    attack,
    cheat,
)
from tests.support.claims import (
    Claim,
    Columns,
    Row,
    Setting,
    claimed_columns,
    follow,
    smallest_key,
)
from zkroute.algebra.scalars import MODULUS


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
