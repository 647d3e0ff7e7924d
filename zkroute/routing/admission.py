"""What an order must fulfil before it gets a number: every number has to be in some batch."""

from __future__ import annotations

import numpy as np

from zkroute.errors import UsageError
from zkroute.model.order import Orders
from zkroute.model.policy import Policy
from zkroute.routing.parameters import NodeParameters
from zkroute.routing.router import order_costs


def check_admission(policy: Policy, orders: Orders, nodes: NodeParameters | None = None) -> None:
    """Every order, with its legs, could go to any of the nodes if that had nothing to do.

    Sequence numbers have no gaps, so an order that no batch can place would stop the router for
    good. Without ``nodes`` they are taken to be the fastest that there can be. Raises UsageError
    naming the order.
    """
    if not len(orders):
        return
    leaders = np.flatnonzero(~orders.is_leg)
    totals = np.add.reduceat(order_costs(policy, orders), leaders)
    slope, base = (max(nodes.slope), max(nodes.base)) if nodes is not None else (1, 0)
    bits = policy.widths.key_bits
    for leader, total in zip(leaders.tolist(), totals.tolist(), strict=True):
        if base + slope * total >> bits:
            raise UsageError(
                f"{orders.describe(leader)} costs {total} with its legs, which takes the key of an "
                f"idle node past {bits} bits; no batch could place it"
            )
