"""Sequence numbers, and orders held from batch to batch."""

from __future__ import annotations

from dataclasses import replace

from tests.rule.forgeries.contents import EMPTY
from tests.rule.forgeries.orders import rejected_rows
from tests.rule.forging import (
    Forged,
    altered,
    fitted,
    forged,
    forgery,
    last_row,
    lone,
    patch,
    reordered,
    row,
)
from tests.rule.ground import Ground, batch, poor_order
from tests.rule.grounds import busy


@forgery("sequence", "a number is left out")
def number_left_out() -> Forged:
    newest = last_row(busy())
    number = busy().honest["orders", "sequence"][newest]
    return forged(busy(), {"orders.sequence": {newest: number + 1}})


@forgery("orders: arrivals come first", "a number is left out, and the count skips a row as well")
def arrivals_apart() -> Forged:
    ground, newest = busy(), last_row(busy())
    count = len(ground.case["orders"])
    number = ground.honest["orders", "sequence"][newest]
    return forged(
        ground,
        {"orders.sequence": {newest: number + 1}, "orders.arrived": {count - 1: 0, count: 1}},
    )


@forgery("orders: arrived is zero or one", "a number is used twice, and the last one never")
def arrived_twice() -> Forged:
    ground = with_newest(busy().case["orders"][:-3])
    newest, count = last_row(ground), len(ground.case["orders"])
    number = ground.honest["orders", "sequence"][newest]
    return forged(
        ground,
        {"orders.sequence": {newest: number - 1}, "orders.arrived": {count - 2: 2, count - 1: 0}},
    )


def with_newest(orders: list[dict]) -> Ground:
    """The busy batch with other orders, the newest of which is rejected alone."""
    return Ground(busy().case | {"orders": [*orders, poor_order()]})


@forgery(
    "orders: carried is zero or one",
    "a new order takes the number of a held one, which counts twice",
)
def carried_twice() -> Forged:
    ground = with_newest(busy().case["orders"][:-3])
    newest, count = last_row(ground), len(ground.case["orders"])
    old = lone(ground, lambda cells: bool(cells["carried"] and not cells["rejected"]))
    number = ground.honest["orders", "sequence"][old]
    entry = ground.honest["carry", "sequence_before"].index(number)
    columns = altered(
        ground.honest,
        {
            "orders.sequence": {newest: number},
            "orders.carried": {old: 2},
            "carry.used_before": {entry: 2},
            "orders.arrived": {count - 1: 0},
        },
    )
    instance = replace(ground.public[1], order_count=count - 1)
    rejected = rejected_rows(ground)
    keys = [(columns["orders", "priority"][each], each != newest, each) for each in rejected]
    rows = [*range(rejected[0]), *(each for _, _, each in sorted(keys))]
    return fitted(ground.circuit, instance, reordered(ground, columns, rows))


@forgery("orders: carried is zero where there is no order", "an empty row answers for a held order")
def carried_elsewhere() -> Forged:
    """The order's number is zero and its digest too, as an empty row has them."""
    ground = batch(60)
    case = ground.case
    carried = [{**case["carried"][0], "sequence": 0, "leg": False}]
    ground = Ground(case | {"carried": carried})
    number = row(ground, lambda cells: bool(cells["carried"]))
    columns = altered(
        ground.honest,
        {
            "orders.digest": {number: 0},
            "carry.digest_before": {0: 0},
            "orders.carried": {number: 0, EMPTY: 1},
        },
    )
    if columns["orders", "held"][number]:
        columns = altered(columns, {"carry.digest_after": {0: 0}})
    return fitted(*ground.public, columns)


@forgery("orders: a leg arrived with its leader", "a new order rides with one that was held")
def leg_of_a_held_order() -> Forged:
    case = busy().case
    leg = poor_order(leg=True)
    carried = [poor_order() | {"sequence": 79}]
    return forged(Ground(case | {"carried": carried, "orders": [leg, *case["orders"]]}))


@forgery("carry_in", "a held order enters as another document")
def another_document() -> Forged:
    return forged(busy(), {"carry.digest_before": {0: 1}})


@forgery("carry_out", "a held order is forgotten")
def forgotten() -> Forged:
    names = ("sequence_after", "digest_after", "used_after")
    return forged(busy(), {f"carry.{name}": {0: 0} for name in names})


@forgery("carry: used_after is zero or one", "two empty entries wait, twofold and minus twofold")
def used_twice() -> Forged:
    return forged(busy(), {"carry.used_after": {30: 2, 31: -2}})


for column in ("sequence_after", "digest_after"):
    patch(
        f"carry: {column} is zero where no entry stands",
        "an unused entry says something",
        lambda column=column: forged(busy(), {f"carry.{column}": {31: 5}}),
    )
