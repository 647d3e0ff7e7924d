"""The routing rule once more, as a relation: which rules a claimed outcome breaks.

Where `oracle.settle` computes the outcome, this looks at every step of a claimed one by itself,
taking the rest of the claim as it stands. So a claim that departs from the policy in one step,
and follows it from there, breaks one rule only.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from tests.oracle.oracle import (
    HELD,
    PLACED,
    REJECTED,
    closed_by,
    described,
    drained,
    eligible,
    entered,
    held_orders,
    key,
    margin_rule,
    overflow_of,
    route,
)

RULES = (
    "sequence",
    "carry",
    "margin",
    "liquidation",
    "high_value",
    "shard",
    "route",
    "bundle",
    "priority_order",
    "min_key",
    "saturation",
    "breaker",
    "overflow",
    "hold",
    "drain",
    "work",
)


def verdict(
    policy: dict,
    nodes: list[dict],
    elapsed_ms: int,
    work_before: list[int],
    carried: list[dict],
    orders: list[dict],
    claimed: dict,
    *,
    first_sequence: int = 0,
    gas_price: int = 0,
) -> list[str]:
    """The rules the claimed outcome breaks, in the order of `RULES`; none exactly if it is right.

    `claimed` needs rows, work_in, work_out and held of an outcome (see `oracle.py`).
    """
    rows = claimed["rows"]
    broken = numbering(entered(carried, orders, first_sequence), rows)
    for row in rows:
        broken |= judged_order(policy, gas_price, row)
    for bundle in claimed_bundles(rows):
        broken |= judged_bundle(policy, bundle)
    broken |= judged_order_of_rows(policy, rows)
    broken |= judged_placement(policy, nodes, claimed)
    if claimed["held"] != held_orders(rows):
        broken.add("carry")
    if len(claimed["held"]) > policy.get("queue", {}).get("carry", 0):
        broken.add("carry")
    if claimed["work_in"] != drained(policy, nodes, elapsed_ms, work_before):
        broken.add("drain")
    return [rule for rule in RULES if rule in broken]


def numbering(expected: list[dict], rows: list[dict]) -> set[str]:
    """Every order stands there once, as it is, under its number."""
    broken = set()
    for is_carried, rule in ((True, "carry"), (False, "sequence")):
        wanted = [row for row in expected if row["carried"] == is_carried]
        found = [row for row in rows if row["carried"] == is_carried]
        pairs = [
            [(row["sequence"], row["order"]) for row in side]
            for side in (wanted, sorted(found, key=lambda row: row["sequence"]))
        ]
        if pairs[0] != pairs[1]:
            broken.add(rule)
    return broken


def judged_order(policy: dict, gas_price: int, row: dict) -> set[str]:
    """What the claim says an order is, and where a leader belongs."""
    right, broken = described(policy, row), set()
    rule = margin_rule(policy, row["order"])
    by_kind = "liquidation" if rule and rule["kind"] == "maintenance" else "margin"
    for name, broken_rule in (
        ("short", by_kind),
        ("liquidation", "liquidation"),
        ("high", "high_value"),
        ("shard", "shard"),
        ("class", "route"),
        ("cost", "work"),
        ("leg", "bundle"),
    ):
        if row[name] != right[name]:
            broken.add(broken_rule)
    if not row["leg"]:
        if (row["primary"], row["priority"]) != route(policy, gas_price, row):
            broken.add("route")
        if (row["leader"], row["position"]) != (row["sequence"], 0):
            broken.add("bundle")
    return broken


def claimed_bundles(rows: list[dict]) -> list[list[dict]]:
    """Each row that claims to lead, with the rows up to the next one that does."""
    bundles: list[list[dict]] = []
    for row in rows:
        if row["leg"] and bundles:
            bundles[-1].append(row)
        else:
            bundles.append([row])
    return bundles


def judged_bundle(policy: dict, bundle: list[dict]) -> set[str]:
    """Legs stand right behind one another with the leader's fate; a failing row rejects all."""
    leader = bundle[0]
    for position, row in enumerate(bundle):
        expected = {name: leader[name] for name in ("carried", "primary", "priority", "status")}
        expected |= {name: leader[name] for name in ("segment", "node", "leader")}
        expected |= {"leg": position > 0, "position": position}
        expected |= {"sequence": leader["sequence"] + position}
        if any(row[name] != value for name, value in expected.items()):
            return {"bundle"}
    rules = [margin_rule(policy, row["order"]) for row in bundle]
    fails = any(
        row["short"] and rule is not None and rule["kind"] == "initial"
        for row, rule in zip(bundle, rules, strict=True)
    )
    return {"margin"} if fails != (leader["status"] == REJECTED) else set()


