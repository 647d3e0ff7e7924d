"""A brute-force case written out as the documents and orders the package reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from tests.property.brute_force import FIELDS
from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders

if TYPE_CHECKING:
    from zkroute.model.policy import Policy


def policy_text(case: dict) -> str:
    policy = case["policy"]
    lines = ['name = "random"', 'chain = "test"', f"slots = {policy['slots']}", "[classes]"]
    lines += [f"{field}s = {json.dumps(policy['lists'][field])}" for field in FIELDS]
    lines += ["[cost]", f'kind = "{policy["cost"]}"']
    if policy["cost"] == "notional":
        lines.append(f"unit = {policy['unit']}")
    lines.append("[key]")
    lines += [f"{key} = {policy[key]}" for key in ("gas_weight", "latency_weight")]
    if policy["reputation_weight"]:
        lines += [f"{key} = {policy[key]}" for key in ("reputation_weight", "max_reputation")]
    lines.append(f'slope = "{policy["slope"]}"')
    if policy["slope"] == "inverse-capacity":
        lines.append(f"slope_scale = {policy['slope_scale']}")
    lines += ["[queue]", f'drain = "{policy["drain"]}"']
    for name in policy["segments"]:
        lines += ["[[segments]]", f'name = "{name}"', f'nodes = {{ groups = ["{name}"] }}']
    for route in policy["routes"]:
        match = ", ".join(f"{field} = {json.dumps(v)}" for field, v in route["match"].items())
        lines += ["[[routes]]", f"match = {{ {match} }}", f'segment = "{route["segment"]}"']
        lines.append(f"priority = {route['priority']}")
    return "\n".join(lines)


def snapshot_text(case: dict) -> str:
    lines = ["epoch = 1"]
    for node in case["nodes"]:
        lines.append("[[nodes]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in node.items()]
    return "\n".join(lines)


def case_orders(case: dict, policy: Policy) -> Orders:
    orders = case["orders"]
    count = len(orders)

    def words(values: list[int]) -> np.ndarray:
        return np.array(values, dtype=np.uint64)

    digits = tuple(
        np.array([case["policy"]["lists"][f].index(o[f]) for o in orders], dtype=np.int64)
        for f in FIELDS
    )
    columns = OrderColumns(
        digits=(*digits, np.zeros(count, dtype=np.int64)),
        side=np.ones(count, dtype=np.uint8),
        account=words(list(range(count))),
        size=words([order["size"] for order in orders]),
        price=words([order["price"] for order in orders]),
        margin=np.zeros((count, 2), dtype=np.uint64),
        time_ms=words([0] * count),
        client_order_id=np.zeros(count, dtype="S32"),
        payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, dtype=np.uint8), (count, 1)),
    )
    return new_orders(policy, columns)
