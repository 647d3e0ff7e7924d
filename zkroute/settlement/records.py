"""One order's record, as a trader or a regulator holds it."""

from __future__ import annotations

import numpy as np

from zkroute.errors import MalformedError
from zkroute.model.order import LEG_OF_PREVIOUS, ORDER_RECORD, Orders, orders_from_records
from zkroute.model.policy import Policy


def order_of_record(record: bytes, policy: Policy) -> Orders:
    """The one order of a record, which may be a leg. Raises MalformedError."""
    if len(record) != ORDER_RECORD.itemsize:
        raise MalformedError(f"an order record has {ORDER_RECORD.itemsize} bytes")
    # a leg is only read after an order it can ride with, so any leader will do
    records = np.frombuffer(record * 2, dtype=ORDER_RECORD).copy()
    records["flags"][0] &= np.uint8(0xFF ^ LEG_OF_PREVIOUS)
    return orders_from_records(records, policy, "order record").take(slice(1, 2))
