"""Routing straight from the words of the policy, sharing no code with the package.

A case is plain dictionaries. Every step looks at every node; nothing is clever.
"""

from __future__ import annotations

import random

FIELDS = ("intent", "tier", "instrument", "order_type")


def random_case(rng: random.Random, max_orders: int = 24) -> dict:
    """A policy, a snapshot, work and orders that fit together, as plain dictionaries."""
    lists = {field: [f"{field}{i}" for i in range(rng.randint(1, 3))] for field in FIELDS}
    segments = [f"s{i}" for i in range(rng.randint(1, 3))]
    slots = rng.choice([4, 8, 16])
    nodes = [
        {
            "name": f"n{i}",
            "chain": rng.choice(["c0", "c1"]),
            "group": segments[i] if i < len(segments) else rng.choice(segments),
            "capacity": rng.randint(1, 50),
            "service_rate": rng.randint(0, 100),
            "gas_price": rng.randint(0, 20),
            "latency_ms": rng.randint(0, 20),
            "reputation": rng.randint(0, 10),
            "status": "up" if i < len(segments) or rng.random() < 0.8 else "down",
        }
        for i in range(rng.randint(len(segments), slots))
    ]
    routes = [
        {
            "match": {
                field: rng.sample(lists[field], rng.randint(1, len(lists[field])))
                for field in FIELDS
                if rng.random() < 0.4
            },
            "segment": rng.choice(segments),
            "priority": rng.choice([0, 1, 2, 255]),
        }
        for _ in range(rng.randint(0, 4))
    ]
    routes.append({"match": {}, "segment": rng.choice(segments), "priority": rng.randint(0, 3)})
    policy = {
        "slots": slots,
        "lists": lists,
        "cost": rng.choice(["unit", "size", "notional"]),
        "unit": rng.randint(1, 20),
        "gas_weight": rng.randint(0, 3),
        "latency_weight": rng.randint(0, 3),
        "reputation_weight": rng.randint(0, 3),
        "max_reputation": 10,
        "slope": rng.choice(["equal", "inverse-capacity"]),
        "slope_scale": rng.randint(1, 200),
        "drain": rng.choice(["none", "service-rate"]),
        "segments": segments,
        "routes": routes,
    }
    orders = [
        {field: rng.choice(lists[field]) for field in FIELDS}
        | {"size": rng.randint(1, 30), "price": rng.randint(1, 30)}
        for _ in range(rng.randint(0, max_orders))
    ]
    work = [rng.randint(0, 60) for _ in range(slots)]
    elapsed_ms = rng.choice([0, 1, 300, 999, 1000, 5000])
    return {
        "policy": policy,
        "nodes": nodes,
        "orders": orders,
        "work": work,
        "elapsed_ms": elapsed_ms,
    }


def expected_routing(case: dict) -> dict:
    """Processing order, choices and work, by looking at every node at every step."""
    policy, nodes = case["policy"], case["nodes"]
    work = dict(enumerate(case["work"]))
    for slot, node in enumerate(nodes):
        if policy["drain"] == "service-rate" and node["status"] == "up":
            work[slot] -= node["service_rate"] * case["elapsed_ms"] // 1000
            work[slot] = max(work[slot], 0)
    work_in = [work[slot] for slot in range(policy["slots"])]
    waiting = []
    for arrival, order in enumerate(case["orders"]):
        route = _route_of(policy, order)
        segment = policy["segments"].index(route["segment"])
        waiting.append((segment, route["priority"], arrival))
    rows = []
    for segment, priority, arrival in sorted(waiting):
        best = None
        for slot, node in enumerate(nodes):
            if node["status"] == "up" and node["group"] == policy["segments"][segment]:
                key = _base(policy, node) + _slope(policy, node) * work[slot]
                if best is None or key < best[0]:
                    best = (key, slot)
        key, slot = best
        cost = _cost(policy, case["orders"][arrival])
        rows.append(
            {
                "source": arrival,
                "segment": segment,
                "priority": priority,
                "node": slot,
                "composite": key * policy["slots"] + slot,
                "cost": cost,
            }
        )
        work[slot] += cost
    work_out = [work[slot] for slot in range(policy["slots"])]
    return {"rows": rows, "work_in": work_in, "work_out": work_out}


def _route_of(policy: dict, order: dict) -> dict:
    for route in policy["routes"]:
        if all(order[field] in names for field, names in route["match"].items()):
            return route
    raise AssertionError("the last route takes everything")


def _base(policy: dict, node: dict) -> int:
    base = policy["gas_weight"] * node["gas_price"] + policy["latency_weight"] * node["latency_ms"]
    return base + policy["reputation_weight"] * (policy["max_reputation"] - node["reputation"])


def _slope(policy: dict, node: dict) -> int:
    if policy["slope"] == "equal":
        return 1
    quotient, remainder = divmod(policy["slope_scale"], node["capacity"])
    return quotient + 1 if remainder else max(quotient, 1)


def _cost(policy: dict, order: dict) -> int:
    if policy["cost"] == "unit":
        return 1
    if policy["cost"] == "size":
        return order["size"]
    quotient, remainder = divmod(order["size"] * order["price"], policy["unit"])
    return quotient + 1 if remainder else quotient
