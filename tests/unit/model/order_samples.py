"""A small policy, orders for it, and where the fields of a record stand."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from tests.unit.model.test_policy import SMALL
from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders
from zkroute.model.policy import parse_policy

POLICY = parse_policy(SMALL, "policy.toml")

OFFSETS = {
    "instrument": (0, 16),
    "tier": (16, 16),
    "intent": (32, 16),
    "order_type": (48, 16),
    "fee_class": (64, 16),
    "side": (80, 1),
    "flags": (81, 1),
    "reserved": (82, 6),
    "account": (88, 8),
    "size": (96, 8),
    "price": (104, 8),
    "margin": (112, 16),
    "time_ms": (128, 8),
    "client_order_id": (136, 32),
    "payload_sha256": (168, 32),
    "salt": (200, 32),
}


@overload
def sample_orders(count: int, columns_only: Literal[False] = ...) -> Orders: ...
@overload
def sample_orders(count: int, columns_only: Literal[True]) -> OrderColumns: ...
def sample_orders(count: int, columns_only: bool = False) -> Orders | OrderColumns:
    numbers = np.arange(count)
    words = numbers.astype(np.uint64)
    columns = OrderColumns(
        digits=(numbers * 0, numbers % 2, numbers // 2 % 2, numbers * 0, numbers * 0),
        side=(1 + numbers % 2).astype(np.uint8),
        account=words.copy(),
        size=words + np.uint64(1),
        price=words * np.uint64(7) + np.uint64(3),
        margin=np.stack([words, words * np.uint64(0)], axis=1),
        time_ms=words.copy(),
        client_order_id=np.array([f"id-{number}" for number in numbers], dtype="S32"),
        payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, dtype=np.uint8), (count, 1)),
    )
    return columns if columns_only else new_orders(POLICY, columns)
