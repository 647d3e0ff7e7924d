"""The whole routing rule in plain dictionaries and loops, sharing no code with the package.

`policy` is a policy's TOML as `tomllib` reads it, `nodes` the `[[nodes]]` of a snapshot. An order
is a dictionary of intent, tier, instrument, order_type, fee_class, account, size, price, margin
(scaled integers) and leg (does it ride with the order before it); a carried order also has its
sequence. `settle` is the rule as a function; `verdict.py` states it once more as a relation.

An outcome is a dictionary:
  rows      one dictionary per order in processing order (see `described` and `place`)
  work_in, work_out    work per slot after draining, and at the end
  held      the orders held back, with their sequences: the next batch's `carried`
  segments  how each segment ended: saturated, tripped, last (priority and sequence of the last
            row), cumulative, before_leader (cumulative cost before the last leader)
  refused   why the router must refuse the batch: "key", "carry", "share"; empty if it must not
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

DIMENSIONS = {
    "intent": "intents",
    "tier": "tiers",
    "instrument": "instruments",
    "order_type": "order_types",
    "fee_class": "fee_classes",
}
PLACED, HELD, REJECTED = "placed", "held", "rejected"
KEY_BITS = 52
DEFAULT_PRIME = 2**61 - 1


def settle(
    policy: dict,
    nodes: list[dict],
    elapsed_ms: int,
    work_before: list[int],
    carried: list[dict],
    orders: list[dict],
    *,
    first_sequence: int = 0,
    gas_price: int = 0,
) -> dict:
    """The one outcome the policy allows for these orders."""
    rows = [described(policy, row) for row in entered(carried, orders, first_sequence)]
    work_in = drained(policy, nodes, elapsed_ms, work_before)
    return place(policy, nodes, work_in, bundled(policy, gas_price, rows))


def entered(carried: list[dict], orders: list[dict], first_sequence: int) -> list[dict]:
    """One row per order: the held ones of the batch before, then the new ones, numbered."""
    rows = []
    for order in carried:
        content = {name: value for name, value in order.items() if name != "sequence"}
        rows.append({"sequence": order["sequence"], "carried": True, "order": content})
    for number, order in enumerate(orders):
        rows.append({"sequence": first_sequence + number, "carried": False, "order": dict(order)})
    return rows


# What an order is by itself


def described(policy: dict, row: dict) -> dict:
    """The row with what the policy makes of its order, whatever the others are."""
    order = row["order"]
    rule = margin_rule(policy, order)
    short = rule is not None and is_short(policy, order, rule["rate"])
    return row | {
        "leg": order["leg"],
        "class": class_index(policy, order),
        "cost": cost(policy, order),
        "high": is_high_value(policy, order),
        "short": short,
        "liquidation": short and rule["kind"] == "maintenance",
        "shard": shard(policy, order),
    }


def class_index(policy: dict, order: dict) -> int:
    index = 0
    for field, dimension in DIMENSIONS.items():
        names = policy["classes"].get(dimension, ["any"])
        index = index * len(names) + names.index(order[field])
    return index


def cost(policy: dict, order: dict) -> int:
    rule = policy.get("cost", {})
    if rule.get("kind", "unit") == "unit":
        return 1
    if rule["kind"] == "size":
        return order["size"]
    whole, rest = divmod(order["size"] * order["price"], rule.get("unit", 1))
    return whole + 1 if rest else whole


def margin_rule(policy: dict, order: dict) -> dict | None:
    for rule in policy.get("margins", []):
        if fits(rule.get("match", {}), order):
            return rule
    return None


def is_short(policy: dict, order: dict, rate: int) -> bool:
    """Whether the margin is below its share of size times price, as exact decimal numbers."""
    common = policy.get("decimals", {})
    decimals = common | common.get("instruments", {}).get(order["instrument"], {})
    size = Fraction(order["size"], 10 ** decimals.get("size", 0))
    price = Fraction(order["price"], 10 ** decimals.get("price", 0))
    margin = Fraction(order["margin"], 10 ** decimals.get("margin", 0))
    return margin < size * price * Fraction(rate, policy.get("risk", {}).get("rate_scale", 10_000))


def is_high_value(policy: dict, order: dict) -> bool:
    least = policy.get("risk", {}).get("high_value_notional")
    return least is not None and order["size"] * order["price"] >= least


def shard(policy: dict, order: dict) -> int:
    if "sharding" not in policy:
        return 0
    by = policy["sharding"]
    prime = by.get("p", DEFAULT_PRIME)
    return ((by["a"] * order["account"] + by["b"]) % prime) % by["shards"]


def fits(match: dict, attributes: dict) -> bool:
    for name, allowed in match.items():
        if allowed == "*":
            continue
        if attributes[name] not in (allowed if isinstance(allowed, list) else [allowed]):
            return False
    return True


# Bundles and their routes


def bundled(policy: dict, gas_price: int, rows: list[dict]) -> list[dict]:
    """Leaders with their legs, each with its route and the segments it may try, in turn."""
    bundles: list[dict] = []
    for row in rows:
        if row["leg"]:
            bundles[-1]["rows"].append(row)
        else:
            bundles.append({"rows": [row]})
    for bundle in bundles:
        bundle["primary"], bundle["priority"] = route(policy, gas_price, bundle["rows"][0])
        bundle["rejected"] = any(fails(policy, row) for row in bundle["rows"])
        prepare(policy, bundle)
    return bundles


def fails(policy: dict, row: dict) -> bool:
    rule = margin_rule(policy, row["order"])
    return rule is not None and rule["kind"] == "initial" and row["short"]


def prepare(policy: dict, bundle: dict) -> None:
    """Fills in when the bundle's turn is and which segments it may try."""
    leader = bundle["rows"][0]["sequence"]
    bundle["turn"] = (bundle["priority"], leader)
    bundle["path"] = [bundle["primary"]]
    overflow = overflow_of(policy, bundle["primary"])
    if overflow is not None:
        bundle["path"].append(overflow)
    for position, row in enumerate(bundle["rows"]):
        row["leader"], row["position"] = leader, position


