"""A small policy and orders for it."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from tests.unit.model.test_policy import SMALL
from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders
from zkroute.model.policy import parse_policy

POLICY = parse_policy(SMALL, "policy.toml")


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
