"""Rows that hold something and no order, or half an order."""

from __future__ import annotations

from tests.soundness.cheats.registry import (
    BUS,
    Attack,
    cheat,
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
from zkroute.algebra.scalars import MODULUS


@cheat("a row without an order holds a composite")
def busy_padding(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        rows,
        {("orders", "composite"): {40: 5}},
        "composite is zero where no node was chosen",
    )


@cheat("a row without an order holds a price and a cost")
def costly_padding(setting: Setting, rows: list[Row]) -> Attack:
    return patched(
        setting,
        rows,
        {("orders", "price"): {40: 7}, ("orders", "size"): {40: 7}, ("orders", "cost"): {40: 7}},
        "price is zero where there is no order",
        "size is zero where there is no order",
        "cost is zero where there is no order",
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
        "node is zero where no node was chosen",
        "slope is zero where no node was chosen",
        "composite is zero where no node was chosen",
        "an order that is not last is followed by an order",
        BUS.format("node"),
        BUS.format("path"),
        BUS.format("sequence"),
        BUS.format("range"),
    )
