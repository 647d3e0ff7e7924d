"""Random policies over every feature mixed, and batches that sit on their boundaries.

A case is a dictionary: the policy as TOML text and as `tomllib` reads it back, the snapshot as
text and as nodes, and what `settle` takes besides. Thresholds are drawn from values that keys,
costs, margins and notionals of the very batch can take, so that equality is common.
"""

from __future__ import annotations

import random
import tomllib
from fractions import Fraction
from itertools import product

from tests.oracle import oracle
from tests.oracle.toml_text import snapshot_toml, toml

FEATURES = (
    "fee_classes",
    "bundles",
    "margins",
    "high_value",
    "sharding",
    "gas",
    "forecast",
    "overflow",
    "saturation",
    "breaker",
    "promise",
)
PRIMES = (2, 3, 5, 7, 101, 2**31 - 1, 2**61 - 1)
LARGEST_BUNDLE = 16


def random_case(rng: random.Random, features: set[str] | None = None, orders: int = 24) -> dict:
    """A case that uses `features` (left out: each by the toss of a coin)."""
    if features is None:
        features = {feature for feature in FEATURES if rng.random() < 0.5}
    policy = plain_policy(rng, features)
    live = live_segments(rng, policy)
    nodes, gas_price = random_nodes(rng, policy, live), rng.randint(0, 30)
    most = min(400, oracle.key_limit(policy) - 1)
    case = {
        "gas_price": gas_price,
        "elapsed_ms": rng.choice([0, 1, 300, 999, 1000, 5000]),
        "work_before": [rng.choice([0, 1, rng.randint(0, most)]) for _ in range(policy["slots"])],
        "first_sequence": 0,
    }
    add_order_features(rng, policy, features, gas_price)
    batch = random_orders(rng, policy, rng.randint(0, orders), bundles="bundles" in features)
    meet_high_value(rng, policy, batch)
    add_closing(rng, policy, nodes, batch, features, live)
    add_routes(rng, policy, features, live)
    case["carried"] = []
    if "carry" in policy.get("queue", {}):
        case["carried"] = random_carried(rng, policy, bundles="bundles" in features)
        if case["carried"]:
            last = case["carried"][-1]["sequence"]
            case["first_sequence"] = last + rng.choice([1, 2, 40])
    for order in batch + case["carried"]:
        order["margin"] = random_margin(rng, policy, order)
    text, snapshot = toml(policy), snapshot_toml(nodes, gas_price)
    assert tomllib.loads(text) == policy
    return case | {
        "policy": policy,
        "policy_text": text,
        "nodes": nodes,
        "snapshot_text": snapshot,
        "orders": batch,
    }


def settled(case: dict) -> dict:
    """What the oracle says about a case."""
    return oracle.settle(*arguments(case), **numbers(case))


def arguments(case: dict) -> list:
    """The positional arguments of `settle`."""
    names = ("policy", "nodes", "elapsed_ms", "work_before", "carried", "orders")
    return [case[name] for name in names]


def numbers(case: dict) -> dict:
    """The keyword arguments of `settle`."""
    return {name: case[name] for name in ("first_sequence", "gas_price")}


def next_case(rng: random.Random, case: dict, outcome: dict) -> dict:
    """The batch after: work and held orders carry over, new orders come in."""
    policy = case["policy"]
    bundles = policy.get("bundles", False)
    batch = random_orders(rng, policy, rng.randint(0, 12), bundles=bundles)
    for order in batch:
        order["margin"] = random_margin(rng, policy, order)
    return case | {
        "elapsed_ms": rng.choice([0, 300, 1000]),
        "work_before": outcome["work_out"],
        "carried": outcome["held"],
        "first_sequence": case["first_sequence"] + len(case["orders"]),
        "orders": batch,
    }


# The policy


