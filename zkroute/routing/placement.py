"""Placing orders on nodes, segment by segment; segments close, and what they leave moves on."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from zkroute.errors import MismatchError
from zkroute.model.order import Indices
from zkroute.model.policy import Policy
from zkroute.model.policy_segments import Segment
from zkroute.routing.batch import SegmentEnd
from zkroute.routing.judgement import Flags, Judgement
from zkroute.routing.parameters import NodeParameters

_NEVER = 1 << 128
"""Above any composite and any sum of costs."""
_POSITION_BITS = 32


@dataclass(frozen=True)
class Queued:
    """All orders that ask for a place, by their position: what placing looks at.

    `cost` holds Python integers per position.
    """

    judgement: Judgement
    is_leg: Flags
    cost: list[int]


@dataclass
class Placement:
    """Where orders went. Per segment index: positions placed, in order, and their composites.

    `held` holds positions by (priority, position). `final_keys`: key of every eligible slot.
    """

    placed: list[Indices]
    composites: list[list[int]]
    closing: list[SegmentEnd]
    held: Indices
    final_keys: dict[int, int] = field(default_factory=dict)


def place(
    policy: Policy, parameters: NodeParameters, work_in: list[int], queued: Queued
) -> Placement:
    """The one placement the policy allows of the orders that are not rejected.

    Raises MismatchError where a segment that has orders has no eligible node.
    """
    count = len(policy.segments)
    nothing = np.zeros(0, dtype=np.int64)
    end = SegmentEnd(False, False, 0, 0)
    result = Placement([nothing] * count, [[] for _ in range(count)], [end] * count, nothing)
    queues = _primary_queues(queued.judgement, count)
    held = [nothing]
    for index in policy.placement_order:
        segment = policy.segments[index]
        queue = np.sort(queues[index])
        positions = queue & ((1 << _POSITION_BITS) - 1)
        heap = starting_composites(parameters, work_in, index)
        if len(queue) and not heap:
            raise MismatchError(f"segment {segment.name!r} has orders, but no node of it is up")
        costs = [queued.cost[position] for position in positions.tolist()]
        is_leg = queued.is_leg[positions]
        composites = _fill(segment, heap, parameters, costs, is_leg)
        placed = len(composites)
        result.placed[index], result.composites[index] = positions[:placed], composites
        result.closing[index] = _end(segment, heap, policy.slots, costs[:placed], is_leg)
        result.final_keys.update(
            (composite % policy.slots, composite // policy.slots) for composite in heap
        )
        left = queue[placed:]
        own = queued.judgement.primary[positions[placed:]] == index
        if segment.overflow is not None:
            target = policy.segment_index(segment.overflow)
            queues[target] = np.concatenate([queues[target], left[own]])
            left = left[~own]
        held.append(left)
    result.held = np.sort(np.concatenate(held)) & ((1 << _POSITION_BITS) - 1)
    return result


def starting_composites(parameters: NodeParameters, work_in: list[int], segment: int) -> list[int]:
    """(base + slope * work) * slots + slot of every eligible node of a segment, as a heap."""
    slots = len(work_in)
    heap = [
        (parameters.base[slot] + parameters.slope[slot] * work_in[slot]) * slots + slot
        for slot in range(slots)
        if parameters.exists[slot] and parameters.segment[slot] == segment
    ]
    heapq.heapify(heap)
    return heap


def _primary_queues(judgement: Judgement, count: int) -> list[Indices]:
    """Per segment its own orders, each as priority * 2^32 + position."""
    positions = np.flatnonzero(~judgement.is_rejected)
    primary = judgement.primary[positions]
    keys = (judgement.priority[positions] << _POSITION_BITS) | positions
    order = np.argsort(primary, kind="stable")
    bounds = np.searchsorted(primary[order], np.arange(count + 1))
    keys = keys[order]
    return [keys[bounds[index] : bounds[index + 1]] for index in range(count)]


def _fill(
    segment: Segment, heap: list[int], parameters: NodeParameters, costs: list[int], is_leg: Flags
) -> list[int]:
    """Composites of the orders the segment takes, in turn, until it closes; updates `heap`."""
    slots = len(parameters.slope)
    steps = [slope * slots for slope in parameters.slope]
    if segment.can_close or is_leg.any():
        return _fill_bundles(segment, heap, steps, costs, is_leg)
    mask = slots - 1
    composites = []
    for cost in costs:
        smallest = heap[0]
        composites.append(smallest)
        heapq.heapreplace(heap, smallest + steps[smallest & mask] * cost)
    return composites


def _fill_bundles(
    segment: Segment, heap: list[int], steps: list[int], costs: list[int], is_leg: Flags
) -> list[int]:
    """The same where bundles stay together and the segment may close between them.

    The heap's root is brought up to date only when the next leader comes, so that legs find the
    node of their leader.
    """
    mask = len(steps) - 1
    ceiling = _NEVER if segment.saturation is None else segment.saturation * len(steps)
    breaker = _NEVER if segment.breaker is None else segment.breaker
    composites: list[int] = []
    if not costs:
        return composites
    composite, cumulative = heap[0], 0
    for cost, leg in zip(costs, is_leg.tolist(), strict=True):
        if not leg:
            heapq.heapreplace(heap, composite)
            composite = heap[0]
            if composite >= ceiling or cumulative >= breaker:
                break
        composites.append(composite)
        composite += steps[composite & mask] * cost
        cumulative += cost
    heapq.heapreplace(heap, composite)
    return composites


def _end(
    segment: Segment, heap: list[int], slots: int, costs: list[int], is_leg: Flags
) -> SegmentEnd:
    """How the segment stands with what it placed: the first `len(costs)` of its queue."""
    cumulative = sum(costs)
    leaders = np.flatnonzero(~is_leg[: len(costs)])
    last_leader = int(leaders[-1]) if len(leaders) else 0
    saturation, breaker = segment.saturation, segment.breaker
    return SegmentEnd(
        closed_by_saturation=saturation is not None
        and all(composite // slots >= saturation for composite in heap),
        closed_by_breaker=breaker is not None and cumulative >= breaker,
        cumulative=cumulative,
        cumulative_before_leader=sum(costs[:last_leader]),
    )
