"""Ways to treat orders other than the policy does, though everything about them is stated rightly.

Each way takes a case, its right outcome and a source of choices, and returns a claim, or None
where the case offers no chance to depart from the policy in this way.
"""

from __future__ import annotations

import random

from tests.oracle import oracle
from tests.oracle.following import (
    any_of,
    described_rows,
    follow,
    holds,
    live,
    settled_bundles,
    with_row,
)

# Placement


def placed_in(case: dict, right: dict) -> list[tuple[int, dict]]:
    bundles = settled_bundles(case, right)
    return [(i, each) for i, each in enumerate(bundles) if each["status"] == oracle.PLACED]


def later_bundle_first(case: dict, right: dict, rng: random.Random) -> dict | None:
    """Two bundles of a segment change turns; it stays open, so nobody else is concerned."""
    placed = placed_in(case, right)
    ends = right["segments"]
    pairs = [
        (number, other)
        for number, bundle in placed
        for _, other in placed
        if bundle["group"] == other["group"]
        and bundle["turn"] < other["turn"]
        and not ends[bundle["group"]]["saturated"]
        and not ends[bundle["group"]]["tripped"]
    ]
    pair = any_of(rng, pairs)
    if pair is None:
        return None
    number, other = pair

    def change(bundles: list[dict]) -> None:
        bundles[number]["turn"] = (*other["turn"], "after")

    claim = follow(case, right, change=change)
    return None if claim["segments"][other["group"]]["saturated"] else claim


def another_node(case: dict, right: dict, rng: random.Random, leg: bool = False) -> dict | None:
    """One leader, or one leg, goes to another node of the segment."""
    policy, nodes = case["policy"], case["nodes"]
    rows = [
        row
        for row in right["rows"]
        if row["status"] == oracle.PLACED
        and row["leg"] == leg
        and len(oracle.eligible(policy, nodes, row["segment"])) > 1
    ]
    chosen = any_of(rng, (row["sequence"] for row in rows))

    def choose(bundle: dict, row: dict, keys: dict[int, int]) -> int:
        slot = oracle.node_for(bundle, row, keys)
        if row["sequence"] != chosen:
            return slot
        return rng.choice([each for each in keys if each != slot])

    return None if chosen is None else follow(case, right, choose=choose)


def leg_on_another_node(case: dict, right: dict, rng: random.Random) -> dict | None:
    return another_node(case, right, rng, leg=True)


def not_the_smallest_key(case: dict, right: dict, rng: random.Random) -> dict | None:
    return another_node(case, right, rng)


def taken_though_saturated(case: dict, right: dict, rng: random.Random) -> dict | None:
    return taken_though_closed(case, right, rng, "saturation")


def taken_though_tripped(case: dict, right: dict, rng: random.Random) -> dict | None:
    return taken_though_closed(case, right, rng, "breaker")


def taken_though_closed(case: dict, right: dict, rng: random.Random, reason: str) -> dict | None:
    turned_away = []

    def record(bundle: dict, segment: int, reasons: set[str]) -> bool:
        if reasons == {reason}:
            turned_away.append((bundle["turn"], segment))
        return bool(reasons)

    follow(case, right, turned_away=record)
    chosen = any_of(rng, turned_away)

    def insist(bundle: dict, segment: int, reasons: set[str]) -> bool:
        return bool(reasons) and (bundle["turn"], segment) != chosen

    return None if chosen is None else follow(case, right, turned_away=insist)


def left_though_open(case: dict, right: dict, rng: random.Random) -> dict | None:
    """A bundle goes to the overflow segment although its own still takes orders."""
    candidates = [
        (bundle["turn"], bundle["path"][1])
        for _, bundle in placed_in(case, right)
        if bundle["group"] == bundle["primary"] and len(bundle["path"]) > 1
    ]
    chosen = any_of(rng, candidates)

    def leave(bundle: dict, segment: int, reasons: set[str]) -> bool:
        at_home = segment == bundle["primary"]
        return bool(reasons) or (at_home and chosen is not None and bundle["turn"] == chosen[0])

    claim = follow(case, right, turned_away=leave)
    moved = [
        row for row in claim["rows"] if chosen and (row["priority"], row["leader"]) == chosen[0]
    ]
    return claim if moved and moved[0]["segment"] == chosen[1] else None


def overflowed_elsewhere(case: dict, right: dict, rng: random.Random) -> dict | None:
    """A bundle that had to leave goes to a segment that takes it, but is not the one named."""
    policy = case["policy"]
    bundles = settled_bundles(case, right)
    away = [
        i
        for i, bundle in enumerate(bundles)
        if not bundle["rejected"] and bundle["group"] != bundle["primary"]
    ]
    chosen = any_of(rng, away)
    if chosen is None:
        return None
    primary = bundles[chosen]["primary"]
    named = (primary, oracle.overflow_of(policy, primary))
    elsewhere = any_of(rng, (each for each in live(case) if each not in named))

    def change(bundles: list[dict]) -> None:
        bundles[chosen]["path"] = [elsewhere]

    claim = follow(case, right, change=change)
    leader = bundles[chosen]["rows"][0]["sequence"]
    fate = next(row for row in claim["rows"] if row["sequence"] == leader)
    return claim if elsewhere is not None and fate["segment"] == elsewhere else None


def held_though_open(case: dict, right: dict, rng: random.Random) -> dict | None:
    chosen = any_of(rng, (number for number, _ in placed_in(case, right)))

    def change(bundles: list[dict]) -> None:
        bundles[chosen]["path"] = []

    return None if chosen is None or not holds(case) else follow(case, right, change=change)


# Work


def drained_wrongly(case: dict, right: dict, rng: random.Random) -> dict | None:
    slot = rng.randrange(len(right["work_in"]))
    work = right["work_in"][slot]
    others = [work + 1, max(0, work - 1), case["work_before"][slot], 0]
    work_in = list(right["work_in"])
    work_in[slot] = rng.choice([other for other in others if other != work])
    return follow(case, right, work_in=work_in)


def another_cost(case: dict, right: dict, rng: random.Random) -> dict | None:
    placed = {row["sequence"] for row in right["rows"] if row["status"] == oracle.PLACED}
    rows = described_rows(case)
    number = any_of(rng, (i for i, row in enumerate(rows) if row["sequence"] in placed))
    if number is None or case["policy"]["cost"]["kind"] == "unit":
        return None
    cost = rows[number]["cost"]
    return with_row(
        case, right, number, cost=rng.choice([cost + 1, max(1, cost - 1) + (cost == 1)])
    )


def another_work_out(case: dict, right: dict, rng: random.Random) -> dict | None:
    slot = rng.randrange(len(right["work_out"]))
    work_out = list(right["work_out"])
    work_out[slot] += rng.choice([1, -1]) if work_out[slot] else 1
    return right | {"work_out": work_out}


def another_composite(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = [dict(row) for row in right["rows"]]
    row = any_of(rng, (row for row in rows if row["status"] == oracle.PLACED))
    if row is None:
        return None
    slope = oracle.slope(case["policy"], case["nodes"][row["node"]])
    step = rng.choice([1, -1]) if row["work"] else 1
    row["work"] += step
    row["composite"] += step * slope * case["policy"]["slots"]
    return right | {"rows": rows}