def plain_policy(rng: random.Random, features: set[str]) -> dict:
    dimensions = {
        dimension: [f"{field}{i}" for i in range(rng.randint(1, 3 if field == "intent" else 2))]
        for field, dimension in oracle.DIMENSIONS.items()
    }
    if "fee_classes" not in features:
        del dimensions["fee_classes"]
    key = {name: rng.randint(0, 3) for name in ("gas_weight", "latency_weight")}
    if rng.random() < 0.5:
        key |= {"reputation_weight": rng.randint(1, 3), "max_reputation": 10}
    if rng.random() < 0.5:
        key |= {"slope": "inverse-capacity", "slope_scale": rng.randint(1, 200)}
    if "forecast" in features:
        key["forecast_weight"] = rng.randint(0, 3)
    cost = {"kind": rng.choice(["unit", "size", "notional"])}
    if cost["kind"] == "notional":
        cost["unit"] = rng.choice([1, 7, 16, 100])
    decimals = {name: rng.randint(0, 2) for name in ("price", "size", "margin")}
    selected = rng.choice(["groups", "chains", "names"])
    segments = [
        {"name": f"s{i}", "nodes": {selected: [f"s{i}"] if selected != "names" else []}}
        for i in range(rng.choice([1, 2, 3, 3, 4]))
    ]
    policy = {
        "name": "random",
        "chain": "test",
        "slots": rng.choice([4, 8, 16]),
        "classes": dimensions,
        "decimals": decimals,
        "cost": cost,
        "key": key,
        "queue": {"drain": rng.choice(["none", "service-rate"])},
        "segments": segments,
    }
    if "bundles" in features:
        policy["bundles"] = True
    if rng.random() < 0.05:
        policy["widths"] = {"key_bits": rng.randint(8, 12)}
    return policy


def live_segments(rng: random.Random, policy: dict) -> list[int]:
    """Segments that can get orders; at times all nodes of another one are down."""
    live = list(range(len(policy["segments"])))
    if len(live) > 1 and rng.random() < 0.15:
        live.remove(rng.choice(live))
    return live


def random_nodes(rng: random.Random, policy: dict, live: list[int]) -> list[dict]:
    """Nodes for every segment, one of a live one is always up; equal ones are common."""
    segments = policy["segments"]
    low = rng.random() < 0.5
    nodes = []
    for slot in range(rng.randint(len(segments), policy["slots"])):
        index = slot if slot < len(segments) else rng.randrange(len(segments))
        segment, name, selector = segments[index], f"n{slot}", segments[index]["nodes"]
        is_up = index in live and (slot < len(segments) or rng.random() < 0.8)
        if "names" in selector:
            selector["names"].append(name)
        nodes.append(
            {
                "name": name,
                "chain": segment["name"] if "chains" in selector else rng.choice(["c0", "c1"]),
                "group": segment["name"] if "groups" in selector else rng.choice(["g0", "g1"]),
                "capacity": rng.choice([10, rng.randint(1, 50)]),
                "service_rate": rng.choice([0, rng.randint(0, 300)]),
                "gas_price": rng.randint(0, 1 if low else 20),
                "latency_ms": rng.randint(0, 1 if low else 20),
                "reputation": 10 if low else rng.randint(0, 10),
                "status": "up" if is_up else "down",
                "forecast": rng.randint(0, 10),
            }
        )
    return nodes


def random_match(rng: random.Random, policy: dict, features: set[str], share: float) -> dict:
    """Conditions on the class, and in routes on whatever `features` give."""
    match: dict = {}
    for field, dimension in oracle.DIMENSIONS.items():
        names = policy["classes"].get(dimension, ["any"])
        if rng.random() < share:
            match[field] = rng.choice(["*", rng.sample(names, rng.randint(1, len(names)))])
    if "high_value" in features and rng.random() < 0.4:
        match["value"] = rng.choice(["high", "normal"])
    if features and liquidates(policy) and rng.random() < 0.5:
        match["margin"] = rng.choice(["liquidation", "liquidation", "ok"])
    if "sharding" in features and rng.random() < 0.6:
        shards = range(policy["sharding"]["shards"])
        match["shard"] = rng.sample(shards, rng.randint(1, len(shards)))
    if "gas" in features and rng.random() < 0.4:
        levels = range(len(policy["gas"]["levels"]) + 1)
        match["gas_level"] = rng.sample(levels, rng.randint(1, len(levels)))
    return match


