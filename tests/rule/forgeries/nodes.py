"""Work in and out of nodes, thresholds, and what segments say of their end."""

from __future__ import annotations

from tests.rule.forgeries.orders import on_another_node
from tests.rule.forging import Forged, forged, forgery, patch
from tests.rule.ground import Ground, batch
from tests.rule.grounds import SILENT_RULE, busy, calm

EMPTY_SLOT = 7
SLOTS = {"fast": (0, 2, 5), "slow": (1, 4), "spare": (6,)}
"""Slot 3 is down, slot 7 has no node; both keep their work."""


def drained_to(work_in: int, carried: int) -> Forged:
    """The empty slot, which nothing drains, starts and ends the batch with other work."""
    cells = {EMPTY_SLOT: work_in}
    return forged(
        busy(),
        {
            "nodes.carried": {EMPTY_SLOT: carried},
            "nodes.work_in": cells,
            "nodes.work_after": cells,
        },
    )


def work_of_the_slot() -> int:
    return busy().honest["nodes", "work_before"][EMPTY_SLOT]


@forgery("nodes: carried is zero or one", "a slot keeps its work twofold")
def twofold() -> Forged:
    return drained_to(2 * work_of_the_slot(), 2)


@forgery("nodes: work in is what is left after draining, or zero", "a slot loses one unit of work")
def less_work() -> Forged:
    return drained_to(work_of_the_slot() - 1, 1)


@forgery("nodes: drain_distance", "a slot that drains nothing is said to be idle")
def drained_dry() -> Forged:
    return drained_to(0, 0)


@forgery("nodes: work stays where there is no eligible node", "an empty slot gains work")
def gains() -> Forged:
    return forged(busy(), {"nodes.work_after": {EMPTY_SLOT: work_of_the_slot() + 1}})


@forgery("nodes: no orders are sent to an empty slot", "an order is sent where no node stands")
def to_nowhere() -> Forged:
    """An empty slot has slope zero, so that its path goes round in a circle."""
    ground, number = batch(NOWHERE, SILENT_RULE), nowhere_row()
    orders = {name: values for (table, name), values in ground.honest.items() if table == "orders"}
    node = orders["node"][number]
    work = ground.honest["nodes", "work_after"][node]
    composite = orders["leader_composite"][number - 1] + 1
    fast = dict.fromkeys(SLOTS["fast"], composite + 1)
    counts = ground.honest["nodes", "multiplicity"]
    return forged(
        ground,
        {
            "orders.node": {number: EMPTY_SLOT},
            "orders.slope": {number: 0},
            "orders.composite": {number: composite},
            "orders.leader_composite": {number: composite},
            "nodes.work_after": {node: work - orders["cost"][number]},
            "nodes.threshold": fast,
            "nodes.multiplicity": {node: counts[node] - 1, EMPTY_SLOT: 1},
        },
    )


NOWHERE = 1


def nowhere_row() -> int:
    """The last order of the fast segment, which is alone in its bundle."""
    ground = batch(NOWHERE, SILENT_RULE)
    return next(
        ground.where(
            lambda cells: bool(
                cells["slope"] and cells["last"] and not cells["leg"] and not cells["segment"]
            )
        )
    )


@forgery("nodes: margin", "the last order of a segment goes to a node with a larger key")
def last_choice() -> Forged:
    ground = calm()
    number = last_lone(ground)
    return forged(ground, claim=on_another_node(ground, number))


def last_lone(ground: Ground) -> int:
    """The last order of some segment, alone in its bundle."""
    return next(
        ground.where(lambda cells: bool(cells["slope"] and cells["last"] and not cells["leg"]))
    )


@forgery("node", "a node's order is counted for another node")
def counted_elsewhere() -> Forged:
    ground = batch(NOWHERE, SILENT_RULE)
    counts = ground.honest["nodes", "multiplicity"]
    slot = next(slot for slot in SLOTS["fast"] if counts[slot])
    return forged(ground, {"nodes.multiplicity": {slot: counts[slot] - 1, 1: counts[1] + 1}})


@forgery("threshold", "a node knows nothing of its segment's last choice")
def own_threshold() -> Forged:
    return forged(calm(), {"nodes.threshold": {2: 0}})


@forgery("ends", "a segment claims the cost at which its breaker trips")
def own_cost() -> Forged:
    limit = calm().case["policy"]["segments"][0]["breaker"]
    return forged(calm(), {"nodes.cost_after": {0: limit}, "nodes.tripped": {0: 1}})


@forgery("nodes: breaker", "a breaker trips below its limit")
def tripped() -> Forged:
    return forged(calm(), {"nodes.tripped": {0: 1}})


@forgery("nodes: tripped is zero or one", "a breaker trips minus once")
def tripped_backwards() -> Forged:
    return forged(calm(), {"nodes.tripped": {0: -1}})


@forgery("nodes: saturation", "a segment is said to be saturated and is not")
def saturated() -> Forged:
    return forged(calm(), {"nodes.saturated": dict.fromkeys(SLOTS["slow"], 1)})


@forgery("nodes: saturated is zero or one", "a segment is saturated minus once")
def saturated_backwards() -> Forged:
    return forged(batch(BELOW), {"nodes.saturated": dict.fromkeys(SLOTS["slow"], -1)})


BELOW = 20

for constraint, column, value, story in (
    ("an empty segment has threshold zero", "threshold", 5, "says a threshold"),
    ("only a segment that received orders has a bound", "bound", 5, "says a sort key"),
    ("only a segment with a ceiling saturates", "saturated", 1, "saturates without a ceiling"),
    ("only a segment with a breaker trips", "tripped", 1, "trips without a breaker"),
    ("an empty segment has no cost before", "cost_before", 5, "says a cost before its last order"),
    ("an empty segment has no cost after", "cost_after", 5, "says a cost"),
):
    patch(
        f"nodes: {constraint}",
        f"the segment without orders {story}",
        lambda column=column, value=value: forged(calm(), {f"nodes.{column}": {6: value}}),
    )


@forgery("nodes: an empty slot has threshold zero", "a slot without a node says a threshold")
def slot_threshold() -> Forged:
    return forged(calm(), {"nodes.threshold": {EMPTY_SLOT: 5}})