def judged_order_of_rows(policy: dict, rows: list[dict]) -> set[str]:
    """Groups in order, within them priorities, leaders' numbers, positions."""
    broken = set()
    count = len(policy["segments"])
    for row in rows:
        group = {HELD: count, REJECTED: count + 1}.get(row["status"])
        if row["segment"] != group and (group is not None or row["segment"] >= count):
            broken.add("priority_order")
    turns = [(row["segment"], *turn(row), row["position"]) for row in rows]
    if any(a >= b for a, b in pairwise(turns)):
        broken.add("priority_order")
    return broken


def turn(row: dict) -> tuple[int, int]:
    return row["priority"], row["leader"]


def judged_placement(policy: dict, nodes: list[dict], claimed: dict) -> set[str]:
    """Replays the claimed choices; each leader is judged by the state the claim itself leads to."""
    broken: set[str] = set()
    work = list(claimed["work_in"])
    segments = range(len(policy["segments"]))
    slots = {segment: eligible(policy, nodes, segment) for segment in segments}
    cumulative = dict.fromkeys(segments, 0)
    history: dict[int, list[tuple[tuple[int, int], set[str]]]] = {each: [] for each in segments}

    def reasons(segment: int) -> set[str]:
        keys = [key(policy, nodes[slot], work[slot]) for slot in slots[segment]]
        return closed_by(policy, segment, keys, cumulative[segment])

    for row in claimed["rows"]:
        if row["status"] != PLACED:
            if (row["node"], row["work"], row["composite"]) != (0, 0, 0):
                broken.add("work")
            continue
        segment, slot = row["segment"], row["node"]
        composites = {
            each: key(policy, nodes[each], work[each]) * policy["slots"] + each
            for each in slots[segment]
        }
        if not row["leg"]:
            history[segment].append((turn(row), reasons(segment)))
            broken |= reasons(segment)
            if slot not in composites or composites[slot] != min(composites.values()):
                broken.add("min_key")
        if row["work"] != work[slot] or row["composite"] != composites.get(slot, -1):
            broken.add("work")
        work[slot] += row["cost"]
        cumulative[segment] += row["cost"]
    if claimed["work_out"] != work:
        broken.add("work")

    def was_closed(segment: int, row: dict) -> bool:
        """Whether the segment had closed when it was the row's turn."""
        later = [found for other, found in history[segment] if other > turn(row)]
        return bool(later[0] if later else reasons(segment))

    for row in claimed["rows"]:
        if not row["leg"]:
            broken |= judged_move(policy, row, was_closed)
    return broken


def judged_move(policy: dict, row: dict, was_closed: Callable[[int, dict], bool]) -> set[str]:
    """Whether a leader had reason to leave its primary segment, and went where it must."""
    primary, overflow = row["primary"], overflow_of(policy, row["primary"])
    moved = row["status"] == PLACED and row["segment"] != primary
    if moved and (row["segment"] != overflow or not was_closed(primary, row)):
        return {"overflow"}
    if row["status"] == HELD:
        tried = [primary] if overflow is None else [primary, overflow]
        if not all(was_closed(segment, row) for segment in tried):
            return {"hold"}
    return set()
