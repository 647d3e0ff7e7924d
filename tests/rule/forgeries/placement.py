"""Where orders stand: groups, closed segments, overflow, holds, and the groups' costs."""

from __future__ import annotations

from tests.oracle import oracle
from tests.oracle.following import follow, settled_bundles
from tests.rule.forgeries.orders import HELD, rejected_rows
from tests.rule.forging import (
    Forged,
    altered,
    fitted,
    forged,
    forgery,
    last_row,
    lone,
    patch,
    regrouped,
    row,
    treated,
)
from tests.rule.ground import BUSY_RULE, Ground, batch
from tests.rule.grounds import OPEN_FAST_RULE, busy, calm, half

FAST, SLOW, SPARE = 0, 1, 2


def waiting(ground: Ground) -> int:
    """A held order without legs."""
    return lone(ground, lambda cells: bool(cells["held"]))


for column in ("node", "slope"):
    patch(
        f"orders: {column} is zero where no node was chosen",
        f"a held order says a {column}",
        lambda column=column: forged(busy(), {f"orders.{column}": {waiting(busy()): 1}}),
    )


@forgery("orders: composite is zero where no node was chosen", "a held order says a composite")
def held_composite() -> Forged:
    cells = {waiting(busy()): 8}
    return forged(busy(), {"orders.composite": cells, "orders.leader_composite": cells})


@forgery("orders: held orders stand in the held group", "orders wait in a group of their own")
def elsewhere() -> Forged:
    """An order that overflowed is held as the last of all; its group has the number 99."""
    ground = batch(ELSEWHERE)
    held = list(ground.where(lambda cells: bool(cells["held"])))
    first = held[0]
    assert ground.honest["orders", "rerouted"][first]
    count = next(number for number in held[1:] if not ground.honest["orders", "rerouted"][number])
    columns = altered(ground.honest, {"orders.segment": dict.fromkeys(range(first, count), 99)})
    return fitted(*ground.public, regrouped(columns, last_row(ground) + 1))


ELSEWHERE = 222


@forgery("orders: rejected orders stand in the rejected group", "a rejected order stands apart")
def rejected_apart() -> Forged:
    newest = last_row(busy())
    columns = altered(busy().honest, {"orders.segment": {newest: 99}})
    return fitted(*busy().public, regrouped(columns, newest + 1))


# Costs of groups


@forgery("orders: a group's cost starts at zero", "the rejected group's cost starts at seven")
def cost_starts() -> Forged:
    return costs_from(rejected_rows(busy())[0])


@forgery("orders: a group's cost adds up", "seven are added in the middle of a group")
def cost_jumps() -> Forged:
    return costs_from(last_row(busy()))


def costs_from(first: int) -> Forged:
    columns = {
        f"orders.{name}": {
            number: busy().honest["orders", name][number] + 7
            for number in range(first, last_row(busy()) + 1)
        }
        for name in ("cumulative", "leader_cumulative")
    }
    return forged(busy(), columns)


@forgery("orders: a leader's group cost is its own", "an order says less cost before it")
def leader_cost() -> Forged:
    return forged(busy(), {"orders.leader_cumulative": {last_row(busy()): 0}})


@forgery("orders: a leg carries its leader's", "the same behind a leg")
def leg_cost() -> Forged:
    return forged(busy(), {"orders.leader_cumulative": {last_row(busy()) - 1: 1}})


# Leaving a segment


def at_home(ground: Ground) -> int:
    """A placed order that did not move."""
    return lone(ground, lambda cells: bool(cells["slope"] and cells["segment"] == cells["primary"]))


for column, otherwise in (
    ("target", "no order was displaced"),
    ("bound", "no order was displaced"),
    ("bound_again", "no order was rerouted"),
):
    patch(
        f"orders: {column} is zero where {otherwise}",
        f"an order at home says a {column.replace('_', ' ')}",
        lambda column=column: forged(busy(), {f"orders.{column}": {at_home(busy()): 5}}),
    )


def last_bundle(ground: Ground, segment: int) -> int:
    """The leading sequence number of the last bundle of a segment."""
    rows = [each for each in ground.right["rows"] if each["segment"] == segment]
    return [each["sequence"] for each in rows if not each["leg"]][-1]


