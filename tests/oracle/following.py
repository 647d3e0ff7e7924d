"""Outcomes worked out to the end from one step that departs from the policy."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from tests.oracle import oracle


def described_rows(case: dict) -> list[dict]:
    entered = oracle.entered(case["carried"], case["orders"], case["first_sequence"])
    return [oracle.described(case["policy"], row) for row in entered]


def follow(
    case: dict,
    right: dict,
    rows: list[dict] | None = None,
    change: Callable[[list[dict]], None] | None = None,
    **choices: Any,
) -> dict:
    """The outcome of these rows, after a change to the bundles, by other choices or work."""
    rows = described_rows(case) if rows is None else rows
    bundles = oracle.bundled(case["policy"], case["gas_price"], rows)
    if change is not None:
        change(bundles)
    work_in = choices.pop("work_in", right["work_in"])
    return oracle.place(case["policy"], case["nodes"], work_in, bundles, **choices)


def with_row(case: dict, right: dict, number: int, **facts: Any) -> dict:
    """The outcome if one row says something else about its order."""
    rows = described_rows(case)
    rows[number] |= facts
    return follow(case, right, rows)


def any_of(rng: random.Random, candidates: Any) -> Any:
    """One of the candidates, or None."""
    candidates = list(candidates)
    return rng.choice(candidates) if candidates else None


def settled_bundles(case: dict, right: dict) -> list[dict]:
    """The bundles with the fate they rightly have, in the order in which they came."""
    found: list[dict] = []
    follow(case, right, change=found.extend)
    return found


def last_of_bundle(rows: list[dict], number: int) -> bool:
    return number + 1 == len(rows) or not rows[number + 1]["leg"]


def is_lone(rows: list[dict], number: int) -> bool:
    return not rows[number]["leg"] and last_of_bundle(rows, number)


def holds(case: dict) -> bool:
    return "carry" in case["policy"]["queue"]


def live(case: dict) -> list[int]:
    """Segments with a node that may get orders."""
    policy, nodes = case["policy"], case["nodes"]
    segments = range(len(policy["segments"]))
    return [segment for segment in segments if oracle.eligible(policy, nodes, segment)]


def every_claim(case: dict, right: dict) -> Iterator[dict]:
    """Every way to hold the bundles or spread them over the nodes, followed in turn."""
    bundles = [bundle for bundle in settled_bundles(case, right) if not bundle["rejected"]]
    leaders = [bundle["rows"][0]["sequence"] for bundle in bundles]
    places = [
        (segment, slot)
        for segment in live(case)
        for slot in oracle.eligible(case["policy"], case["nodes"], segment)
    ]
    for chosen in product([None, *places], repeat=len(leaders)):
        fate = dict(zip(leaders, chosen, strict=True))

        def change(bundles: list[dict], fate: dict = fate) -> None:
            for bundle in bundles:
                where = fate.get(bundle["rows"][0]["sequence"])
                bundle["path"] = [] if where is None else [where[0]]

        def choose(bundle: dict, row: dict, keys: dict[int, int], fate: dict = fate) -> int:
            return fate[bundle["rows"][0]["sequence"]][1]

        def never(bundle: dict, segment: int, reasons: set[str]) -> bool:
            return False

        yield follow(case, right, change=change, choose=choose, turned_away=never)
