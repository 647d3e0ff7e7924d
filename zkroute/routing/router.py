"""The router: the policy's rule carried out order by order. This is the executable specification.

Each segment takes its orders by (priority, arrival). Each order goes to the segment's node with
the smallest composite (base + slope * work) * slots + slot, so ties go to the lower slot; the
node's work then grows by the order's cost.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import Indices, Orders, Words
from zkroute.model.policy import Policy
from zkroute.routing.parameters import WORK_LIMIT, NodeParameters, route_entries

_LOW_WORD = (1 << 64) - 1


@dataclass(frozen=True)
class RoutedBatch:
    """A routed batch; per-order arrays are in processing order (segment, priority, arrival).

    `arrival` int64: the order's position in the batch as it came. `segment`, `priority`, `node`
    int64. `composite` (n, 2) uint64, low word first: the chosen node's composite before the
    order. `work` uint64: that node's work before the order. `cost` uint64: what the order added.
    `work_in` (drained) and `work_out`: per slot, Python integers below 2^64.
    """

    arrival: Indices
    segment: Indices
    priority: Indices
    node: Indices
    composite: Words
    work: Words
    cost: Words
    work_in: list[int]
    work_out: list[int]

    def __len__(self) -> int:
        return len(self.arrival)


def route(
    policy: Policy, parameters: NodeParameters, work_before: Sequence[int], orders: Orders
) -> RoutedBatch:
    """The one routing of `orders` the policy allows, given each slot's work after the last batch.

    `parameters` must come from `node_parameters` for the same policy.
    Raises UsageError naming order or node before any cost, key or work leaves its width;
    MismatchError where the orders were checked against another policy.
    """
    if orders.policy_digest != policy.digest or len(parameters.exists) != policy.slots:
        raise MismatchError(f"orders and nodes were not prepared for policy {policy.name!r}")
    work_in = drained(parameters, work_before, policy.slots)
    entries = np.array(route_entries(policy), dtype=np.int64)
    segment = entries[orders.class_index, 1]
    priority = entries[orders.class_index, 2]
    arrival = np.argsort(segment * 256 + priority, kind="stable")
    segment, priority = segment[arrival], priority[arrival]
    cost = order_costs(policy, orders)[arrival]
    costs = cost.tolist()
    composites, final_keys = _spread(policy, parameters, work_in, segment, costs)
    _check_keys(
        policy,
        parameters,
        orders=orders,
        arrival=arrival,
        costs=costs,
        composites=composites,
        final_keys=final_keys,
    )
    node = np.array([value & (policy.slots - 1) for value in composites], dtype=np.int64)
    return RoutedBatch(
        arrival=arrival,
        segment=segment,
        priority=priority,
        node=node,
        composite=_words(composites),
        work=_work_of_rows(policy, parameters, composites),
        cost=cost,
        work_in=work_in,
        work_out=_final_work(parameters, work_in, final_keys),
    )


def drained(parameters: NodeParameters, work_before: Sequence[int], slots: int) -> list[int]:
    """Work of every slot at the start of a batch: what was left, less what drained, never < 0.

    Raises UsageError where `work_before` does not have one value below 2^64 per slot.
    """
    if len(work_before) != slots:
        raise UsageError(f"work is given for {len(work_before)} slots; the chain has {slots}")
    for slot, work in enumerate(work_before):
        if not 0 <= work < WORK_LIMIT:
            raise UsageError(f"work {work} of slot {slot} is not within 0 to 2^64 - 1")
    return [
        max(0, int(work) - drain) for work, drain in zip(work_before, parameters.drain, strict=True)
    ]


def order_costs(policy: Policy, orders: Orders) -> Words:
    """Cost of every order in arrival order: uint64, at least 1, below 2^cost_bits.

    Raises UsageError naming the first order whose cost is outside that range.
    """
    kind, unit = policy.cost.kind, policy.cost.unit
    if kind == "unit":
        return np.ones(len(orders), dtype=np.uint64)
    if kind == "size":
        costs = orders.size.tolist()
    else:
        pairs = zip(orders.size.tolist(), orders.price.tolist(), strict=True)
        costs = [-(-size * price // unit) for size, price in pairs]
    limit = 1 << policy.widths.cost_bits
    if costs and not (min(costs) >= 1 and max(costs) < limit):
        position = next(i for i, cost in enumerate(costs) if not 1 <= cost < limit)
        raise UsageError(
            f"{orders.describe(position)} costs {costs[position]} by {kind}; a cost must be "
            f"at least 1 and below 2^{policy.widths.cost_bits}"
        )
    return np.array(costs, dtype=np.uint64)


def _spread(
    policy: Policy,
    parameters: NodeParameters,
    work_in: list[int],
    segment: Indices,
    costs: list[int],
) -> tuple[list[int], dict[int, int]]:
    """Composite each row chose (before its cost), and the final key of every eligible slot."""
    slots, mask = policy.slots, policy.slots - 1
    steps = [slope * slots for slope in parameters.slope]
    bounds = np.searchsorted(segment, np.arange(len(policy.segments) + 1)).tolist()
    composites: list[int] = []
    final_keys: dict[int, int] = {}
    for index in range(len(policy.segments)):
        heap = _starting_composites(parameters, work_in, index)
        heapq.heapify(heap)
        for cost in costs[bounds[index] : bounds[index + 1]]:
            smallest = heap[0]
            composites.append(smallest)
            heapq.heapreplace(heap, smallest + steps[smallest & mask] * cost)
        final_keys.update((composite & mask, composite // slots) for composite in heap)
    return composites, final_keys


def _starting_composites(parameters: NodeParameters, work_in: list[int], segment: int) -> list[int]:
    slots = len(work_in)
    return [
        (parameters.base[slot] + parameters.slope[slot] * work_in[slot]) * slots + slot
        for slot in range(slots)
        if parameters.exists[slot] and parameters.segment[slot] == segment
    ]


def _check_keys(
    policy: Policy,
    parameters: NodeParameters,
    *,
    orders: Orders,
    arrival: Indices,
    costs: list[int],
    composites: list[int],
    final_keys: dict[int, int],
) -> None:
    """Refuse a batch in which some key leaves its width, naming the first order that did it.

    Keys only grow, so looking at the final ones is enough; work never exceeds its key.
    """
    slots, bits = policy.slots, policy.widths.key_bits
    wide = {slot: key for slot, key in final_keys.items() if key >> bits}
    if not wide:
        return
    for position, composite, cost in zip(arrival.tolist(), composites, costs, strict=True):
        slot = composite % slots
        if slot in wide and (composite // slots + parameters.slope[slot] * cost) >> bits:
            raise UsageError(
                f"{orders.describe(position)} takes the key of node "
                f"{parameters.names[slot]!r} past {bits} bits; route a smaller batch, let more "
                "time pass so that work drains, or use a policy with smaller slopes or costs"
            )
    slot, key = next(iter(wide.items()))
    raise UsageError(
        f"node {parameters.names[slot]!r} starts the batch with key {key}, past {bits} bits; "
        "let more time pass so that its work drains, or mark it down"
    )


def _words(values: list[int]) -> Words:
    """(n, 2) uint64 words of values below 2^128, low word first."""
    words = np.empty((len(values), 2), dtype=np.uint64)
    words[:, 0] = [value & _LOW_WORD for value in values]
    words[:, 1] = [value >> 64 for value in values]
    return words


def _work_of_rows(policy: Policy, parameters: NodeParameters, composites: list[int]) -> Words:
    """The chosen node's work before each order, recovered from its composite (exact)."""
    slots, mask = policy.slots, policy.slots - 1
    base, slope = parameters.base, parameters.slope
    works = [
        (composite // slots - base[composite & mask]) // slope[composite & mask]
        for composite in composites
    ]
    return np.array(works, dtype=np.uint64)


def _final_work(
    parameters: NodeParameters, work_in: list[int], final_keys: dict[int, int]
) -> list[int]:
    work_out = list(work_in)
    for slot, key in final_keys.items():
        work_out[slot] = (key - parameters.base[slot]) // parameters.slope[slot]
    return work_out