def left(ground: Ground, leader: int, *path: int) -> dict:
    """The claim that a bundle tried other segments than it should."""
    return treated(ground, leader, path=list(path))


@forgery("nodes: an open segment displaces no order", "the last order of an open segment moves on")
def left_open() -> Forged:
    return forged(calm(), claim=left(calm(), last_bundle(calm(), FAST), SLOW))


@forgery("nodes: an open segment holds up no order", "it is held though the overflow is open")
def held_open() -> Forged:
    ground = batch(HELD_OPEN)
    return forged(ground, claim=left(ground, last_bundle(ground, SLOW)))


HELD_OPEN = 2


def early_leaver(ground: Ground) -> int:
    """The sequence number of an order of the fast segment that is not its last."""
    number = lone(ground, lambda cells: bool(cells["slope"] and cells["segment"] == FAST))
    return ground.honest["orders", "sequence"][number]


@forgery("orders: closing_gap", "an order leaves before its segment closed")
def left_early() -> Forged:
    return forged(half(), claim=left(half(), early_leaver(half()), SLOW))


@forgery("closing", "it says that its segment closed earlier")
def own_bound() -> Forged:
    made, number = left_early(), where_is(half(), SLOW, early_leaver(half()))
    return fitted(made.circuit, made.instance, altered(made.columns, {"orders.bound": {number: 0}}))


def where_is(ground: Ground, segment: int, leader: int) -> int:
    """The row of an order once it has left for another segment (or is held, without one)."""
    claim = left(ground, leader, *([] if segment == HELD else [segment]))
    return [each["sequence"] for each in claim["rows"]].index(leader)


def moved_order(ground: Ground) -> int:
    """The sequence number of an order that moved to slow and is not its last."""
    return ground.honest["orders", "sequence"][lone(ground, lambda cells: bool(cells["moved"]))]


def held_early(ground: Ground) -> Forged:
    return forged(ground, claim=left(ground, moved_order(ground)))


@forgery("orders: closing_gap_again", "an order is held before the overflow segment closed")
def held_too_early() -> Forged:
    return held_early(batch(CLOSED_AGAIN))


CLOSED_AGAIN = 5


@forgery("closing_again", "it says that the overflow segment closed earlier")
def own_bound_again() -> Forged:
    ground = batch(CLOSED_AGAIN)
    number = where_is(ground, HELD, moved_order(ground))
    made = held_early(ground)
    return fitted(
        made.circuit, made.instance, altered(made.columns, {"orders.bound_again": {number: 0}})
    )


@forgery(
    "orders: an order that did not move is in its primary segment",
    "an order is served by another segment without a word",
)
def silent_move() -> Forged:
    ground = half()
    leader = early_leaver(ground)
    number = where_is(ground, SLOW, leader)
    made = left_early()
    head = head_of(made, FAST)
    displaced = made.columns["nodes", "displaced"][head]
    changes = {f"orders.{name}": {number: 0} for name in ("moved", "target", "bound")}
    return fitted(
        made.circuit,
        made.instance,
        altered(made.columns, changes | {"nodes.displaced": {head: displaced - 1}}),
    )


def head_of(made: Forged, segment: int) -> int:
    parameters = made.instance.parameters
    return next(
        slot
        for slot, exists in enumerate(parameters.exists)
        if exists and parameters.segment[slot] == segment
    )


def to_spare(*, rerouted: bool) -> Forged:
    """A held order of the fast segment is served by the spare one, which is nobody's overflow."""
    ground = busy()
    number = lone(ground, lambda cells: bool(cells["held"] and cells["primary"] == FAST))
    again = ground.honest["orders", "bound_again"][number]
    leader = ground.honest["orders", "sequence"][number]
    claim = left(ground, leader, SPARE)
    number = where_is(ground, SPARE, leader)
    made = forged(ground, claim=claim)
    changes = {"orders.target": {number: SLOW}}
    if rerouted:
        head = head_of(made, SLOW)
        count = made.columns["nodes", "displaced_again"][head]
        changes |= {
            "orders.rerouted": {number: 1},
            "orders.bound_again": {number: again},
            "nodes.displaced_again": {head: count + 1},
        }
    return fitted(made.circuit, made.instance, altered(made.columns, changes))


