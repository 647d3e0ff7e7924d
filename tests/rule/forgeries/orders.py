"""Rows, groups, bundles, sequence numbers, and the order of processing."""

from __future__ import annotations

from itertools import pairwise

from tests.oracle import oracle
from tests.rule.forgeries.contents import EMPTY, with_unlisted
from tests.rule.forging import (
    Forged,
    altered,
    fitted,
    forged,
    forgery,
    last_row,
    lone,
    regrouped,
    reordered,
    row,
    treated,
)
from tests.rule.ground import Ground, batch
from tests.rule.grounds import SILENT_RULE, UNBROKEN_RULE, busy, calm

HELD, REJECTED = 3, 4
"""Group numbers of a policy with three segments."""


@forgery("orders: rows with orders come first", "an order stands apart behind empty rows")
def apart() -> Forged:
    ground, newest = busy(), last_row(busy())
    columns = dict(ground.honest)
    for (table, name), values in ground.honest.items():
        if table == "orders" and name != "arrived":
            moved = list(values)
            moved[newest], moved[EMPTY] = moved[-1], values[newest]
            columns[table, name] = moved
    before = {"orders.last": {newest - 1: 1}}
    start = {"orders.cumulative": {EMPTY: 0}, "orders.leader_cumulative": {EMPTY: 0}}
    return fitted(*ground.public, altered(columns, before | start))


def waiting_pair(ground: Ground) -> int:
    """A held order followed by a held one with the next number, neither riding with another."""
    orders = {name: values for (table, name), values in ground.honest.items() if table == "orders"}
    return next(
        number
        for number in range(last_row(ground))
        if orders["held"][number]
        and orders["held"][number + 1]
        and not any(orders["leg"][number : number + 3])
        and not orders["last"][number]
        and orders["sequence"][number + 1] == orders["sequence"][number] + 1
        and orders["primary"][number + 1] == orders["primary"][number]
        and orders["priority"][number + 1] == orders["priority"][number]
        and orders["carried"][number + 1] == orders["carried"][number]
    )


def saturated() -> Ground:
    return batch(11, UNBROKEN_RULE)


@forgery("orders: last is zero or one", "a row ends its group twice and does not end it")
def last_twice() -> Forged:
    return forged(saturated(), {"orders.last": {waiting_pair(saturated()): 2}})


@forgery("orders: the last row of the table ends its group", "a full table is rotated")
def rotated() -> Forged:
    ground = batch(1, FULL_RULE, 121, 4)
    count = len(ground.right["rows"])
    assert count == len(ground.honest["orders", "active"])
    columns = dict(ground.honest)
    for (table, name), values in ground.honest.items():
        if table == "orders" and name != "arrived":
            columns[table, name] = [values[(number + 5) % count] for number in range(count)]
    return fitted(*ground.public, columns)


FULL_RULE = (
    SILENT_RULE.replace("breaker = 40", "breaker = 400000")
    .replace("breaker = 60", "breaker = 600000")
    .replace("saturation = 190", "saturation = 1900000")
)


@forgery(
    "orders: the next row is in the same group unless this one is last",
    "held and rejected orders stand in one run",
)
def one_run() -> Forged:
    ground = calm_end()
    changes = {"orders.last": {ground_end(ground): 0}}
    columns = altered(ground.honest, changes)
    joined = altered(columns, {"orders.segment": dict.fromkeys(rejected_rows(ground), HELD)})
    costs = regrouped(joined, last_row(ground) + 1)
    for name in ("cumulative", "leader_cumulative"):
        columns["orders", name] = costs["orders", name]
    return fitted(*ground.public, columns)


def calm_end() -> Ground:
    """Every rejected order sorts behind every held one."""
    return batch(50)


def rejected_rows(ground: Ground) -> list[int]:
    return list(ground.where(lambda cells: bool(cells["rejected"])))


def ground_end(ground: Ground) -> int:
    """The last row of the held group."""
    return max(ground.where(lambda cells: bool(cells["held"])))


# Bundles


@forgery("orders: leg is zero or one", "a held order rides twice with the one before it")
def leg_twice() -> Forged:
    return forged(saturated(), {"orders.leg": {waiting_pair(saturated()) + 1: 2}})