def overflow_of(policy: dict, segment: int) -> int | None:
    names = [each["name"] for each in policy["segments"]]
    overflow = policy["segments"][segment].get("overflow")
    return None if overflow is None else names.index(overflow)


def route(policy: dict, gas_price: int, row: dict) -> tuple[int, int]:
    """Segment and priority of the first rule that fits."""
    attributes = row["order"] | {
        "value": "high" if row["high"] else "normal",
        "margin": "liquidation" if row["liquidation"] else "ok",
        "shard": row["shard"],
        "gas_level": gas_level(policy, gas_price),
    }
    names = [segment["name"] for segment in policy["segments"]]
    for rule in policy["routes"]:
        if fits(rule.get("match", {}), attributes):
            return names.index(rule["segment"]), rule.get("priority", 0)
    raise LookupError("a policy covers everything")


def gas_level(policy: dict, gas_price: int) -> int:
    return sum(threshold <= gas_price for threshold in policy.get("gas", {}).get("levels", []))


# Nodes


def segment_of(policy: dict, node: dict) -> int:
    found = []
    for index, segment in enumerate(policy["segments"]):
        chosen = segment.get("nodes", {})
        attributes = {"names": node["name"], "chains": node["chain"], "groups": node["group"]}
        if fits(chosen, attributes):
            found.append(index)
    (only,) = found
    return only


def eligible(policy: dict, nodes: list[dict], segment: int) -> list[int]:
    """Slots that may get orders of the segment."""
    return [
        slot
        for slot, node in enumerate(nodes)
        if node.get("status", "up") == "up" and segment_of(policy, node) == segment
    ]


def drained(policy: dict, nodes: list[dict], elapsed_ms: int, work_before: list[int]) -> list[int]:
    work_in = list(work_before)
    for slot, node in enumerate(nodes):
        work_in[slot] = max(0, work_before[slot] - served(policy, node, elapsed_ms))
    return work_in


