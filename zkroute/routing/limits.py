"""Limits of a batch, refused with a reason before anything could wrap or break a promise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import Indices
from zkroute.model.policy import Policy
from zkroute.routing.batch import SEQUENCE_BITS, CarriedOrders
from zkroute.routing.parameters import NodeParameters
from zkroute.routing.placement import Placement


class BatchLimitError(UsageError):
    """These orders cannot be one batch; fewer of them, or later, may be."""


def check_sequences(
    policy: Policy, first_sequence: int, count: int, carried: CarriedOrders | None
) -> None:
    """Sequence numbers fit, and carried orders came earlier and are whole bundles."""
    if first_sequence < 0 or first_sequence + count > 1 << SEQUENCE_BITS:
        raise UsageError(f"sequence numbers must be 0 to 2^{SEQUENCE_BITS} - 1")
    if carried is None or not len(carried):
        return
    if carried.orders.policy_digest != policy.digest or len(carried.orders) != len(carried):
        raise MismatchError(f"carried orders were not prepared for policy {policy.name!r}")
    if len(carried) > (policy.carry or 0):
        raise MismatchError(
            f"{len(carried)} orders are carried; policy {policy.name!r} carries {policy.carry or 0}"
        )
    sequence, is_leg = carried.sequence.tolist(), carried.orders.is_leg.tolist()
    in_order = is_leg[0] is False and sequence[-1] < first_sequence
    for before, number, leg in zip(sequence, sequence[1:], is_leg[1:], strict=False):
        in_order = in_order and before < number and (not leg or number == before + 1)
    if not in_order:
        raise MismatchError(
            "carried orders must be whole bundles, ascending by sequence number, and older than "
            f"the new orders, which begin at {first_sequence}"
        )


def check_keys(
    policy: Policy,
    parameters: NodeParameters,
    placement: Placement,
    costs: list[int],
    name: Callable[[int], str],
) -> None:
    """Refuse a batch in which some key leaves its width, naming the first order that did it.

    Keys only grow, so looking at the final ones is enough; work never exceeds its key. `costs`
    are per position, `name` tells a person which order a position is. Raises BatchLimitError.
    """
    slots, bits = policy.slots, policy.widths.key_bits
    wide = {slot: key for slot, key in placement.final_keys.items() if key >> bits}
    if not wide:
        return
    for positions, composites in zip(placement.placed, placement.composites, strict=True):
        for position, composite in zip(positions.tolist(), composites, strict=True):
            slot, key = composite % slots, composite // slots
            if slot in wide and (key + parameters.slope[slot] * costs[position]) >> bits:
                raise BatchLimitError(
                    f"{name(position)} takes the key of node {parameters.names[slot]!r} past "
                    f"{bits} bits; route a smaller batch, let more time pass so that work "
                    "drains, or use a policy with smaller slopes or costs"
                )
    slot, key = next(iter(wide.items()))
    raise BatchLimitError(
        f"node {parameters.names[slot]!r} starts the batch with key {key}, past {bits} bits; "
        "let more time pass so that its work drains, or mark it down"
    )


def check_held(policy: Policy, held: int) -> None:
    """Refuse a batch that holds more orders than the next one may begin with. BatchLimitError."""
    if policy.carry is not None and held > policy.carry:
        raise BatchLimitError(
            f"{held} orders would be held for the next batch, and policy {policy.name!r} carries "
            f"at most {policy.carry}; route a smaller batch"
        )


def check_shares(policy: Policy, parameters: NodeParameters, node: Indices) -> None:
    """Refuse a batch that breaks the policy's promise on the largest share. BatchLimitError.

    `node` holds the slot of every placed order.
    """
    percent = policy.publish.max_share_percent
    if percent is None or not len(node):
        return
    counts = np.bincount(node)
    slot = int(np.argmax(counts))
    if int(counts[slot]) * 100 > percent * len(node):
        raise BatchLimitError(
            f"node {parameters.names[slot]!r} gets {counts[slot]} of {len(node)} placed orders; "
            f"policy {policy.name!r} promises at most {percent} %, so this batch cannot be proven"
        )
