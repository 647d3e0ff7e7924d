"""How the carry table is filled; columns as in circuits/tables/carry.py."""

from __future__ import annotations

import numpy as np

from circuits.routing import RoutingCircuit
from prover.trace.limbs import Trace, from_small, padded
from zkroute.model.order import digests
from zkroute.routing.batch import CarriedOrders


def carry_columns(circuit: RoutingCircuit, held: CarriedOrders | None, when: str) -> Trace:
    """The three columns of orders held ``before`` or ``after`` the batch, in sequence order."""
    rows = 1 << circuit.shape.log_carry_rows
    count = 0 if held is None else len(held.sequence)
    sequence = np.zeros(0, dtype=np.uint64) if held is None else held.sequence
    digest = np.zeros((0, 4), dtype=np.uint64) if held is None else digests(held.orders.records)
    return {
        f"sequence_{when}": from_small(sequence, rows),
        f"digest_{when}": padded(digest, rows),
        f"used_{when}": from_small(np.ones(count, dtype=np.uint64), rows),
    }