def liquidates(policy: dict) -> bool:
    """Whether a maintenance rule is the first that fits some class."""
    classes = [
        [(field, name) for name in policy["classes"].get(dimension, ["any"])]
        for field, dimension in oracle.DIMENSIONS.items()
    ]
    rules = [oracle.margin_rule(policy, dict(each)) for each in product(*classes)]
    return any(rule is not None and rule["kind"] == "maintenance" for rule in rules)


def add_order_features(
    rng: random.Random, policy: dict, features: set[str], gas_price: int
) -> None:
    risk = {}
    if "margins" in features:
        if rng.random() < 0.5:
            risk["rate_scale"] = rng.choice([1, 7, 100, 10_000, 65_536])
        policy["margins"] = [
            {
                "match": random_match(rng, policy, set(), 0.3),
                "rate": rng.choice([1, 3, 500, rng.randint(1, 65_535)]),
                "kind": rng.choice(["initial", "maintenance"]),
            }
            for _ in range(rng.randint(1, 3))
        ]
    if "high_value" in features:
        risk["high_value_notional"] = rng.randint(1, 30) * rng.randint(1, 30)
    if risk:
        policy["risk"] = risk
    if "sharding" in features:
        p = rng.choice(PRIMES)
        policy["sharding"] = {
            "a": rng.randint(1, p - 1),
            "b": rng.randint(0, p - 1),
            "p": p,
            "shards": rng.choice([2, 3, 6]),
        }
        if p == 2**61 - 1 and rng.random() < 0.5:
            del policy["sharding"]["p"]
    if "gas" in features:
        near = {gas_price, gas_price + 1, rng.randint(0, 30), rng.randint(0, 30)}
        policy["gas"] = {"levels": sorted(rng.sample(sorted(near), rng.randint(1, len(near))))}
    if "promise" in features:
        percent = rng.choice([100, 100, 100, rng.randint(1, 99)])
        policy["publish"] = {
            "counts": rng.random() < 0.5,
            "loads": rng.random() < 0.5,
            "herfindahl": rng.random() < 0.5,
            "max_count": True,
            "max_share_percent": percent,
        }


def meet_high_value(rng: random.Random, policy: dict, batch: list[dict]) -> None:
    """Half the time, high value begins exactly at some order of the batch."""
    notionals = [order["size"] * order["price"] for order in batch if order["price"]]
    if notionals and "high_value_notional" in policy.get("risk", {}) and rng.random() < 0.5:
        policy["risk"]["high_value_notional"] = rng.choice(notionals)


def add_routes(rng: random.Random, policy: dict, features: set[str], live: list[int]) -> None:
    """Some rules in random order; the last ones cover what is left, at times split in two."""
    names = [policy["segments"][index]["name"] for index in live]

    def rule(match: dict) -> dict:
        target = {"match": match, "segment": rng.choice(names)}
        return target | ({"priority": rng.choice([0, 1, 2, 255])} if rng.random() < 0.7 else {})

    asked = features | {"margins"}
    rules = [rule(random_match(rng, policy, asked, 0.3)) for _ in range(rng.randint(0, 5))]
    if "high_value" in features and rng.random() < 0.3:
        rules += [rule({"value": "high"}), rule({"value": "normal"})]
    elif "sharding" in features and rng.random() < 0.3:
        shards = range(policy["sharding"]["shards"])
        rules += [rule({"shard": [shard]}) for shard in rng.sample(shards, len(shards))]
    else:
        rules.append(rule({}))
    policy["routes"] = rules


