"""Ways to misstate which orders there are, what they are, and which belong together.

Each way takes a case, its right outcome and a source of choices, and returns a claim, or None
where the case offers no chance to depart from the policy in this way.
"""

from __future__ import annotations

import random
from typing import Any

from tests.oracle import oracle
from tests.oracle.following import (
    any_of,
    described_rows,
    follow,
    holds,
    is_lone,
    last_of_bundle,
    live,
    settled_bundles,
    with_row,
)

# Numbers


def order_left_out(case: dict, right: dict, rng: random.Random, carried: bool = False) -> Any:
    rows = described_rows(case)
    number = any_of(
        rng,
        (i for i, r in enumerate(rows) if r["carried"] == carried and last_of_bundle(rows, i)),
    )
    if number is None:
        return None
    return follow(case, right, rows[:number] + rows[number + 1 :])


def number_left_out(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    if not case["orders"] or rows[-1]["leg"]:
        return None
    rows[-1]["sequence"] += rng.choice([1, 2, 1000])
    return follow(case, right, rows)


def number_used_twice(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    priority = {row["sequence"]: row["priority"] for row in right["rows"]}
    lone = [i for i, row in enumerate(rows) if is_lone(rows, i) and not row["carried"]]
    pairs = [
        (i, j)
        for i in lone
        for j in lone
        if priority[rows[i]["sequence"]] != priority[rows[j]["sequence"]]
    ]
    pair = any_of(rng, pairs)
    if pair is None:
        return None
    rows[pair[1]]["sequence"] = rows[pair[0]]["sequence"]
    return follow(case, right, rows)


def carried_order_left_out(case: dict, right: dict, rng: random.Random) -> dict | None:
    return order_left_out(case, right, rng, carried=True)


def carried_order_altered(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    number = any_of(rng, range(len(case["carried"])))
    if number is None:
        return None
    order = rows[number]["order"]
    if rng.random() < 0.5:
        order["size"] += 1
    else:
        order["account"] ^= 1
    rows[number] = oracle.described(case["policy"], rows[number])
    return follow(case, right, rows)


def carried_order_invented(case: dict, right: dict, rng: random.Random) -> dict | None:
    used = {order["sequence"] for order in case["carried"]}
    number = any_of(rng, (n for n in range(case["first_sequence"]) if n not in used))
    if number is None or not case["orders"] or not holds(case):
        return None
    order = rng.choice(case["orders"]) | {"leg": False}
    row = {"sequence": number, "carried": True, "order": order}
    return follow(case, right, [oracle.described(case["policy"], row), *described_rows(case)])


def held_order_lost(case: dict, right: dict, rng: random.Random) -> dict | None:
    if not right["held"]:
        return None
    held = list(right["held"])
    del held[rng.randrange(len(held))]
    return right | {"held": held}


def held_order_altered(case: dict, right: dict, rng: random.Random) -> dict | None:
    if not right["held"]:
        return None
    held = [dict(order) for order in right["held"]]
    rng.choice(held)["size"] += 1
    return right | {"held": held}


# What orders are


def margin_flag_flipped(case: dict, right: dict, rng: random.Random) -> dict | None:
    return flag_flipped(case, right, rng, "initial")


def liquidation_flag_flipped(case: dict, right: dict, rng: random.Random) -> dict | None:
    return flag_flipped(case, right, rng, "maintenance")


def flag_flipped(case: dict, right: dict, rng: random.Random, kind: str) -> dict | None:
    rows = described_rows(case)
    rules = [oracle.margin_rule(case["policy"], row["order"]) for row in rows]
    number = any_of(rng, (i for i, rule in enumerate(rules) if rule and rule["kind"] == kind))
    if number is None:
        return None
    short = not rows[number]["short"]
    return with_row(case, right, number, short=short, liquidation=short and kind == "maintenance")


def rejection_turned_round(case: dict, right: dict, rng: random.Random) -> dict | None:
    if "margins" not in case["policy"] or not right["rows"]:
        return None
    chosen = any_of(rng, range(len(settled_bundles(case, right))))

    def change(bundles: list[dict]) -> None:
        bundles[chosen]["rejected"] = not bundles[chosen]["rejected"]

    return follow(case, right, change=change)


def value_flag_flipped(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    if not rows or "high_value_notional" not in case["policy"].get("risk", {}):
        return None
    number = rng.randrange(len(rows))
    return with_row(case, right, number, high=not rows[number]["high"])


def another_shard(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    if not rows or "sharding" not in case["policy"]:
        return None
    number = rng.randrange(len(rows))
    shards = range(case["policy"]["sharding"]["shards"])
    shard = rng.choice([each for each in shards if each != rows[number]["shard"]])
    return with_row(case, right, number, shard=shard)


def another_route(case: dict, right: dict, rng: random.Random) -> dict | None:
    bundles = settled_bundles(case, right)
    if not bundles:
        return None
    chosen = rng.randrange(len(bundles))
    segment, priority = bundles[chosen]["primary"], bundles[chosen]["priority"]
    others = [(segment, rng.randint(0, 255))]
    others += [(each, priority) for each in live(case)]
    other = any_of(rng, (each for each in others if each != (segment, priority)))

    def change(bundles: list[dict]) -> None:
        bundles[chosen]["primary"], bundles[chosen]["priority"] = other
        oracle.prepare(case["policy"], bundles[chosen])

    return None if other is None else follow(case, right, change=change)


# Bundles


def leg_on_its_own(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    number = any_of(rng, (i for i, row in enumerate(rows) if row["leg"]))
    return None if number is None else with_row(case, right, number, leg=False)


def lone_order_made_a_leg(case: dict, right: dict, rng: random.Random) -> dict | None:
    rows = described_rows(case)
    if not case["policy"].get("bundles", False):
        return None
    number = any_of(
        rng,
        (
            i
            for i, row in enumerate(rows)
            if i
            and is_lone(rows, i)
            and row["carried"] == rows[i - 1]["carried"]
            and row["sequence"] == rows[i - 1]["sequence"] + 1
        ),
    )
    return None if number is None else with_row(case, right, number, leg=True)


def only_failing_rows_rejected(case: dict, right: dict, rng: random.Random) -> dict | None:
    policy = case["policy"]

    def split(bundle: dict) -> tuple[list[dict], list[dict]]:
        failing = [row for row in bundle["rows"] if oracle.fails(policy, row)]
        return failing, [row for row in bundle["rows"] if not oracle.fails(policy, row)]

    bundles = settled_bundles(case, right)
    chosen = any_of(rng, (i for i, bundle in enumerate(bundles) if all(split(bundle))))

    def change(bundles: list[dict]) -> None:
        failing, healthy = split(bundles[chosen])
        bundles.append(bundles[chosen] | {"rows": healthy, "rejected": False})
        bundles[chosen]["rows"] = failing

    return None if chosen is None else follow(case, right, change=change)


def last_leg_held(case: dict, right: dict, rng: random.Random) -> dict | None:
    bundles = settled_bundles(case, right)
    chosen = any_of(
        rng,
        (
            i
            for i, bundle in enumerate(bundles)
            if bundle["status"] == oracle.PLACED and len(bundle["rows"]) > 1
        ),
    )

    def change(bundles: list[dict]) -> None:
        leg = bundles[chosen]["rows"].pop()
        bundles.append(bundles[chosen] | {"rows": [leg], "path": []})

    return None if chosen is None or not holds(case) else follow(case, right, change=change)