@forgery("orders: a leg is in its leader's group", "a leg waits in a run of its own")
def leg_apart() -> Forged:
    ground = busy()
    number = row(ground, lambda cells: bool(cells["leg"] and cells["held"])) - 1
    made = altered(ground.honest, {"orders.last": {number: 1}})
    leaders = made["orders", "leader_cumulative"][number + 1]
    later = range(number + 1, ground_end(ground) + 1)
    cut = altered(made, {"orders.segment": dict.fromkeys(later, 99)})
    costs = regrouped(cut, last_row(ground) + 1)
    for name in ("cumulative", "leader_cumulative"):
        made["orders", name] = costs["orders", name]
    made = altered(made, {"orders.leader_cumulative": {number + 1: leaders}})
    for leg in later[1:]:
        if not made["orders", "leg"][leg]:
            break
        made = altered(made, {"orders.leader_cumulative": {leg: leaders}})
    return fitted(*ground.public, made)


@forgery(
    "orders: a leg's sequence number is the next one",
    "an order rides with one it did not arrive with",
)
def strange_leg() -> Forged:
    ground = busy()
    orders = {name: values for (table, name), values in ground.honest.items() if table == "orders"}
    number = next(
        number
        for number in range(last_row(ground))
        if orders["held"][number]
        and orders["held"][number + 1]
        and not any(orders["leg"][number : number + 3])
        and orders["sequence"][number + 1] > orders["sequence"][number] + 1
        and orders["primary"][number + 1] == orders["primary"][number]
        and orders["priority"][number + 1] == orders["priority"][number]
        and orders["carried"][number + 1] == orders["carried"][number]
    )
    leader = orders["leader_cumulative"][number]
    return forged(
        ground,
        {"orders.leg": {number + 1: 1}, "orders.leader_cumulative": {number + 1: leader}},
    )


@forgery("orders: a leg shares its leader's priority", "a rejected leg has a priority of its own")
def leg_priority() -> Forged:
    ground = Ground(busy().case | {"orders": busy().case["orders"][:-1]})
    return forged(ground, {"orders.priority": {last_row(ground): 255}})


@forgery("orders: a leg shares its leader's primary", "a rejected leg has another primary segment")
def leg_primary() -> Forged:
    return forged(busy(), {"orders.primary": {last_row(busy()) - 1: 1}})


@forgery("orders: a leg follows at once", "the next bundle gets in between a leader and its leg")
def leg_later() -> Forged:
    ground = batch(LEG_LATER)
    number = overtaken(ground)
    orders = {name: values for (table, name), values in ground.honest.items() if table == "orders"}
    slots = ground.case["policy"]["slots"]
    step = orders["slope"][number] * slots
    return forged(
        ground,
        {
            "orders.composite": {
                number: orders["composite"][number] + step * orders["cost"][number + 1],
                number + 1: orders["composite"][number],
            },
            "orders.leader_composite": {number + 1: orders["composite"][number]},
        },
    )


LEG_LATER = 2


def overtaken(ground: Ground) -> int:
    """A leg, last of its bundle, and then a lone order on the same node, not last."""
    orders = {name: values for (table, name), values in ground.honest.items() if table == "orders"}
    return next(
        number
        for number in range(1, last_row(ground) - 2)
        if orders["leg"][number]
        and orders["slope"][number]
        and not orders["leg"][number + 1]
        and not orders["leg"][number + 2]
        and not orders["last"][number]
        and not orders["last"][number + 1]
        and orders["composite"][number + 1]
        == orders["composite"][number]
        + orders["slope"][number] * ground.case["policy"]["slots"] * orders["cost"][number]
    )


@forgery("orders: a leader's composite is its own", "a choice is measured from a smaller one")
def leader_composite() -> Forged:
    ground = busy()
    number = lone(ground, lambda cells: bool(cells["slope"]))
    return forged(ground, {"orders.leader_composite": {number: 1}})


@forgery("orders: a leg carries its leader's composite", "the same behind a leg")
def carried_composite() -> Forged:
    ground = busy()
    number = row(ground, lambda cells: bool(cells["leg"] and cells["slope"] and not cells["last"]))
    while ground.honest["orders", "leg"][number + 1]:
        number += 1
    return forged(ground, {"orders.leader_composite": {number: 1}})


# Rejection