@forgery(
    "orders: an order stands where its segment sent it unless rerouted",
    "an order is served by a segment that its own does not send to",
)
def served_elsewhere() -> Forged:
    return to_spare(rerouted=False)


@forgery("orders: only held orders were rerouted", "the same, said to be rerouted")
def served_as_rerouted() -> Forged:
    return to_spare(rerouted=True)


LOW_SLOW_RULE = BUSY_RULE.replace(
    'segment = "slow"\npriority = 3', 'segment = "slow"\npriority = 0'
).replace("saturation = 190", "saturation = 20")
"""The slow segment is saturated from the beginning, and its orders come first."""


@forgery("orders: rerouted is zero or one", "two orders rerouted twofold and minus twofold")
def rerouted_twice() -> Forged:
    """Only the order with the smallest sort key of all can be rerouted minus twofold."""
    ground = batch(REROUTED, LOW_SLOW_RULE)
    case = ground.case
    carried = [{**case["carried"][0], "sequence": 0, "leg": False}]
    ground = Ground(case | {"carried": carried})
    first = row(
        ground,
        lambda cells: bool(
            cells["held"] and not cells["priority"] and not cells["sequence"] and cells["primary"]
        ),
    )
    other = row(
        ground, lambda cells: bool(cells["held"] and cells["primary"] and cells["sequence"])
    )
    return forged(ground, {"orders.rerouted": {first: -2, other: 2}})


REROUTED = 1


# What segments say of their end


@forgery("nodes: saturation_room", "a saturated segment takes one more order")
def one_more_though_saturated() -> Forged:
    return taken_though_closed("saturation", SLOW)


@forgery("nodes: breaker_room", "a segment takes one more order behind its breaker")
def one_more_though_tripped() -> Forged:
    return taken_though_closed("breaker", FAST)


def taken_though_closed(reason: str, segment: int) -> Forged:
    """The first bundle that one segment turned away stays."""
    ground = half() if reason == "breaker" else busy()
    bundles = settled_bundles(ground.case, ground.right)
    away = [
        each["turn"]
        for each in bundles
        if not each["rejected"]
        and each["group"] != segment
        and (each["primary"] == segment or (segment == SLOW and each["group"] == HELD))
    ]
    first = min(away)

    def insist(bundle: dict, where: int, reasons: set[str]) -> bool:
        return bool(reasons) and (bundle["turn"], where) != (first, segment)

    return forged(ground, claim=follow(ground.case, ground.right, turned_away=insist))


@forgery("nodes: only heads displace", "a node that is no head sends an order backwards")
def backwards() -> Forged:
    ground = batch(BACKWARDS, OPEN_FAST_RULE)
    leader = next(
        each["sequence"]
        for each in ground.right["rows"][::-1]
        if each["status"] == oracle.HELD and not each["leg"]
    )
    claim = left(ground, leader, FAST)
    made = forged(ground, claim=claim)
    rows = [each["sequence"] for each in claim["rows"]]
    bundle = [rows.index(leader)]
    while claim["rows"][bundle[-1] + 1]["leg"]:
        bundle.append(bundle[-1] + 1)
    head = head_of(made, SLOW)
    other = next(
        slot
        for slot, exists in enumerate(made.instance.parameters.exists)
        if exists and slot != head and made.instance.parameters.segment[slot] == SLOW
    )
    count = made.columns["nodes", "displaced"][head]
    changes = {
        "orders.bound": dict.fromkeys(bundle, 0),
        "nodes.displaced": {head: count - len(bundle), other: len(bundle)},
    }
    return fitted(made.circuit, made.instance, altered(made.columns, changes))


BACKWARDS = 10


@forgery("nodes: only heads hold up", "an order is held up by a node that is no head")
def held_up_by_another() -> Forged:
    ground = busy()
    number = row(ground, lambda cells: bool(cells["rerouted"]))
    made = forged(ground)
    head = head_of(made, SLOW)
    other = next(
        slot
        for slot, exists in enumerate(made.instance.parameters.exists)
        if exists and slot != head and made.instance.parameters.segment[slot] == SLOW
    )
    count = made.columns["nodes", "displaced_again"][head]
    return forged(
        ground,
        {
            "orders.bound_again": {number: 0},
            "nodes.displaced_again": {head: count - 1, other: 1},
        },
    )