def served(policy: dict, node: dict, elapsed_ms: int) -> int:
    """Work the node settles between two batches; never more than the largest key."""
    drains = policy.get("queue", {}).get("drain", "none") == "service-rate"
    if not drains or node.get("status", "up") != "up":
        return 0
    return min(node["service_rate"] * elapsed_ms // 1000, key_limit(policy) - 1)


def key_limit(policy: dict) -> int:
    """Keys stay below this."""
    return 1 << policy.get("widths", {}).get("key_bits", KEY_BITS)


def base(policy: dict, node: dict) -> int:
    rule = policy.get("key", {})
    lacking = 0
    if rule.get("reputation_weight", 0):
        lacking = rule["reputation_weight"] * (rule["max_reputation"] - node["reputation"])
    return (
        rule.get("gas_weight", 0) * node["gas_price"]
        + rule.get("latency_weight", 0) * node["latency_ms"]
        + lacking
        + rule.get("forecast_weight", 0) * node.get("forecast", 0)
    )


def slope(policy: dict, node: dict) -> int:
    rule = policy.get("key", {})
    if rule.get("slope", "equal") == "equal":
        return 1
    whole, rest = divmod(rule["slope_scale"], node["capacity"])
    return whole + 1 if rest else whole


def key(policy: dict, node: dict, work: int) -> int:
    return base(policy, node) + slope(policy, node) * work


# Placement


def closed_by(policy: dict, segment: int, keys: list[int], cumulative: int) -> set[str]:
    """Why the segment takes nothing more: "saturation", "breaker", both, or nothing."""
    options, reasons = policy["segments"][segment], set()
    if "saturation" in options and all(each >= options["saturation"] for each in keys):
        reasons.add("saturation")
    if "breaker" in options and cumulative >= options["breaker"]:
        reasons.add("breaker")
    return reasons


def is_turned_away(bundle: dict, segment: int, reasons: set[str]) -> bool:
    """Whether the bundle must leave the segment, which is closed for these reasons."""
    return bool(reasons)


def node_for(bundle: dict, row: dict, keys: dict[int, int]) -> int:
    """The slot for a row of the bundle: smallest key, then lowest slot; legs follow."""
    if row is not bundle["rows"][0]:
        return bundle["rows"][0]["node"]
    return min(keys, key=lambda slot: (keys[slot], slot))


def place(
    policy: dict,
    nodes: list[dict],
    work_in: list[int],
    bundles: list[dict],
    turned_away: Callable[[dict, int, set[str]], bool] = is_turned_away,
    choose: Callable[[dict, dict, dict[int, int]], int] = node_for,
) -> dict:
    """The outcome of taking the bundles segment by segment; the last two decide each step."""
    work = list(work_in)
    ends: dict[int, dict] = {}
    for bundle in bundles:
        bundle["group"] = None
    for segment in in_order_of_overflow(policy):
        slots = eligible(policy, nodes, segment)
        end = {"cumulative": 0, "before_leader": 0}
        waiting = [each for each in bundles if each["group"] is None and not each["rejected"]]
        queue = [bundle for bundle in waiting if bundle["path"][:1] == [segment]]
        for bundle in sorted(queue, key=lambda each: each["turn"]):
            keys = [key(policy, nodes[slot], work[slot]) for slot in slots]
            if turned_away(bundle, segment, closed_by(policy, segment, keys, end["cumulative"])):
                bundle["path"] = bundle["path"][1:]
                continue
            bundle["group"] = segment
            end["before_leader"] = end["cumulative"]
            for row in bundle["rows"]:
                keys_now = {slot: key(policy, nodes[slot], work[slot]) for slot in slots}
                slot = choose(bundle, row, keys_now)
                row["node"], row["work"] = slot, work[slot]
                row["composite"] = keys_now[slot] * policy["slots"] + slot
                work[slot] += row["cost"]
                end["cumulative"] += row["cost"]
        keys = [key(policy, nodes[slot], work[slot]) for slot in slots]
        reasons = closed_by(policy, segment, keys, end["cumulative"])
        end["saturated"], end["tripped"] = "saturation" in reasons, "breaker" in reasons
        ends[segment] = end
    rows = in_processing_order(policy, bundles)
    outcome = {
        "rows": rows,
        "work_in": list(work_in),
        "work_out": work,
        "held": held_orders(rows),
        "segments": [ends[segment] for segment in range(len(policy["segments"]))],
    }
    return outcome | {"refused": refusals(policy, nodes, outcome)}


def in_order_of_overflow(policy: dict) -> list[int]:
    """Segments, each before the one it overflows to; the lowest index first."""
    left = list(range(len(policy["segments"])))
    order = []
    while left:
        fed = [overflow_of(policy, segment) for segment in left]
        first = next(segment for segment in left if segment not in fed)
        order.append(first)
        left.remove(first)
    return order


def in_processing_order(policy: dict, bundles: list[dict]) -> list[dict]:
    """All rows by group, turn and position: after the segments come the held, then the rejected."""
    count = len(policy["segments"])
    for bundle in bundles:
        bundle["status"] = PLACED
        if bundle["rejected"]:
            bundle["status"], bundle["group"] = REJECTED, count + 1
        elif bundle["group"] is None:
            bundle["status"], bundle["group"] = HELD, count
    rows = []
    for bundle in sorted(bundles, key=lambda each: (each["group"], each["turn"])):
        for row in bundle["rows"]:
            row |= {name: bundle[name] for name in ("status", "primary", "priority")}
            row["segment"] = bundle["group"]
            if row["status"] != PLACED:
                row |= {"node": 0, "work": 0, "composite": 0}
            rows.append(row)
    return rows


def held_orders(rows: list[dict]) -> list[dict]:
    held = [row for row in rows if row["status"] == HELD]
    held.sort(key=lambda row: row["sequence"])
    return [row["order"] | {"sequence": row["sequence"]} for row in held]


def refusals(policy: dict, nodes: list[dict], outcome: dict) -> list[str]:
    """Which limits of the policy the batch does not keep."""
    reasons = []
    for node, work in zip(nodes, outcome["work_out"], strict=False):
        if node.get("status", "up") == "up" and key(policy, node, work) >= key_limit(policy):
            reasons.append("key")
            break
    if len(outcome["held"]) > policy.get("queue", {}).get("carry", 0):
        reasons.append("carry")
    counts = node_counts(outcome["rows"])
    percent = policy.get("publish", {}).get("max_share_percent", 100)
    if counts and max(counts.values()) * 100 > percent * sum(counts.values()):
        reasons.append("share")
    return reasons


def node_counts(rows: list[dict]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in rows:
        if row["status"] == PLACED:
            counts[row["node"]] = counts.get(row["node"], 0) + 1
    return counts