def add_closing(
    rng: random.Random,
    policy: dict,
    nodes: list[dict],
    batch: list[dict],
    features: set[str],
    live: list[int],
) -> None:
    """Overflow along a random ranking of the segments; thresholds the batch can meet exactly."""
    segments = policy["segments"]
    ranking = rng.sample(range(len(segments)), len(segments))
    for place, index in enumerate(ranking):
        segment, total = segments[index], 0
        for order in batch:
            total += oracle.cost(policy, order)
        share = total // len(segments)
        if "saturation" in features and rng.random() < 0.6:
            slots = oracle.eligible(policy, nodes, index) or [0]
            work = rng.randint(0, 1 + share // len(slots))
            least = oracle.key(policy, nodes[rng.choice(slots)], work)
            segment["saturation"] = min(least + rng.choice([0, 0, 1]), oracle.key_limit(policy) - 1)
        if "breaker" in features and rng.random() < 0.6:
            first = oracle.cost(policy, batch[0]) if batch else 1
            segment["breaker"] = max(1, rng.choice([1, first, rng.randint(1, 1 + share)]))
        later = [each for each in ranking[place + 1 :] if each in live]
        if "overflow" in features and later and {"saturation", "breaker"} & segment.keys():
            segment["overflow"] = segments[rng.choice([later[0], *later])]["name"]
    if any({"saturation", "breaker"} & segment.keys() for segment in segments):
        policy["queue"]["carry"] = rng.choice([16, 32, 64, 4096])


# Orders


def random_order(rng: random.Random, policy: dict) -> dict:
    lowest_price = 1 if policy["cost"]["kind"] == "notional" else 0
    classes = policy["classes"]
    return {
        field: rng.choice(classes.get(dimension, ["any"]))
        for field, dimension in oracle.DIMENSIONS.items()
    } | {
        "account": rng.choice([0, rng.randint(0, 9), rng.randrange(2**64), 2**64 - 1]),
        "size": rng.choice([1, rng.randint(1, 30)]),
        "price": rng.choice([lowest_price, rng.randint(1, 30), rng.randint(1, 30)]),
        "margin": 0,
        "leg": False,
    }


def random_orders(rng: random.Random, policy: dict, count: int, *, bundles: bool) -> list[dict]:
    """Orders with small numbers, so that ties are common; at times one bundle of full length."""
    orders: list[dict] = []
    longest = LARGEST_BUNDLE if rng.random() < 0.1 else rng.randint(1, 5)
    length = 0
    for _ in range(count):
        order = random_order(rng, policy)
        often = 0.95 if longest == LARGEST_BUNDLE else 0.4
        if bundles and orders and length < longest and rng.random() < often:
            order["leg"] = True
            length += 1
        else:
            length = 1
        orders.append(order)
    return orders


def random_carried(rng: random.Random, policy: dict, *, bundles: bool) -> list[dict]:
    """Held orders with gaps between their numbers, though never inside a bundle."""
    sequence = rng.randint(0, 50)
    carried = random_orders(rng, policy, rng.choice([0, 1, 3, 8]), bundles=bundles)
    for order in carried:
        sequence += 1 if order["leg"] else rng.choice([1, 1, 2, 5])
        order["sequence"] = sequence
    return carried


def random_margin(rng: random.Random, policy: dict, order: dict) -> int:
    """A margin right at what the order needs, or one off, or far away."""
    rule = oracle.margin_rule(policy, order)
    if rule is None:
        return rng.choice([0, rng.randint(0, 1000)])
    places = {name: 10**digits for name, digits in policy["decimals"].items()}
    scale = policy.get("risk", {}).get("rate_scale", 10_000)
    notional = Fraction(order["size"] * order["price"], places["size"] * places["price"])
    exact = notional * Fraction(rule["rate"], scale) * places["margin"]
    needed = -(-exact.numerator // exact.denominator)
    drawn = [needed, needed, needed + 1, 2 * needed, max(0, needed - 1), rng.randint(0, needed)]
    return rng.choice(drawn)
