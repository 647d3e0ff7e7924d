"""The router: the policy's rule carried out order by order. This is the executable specification.

Each segment takes its bundles by (priority, sequence of the leader) until it closes. A bundle goes
to the segment's node with the smallest composite (base + slope * work) * slots + slot, so ties go
to the lower slot; the node's work then grows by the cost of every order of the bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import Indices, Orders, Words, joined_orders
from zkroute.model.policy import Policy
from zkroute.routing.batch import (
    HELD,
    PLACED,
    REJECTED,
    CarriedOrders,
    RoutedBatch,
)
from zkroute.routing.judgement import judge
from zkroute.routing.limits import check_held, check_keys, check_sequences, check_shares
from zkroute.routing.parameters import WORK_LIMIT, NodeParameters
from zkroute.routing.placement import Placement, Queued, place

Number = TypeVar("Number", np.int64, np.uint64)
_LOW_WORD = (1 << 64) - 1


def route(
    policy: Policy,
    parameters: NodeParameters,
    work_before: Sequence[int],
    orders: Orders,
    first_sequence: int = 0,
    carried: CarriedOrders | None = None,
) -> RoutedBatch:
    """The one routing of `carried` and `orders` the policy allows.

    `work_before`: each slot's work after the last batch. `orders` get the sequence numbers
    from `first_sequence` on; `carried` is what the last batch held. `parameters` must come from
    `node_parameters` for the same policy.

    Raises UsageError naming order or node before any cost, key, work or sequence number leaves its
    width, where more orders would be held than the policy carries, and where a node would get a
    larger share than the policy promises; MismatchError where orders, carried orders and nodes
    were not made for this policy and this place in the chain.
    """
    if orders.policy_digest != policy.digest or len(parameters.exists) != policy.slots:
        raise MismatchError(f"orders and nodes were not prepared for policy {policy.name!r}")
    check_sequences(policy, first_sequence, len(orders), carried)
    carried_count = 0 if carried is None else len(carried)
    documents, sequence, cost = _queue(policy, orders, first_sequence, carried)
    work_in = drained(parameters, work_before, policy.slots)
    judgement = judge(policy, documents, parameters.gas_level)
    queued = Queued(judgement, documents.is_leg, cost.tolist())
    placement = place(policy, parameters, work_in, queued)
    source = _rows(placement, judgement.is_rejected, judgement.priority)
    composites = [composite for part in placement.composites for composite in part]
    check_keys(policy, parameters, placement, queued.cost, _names(documents, carried_count))
    check_held(policy, len(placement.held))
    composite = _words(composites)
    # the low bits of a composite are the slot
    node = (composite[:, 0] & np.uint64(policy.slots - 1)).astype(np.int64)
    check_shares(policy, parameters, node)
    count = len(source)
    return RoutedBatch(
        source=source,
        sequence=sequence[source],
        status=_status(count, len(composites), len(placement.held)),
        segment=_groups(placement, count),
        primary=judgement.primary[source],
        priority=judgement.priority[source],
        leg=documents.is_leg[source].astype(np.int64),
        high=judgement.is_high[source].astype(np.int64),
        liquidation=judgement.in_liquidation[source].astype(np.int64),
        short=judgement.is_short[source].astype(np.int64),
        shard=judgement.shard[source],
        carried=(source < carried_count).astype(np.int64),
        node=_with_zeros(node, count),
        composite=_with_zeros(composite, count),
        cost=cost[source],
        work_in=work_in,
        work_out=_final_work(parameters, work_in, placement.final_keys),
        closing=placement.closing,
        documents=documents,
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


def _queue(
    policy: Policy, orders: Orders, first_sequence: int, carried: CarriedOrders | None
) -> tuple[Orders, Words, Words]:
    """Carried and then new orders, with their sequence numbers and costs."""
    sequence = np.uint64(first_sequence) + np.arange(len(orders), dtype=np.uint64)
    cost = order_costs(policy, orders)
    if carried is None or not len(carried):
        return orders, sequence, cost
    return (
        joined_orders(carried.orders, orders),
        np.concatenate([carried.sequence, sequence]),
        np.concatenate([order_costs(policy, carried.orders), cost]),
    )


def _rows(placement: Placement, is_rejected: np.ndarray, priority: Indices) -> Indices:
    """Positions of all orders in processing order."""
    rejected = np.flatnonzero(is_rejected)
    rejected = rejected[np.argsort(priority[rejected], kind="stable")]
    return np.concatenate([*placement.placed, placement.held, rejected])


def _groups(placement: Placement, count: int) -> Indices:
    """Group of every row: its segment, or one of the two numbers above them."""
    lengths = [*map(len, placement.placed), len(placement.held)]
    lengths.append(count - sum(lengths))
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def _status(count: int, placed: int, held: int) -> Indices:
    lengths = [placed, held, count - placed - held]
    return np.repeat(np.array([PLACED, HELD, REJECTED], dtype=np.int64), lengths)


def _names(documents: Orders, carried_count: int) -> Callable[[int], str]:
    """How to name the order at a position to a person: new orders are counted from 1."""

    def name(position: int) -> str:
        if position < carried_count:
            return f"carried {documents.describe(position)}"
        return documents.describe(position, position - carried_count + 1)

    return name


def _words(values: list[int]) -> Words:
    """(n, 2) uint64 words of values below 2^128, low word first."""
    words = np.zeros((len(values), 2), dtype=np.uint64)
    if max(values, default=0) <= _LOW_WORD:
        words[:, 0] = values
    else:
        words[:, 0] = [value & _LOW_WORD for value in values]
        words[:, 1] = [value >> 64 for value in values]
    return words


def _with_zeros(values: NDArray[Number], count: int) -> NDArray[Number]:
    """The values of the placed rows, then zeros for the other rows."""
    padded = np.zeros((count, *values.shape[1:]), dtype=values.dtype)
    padded[: len(values)] = values
    return padded


def _final_work(
    parameters: NodeParameters, work_in: list[int], final_keys: dict[int, int]
) -> list[int]:
    work_out = list(work_in)
    for slot, key in final_keys.items():
        work_out[slot] = (key - parameters.base[slot]) // parameters.slope[slot]
    return work_out