@forgery("orders: a failing order is rejected", "an order without enough margin is placed")
def placed_though_failing() -> Forged:
    newest = calm().right["rows"][-1]["sequence"]
    return forged(calm(), claim=treated(calm(), newest, rejected=False))


@forgery("orders: a leader fails by itself", "an order with enough margin is rejected as failing")
def rejected_for_nothing() -> Forged:
    ground, claim, number = rejected_bundle(1)
    return forged(ground, {"orders.failed": {number: 1}}, claim=claim)


@forgery(
    "orders: a bundle has failed once one order fails",
    "a bundle is rejected for its leg's margin, which suffices",
)
def rejected_for_a_good_leg() -> Forged:
    ground, claim, number = rejected_bundle(2)
    return forged(ground, {"orders.failed": {number + 1: 1}}, claim=claim)


@forgery("orders: a rejected bundle has a failing order", "an order is rejected for no reason")
def rejected_silently() -> Forged:
    ground, claim, _ = rejected_bundle(1)
    return forged(ground, claim=claim)


def rejected_bundle(length: int) -> tuple[Ground, dict, int]:
    """The claim that a good bundle of so many orders is rejected, and where it then stands."""
    ground = calm()
    rows = ground.right["rows"]
    starts = [number for number, each in enumerate(rows) if not each["leg"]]
    lengths = {a: b - a for a, b in pairwise([*starts, len(rows)])}
    leader = next(
        rows[number]["sequence"]
        for number in starts
        if lengths[number] == length and rows[number]["status"] == oracle.PLACED
    )
    claim = treated(ground, leader, rejected=True)
    number = [each["sequence"] for each in claim["rows"]].index(leader)
    return ground, claim, number


# Processing order, keys and routes


@forgery("orders: order_gap", "a later rejected order stands before an earlier one")
def later_first() -> Forged:
    ground, newest = busy(), last_row(busy())
    rows = [*range(newest - 2), newest, newest - 2, newest - 1]
    return fitted(*ground.public, reordered(ground, ground.honest, rows))


def on_another_node(ground: Ground, number: int) -> dict:
    """The claim that a leader was sent to another node of its segment."""
    policy, nodes = ground.case["policy"], ground.case["nodes"]
    chosen = ground.right["rows"][number]["sequence"]

    def choose(bundle: dict, each: dict, keys: dict[int, int]) -> int:
        slot = oracle.node_for(bundle, each, keys)
        leads = each["sequence"] == chosen
        return next(other for other in keys if other != slot) if leads else slot

    bundles = oracle.bundled(
        policy,
        ground.case["gas_price"],
        [
            oracle.described(policy, each)
            for each in oracle.entered(
                ground.case["carried"], ground.case["orders"], ground.case["first_sequence"]
            )
        ],
    )
    return oracle.place(policy, nodes, ground.right["work_in"], bundles, choose=choose)


@forgery("orders: composite_gap", "an order goes to a node with a larger key")
def not_the_smallest() -> Forged:
    ground = calm()
    number = lone(ground, lambda cells: cells["slope"] > 0 and cells["segment"] == 1)
    return forged(ground, claim=on_another_node(ground, number))


@forgery("path", "an order says a smaller composite than its node had")
def another_composite() -> Forged:
    ground = batch(COMPOSITE)
    number = lone(
        ground,
        lambda cells: bool(cells["slope"] and cells["active"]),
    )
    composite = ground.honest["orders", "composite"][number]
    return forged(
        ground,
        {
            "orders.composite": {number: composite + 1},
            "orders.leader_composite": {number: composite + 1},
        },
    )


COMPOSITE = 60


@forgery("route", "an order is routed with the highest priority")
def another_route() -> Forged:
    return forged(calm(), claim=wrongly_routed())


def wrongly_routed() -> dict:
    """An order of class 0 in shard 0 is sent to the fast segment, ahead of all others."""
    ground = batch(ROUTED)
    leader = next(
        each["sequence"]
        for each in ground.right["rows"]
        if not each["class"]
        and not each["leg"]
        and not each["shard"]
        and not each["high"]
        and each["status"] == oracle.PLACED
    )
    return treated(ground, leader, primary=0, priority=0, path=[0, 1])


ROUTED = 20


@forgery("lookup: only listed route entries are used", "an empty entry of the list answers for it")
def unlisted_route() -> Forged:
    return with_unlisted("route", forged(calm(), claim=wrongly_routed()))
