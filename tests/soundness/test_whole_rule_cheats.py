"""Cheats that only the whole rule allows, at the columns; each breaks exactly the named rules.

False outcomes as a whole (who is placed, held, rejected) are in tests/oracle; here the outcome is
the right one and some cell that proves it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from circuits.check import check_trace
from tests.support.claims import Columns, completed, rules
from tests.support.lying import Scene, altered
from tests.support.scenes import chained_scene
from verifier.errors import Code
from zkroute.algebra.scalars import MODULUS

Cells = dict[tuple[str, str], dict[int, int]]
Cheat = Callable[[Columns], tuple[Cells, set[str]]]
"""From the honest columns to the false cells and the beginnings of the rules they break."""

CHEATS: dict[str, Cheat] = {}
BUS = "bus {} does not balance"
RANGE = BUS.format("range")


def cheat(name: str) -> Callable[[Cheat], Cheat]:
    def register(function: Cheat) -> Cheat:
        CHEATS[name] = function
        return function

    return register


def scene() -> Scene:
    """Seed 3: orders carried over, moved, held again and rejected; both segments close."""
    return chained_scene("whole rule", 23, 3)


def rows_where(columns: Columns, **wanted: int) -> list[int]:
    """Rows of the orders table whose cells have these values."""
    names = [("orders", name) for name in wanted]
    return [
        row
        for row in range(len(columns[names[0]]))
        if columns["orders", "active"][row]
        and all(
            columns[name][row] == value for name, value in zip(names, wanted.values(), strict=True)
        )
    ]


def members(segment: int) -> list[int]:
    """Slots of a segment's live nodes in the scene's snapshot; the first is its head."""
    return {0: [0, 2, 5], 1: [1, 4]}[segment]


@cheat("a segment that is not saturated says it is")
def saturated(columns: Columns) -> tuple[Cells, set[str]]:
    del columns
    return (
        {("nodes", "saturated"): dict.fromkeys(members(0), 1)},
        {"only a segment with a ceiling saturates"},
    )


@cheat("a saturated segment says it is open and holds orders up")
def open_and_displacing(columns: Columns) -> tuple[Cells, set[str]]:
    assert columns["nodes", "saturated"][1] == 1
    assert columns["nodes", "tripped"][1] == 0
    return (
        {("nodes", "saturated"): dict.fromkeys(members(1), 0)},
        {"an open segment holds up no order"},
    )


@cheat("only one node of a segment says it is saturated")
def half_saturated(columns: Columns) -> tuple[Cells, set[str]]:
    assert columns["nodes", "saturated"][1] == 1
    return {("nodes", "saturated"): {4: 0}}, {BUS.format("threshold")}


@cheat("a breaker says it tripped below its limit")
def tripped(columns: Columns) -> tuple[Cells, set[str]]:
    assert columns["nodes", "tripped"][1] == 0
    return {("nodes", "tripped"): {1: 1}}, {RANGE}


@cheat("a segment counts less cost than was placed in it")
def less_cost(columns: Columns) -> tuple[Cells, set[str]]:
    after = columns["nodes", "cost_after"][0]
    return {("nodes", "cost_after"): {0: after - 1}}, {BUS.format("ends")}


@cheat("the cost before the last leader is understated")
def less_before(columns: Columns) -> tuple[Cells, set[str]]:
    before = columns["nodes", "cost_before"][0]
    return {("nodes", "cost_before"): {0: before - 1}}, {BUS.format("ends")}


@cheat("a segment says it closed earlier")
def early_bound(columns: Columns) -> tuple[Cells, set[str]]:
    bound = columns["nodes", "bound"][0]
    return (
        {("nodes", "bound"): {0: bound - 1}},
        {BUS.format("ends"), BUS.format("closing")},
    )


@cheat("an order names a bound below that of its segment")
def own_bound(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, moved=1)[0]
    bound = columns["orders", "bound"][row]
    return {("orders", "bound"): {row: bound - 1}}, {BUS.format("closing")}


@cheat("a displaced order is counted by another segment")
def moved_count(columns: Columns) -> tuple[Cells, set[str]]:
    counts = columns["nodes", "displaced"]
    return (
        {("nodes", "displaced"): {0: counts[0] - 1, 1: counts[1] + 1}},
        {BUS.format("closing")},
    )


@cheat("a moved order says it is where it belongs")
def not_moved(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, moved=1, leg=0)[0]
    return (
        {
            ("orders", "moved"): {row: 0},
            ("orders", "target"): {row: 0},
            ("orders", "bound"): {row: 0},
        },
        {BUS.format("closing"), "an order that did not move is in its primary segment"},
    )


@cheat("a held order passes by the overflow segment")
def not_rerouted(columns: Columns) -> tuple[Cells, set[str]]:
    """Its segment is sent straight to the held group: that is not where it overflows to."""
    row = rows_where(columns, held=1, rerouted=1)[0]
    held = columns["orders", "segment"][row]
    return (
        {
            ("orders", "rerouted"): {row: 0},
            ("orders", "target"): {row: held},
            ("orders", "bound_again"): {row: 0},
        },
        {BUS.format("closing"), BUS.format("closing_again")},
    )


@cheat("an order with margin is called short")
def called_short(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, short=0, rate=5, rejected=0, leg=0)[0]
    return (
        {("orders", "short"): {row: 1}},
        {RANGE, "a failing order is rejected", "a leader fails by itself"},
    )


@cheat("an order of normal value is called high")
def called_high(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, high=0, leg=1)[0]
    return {("orders", "high"): {row: 1}}, {RANGE}


@cheat("an account's hash wraps once more")
def other_shard(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, leg=1)[0]
    wraps = columns["orders", "hash_quotient"][row]
    hashed = 3 * columns["orders", "shard_quotient"][row] + columns["orders", "shard"][row] + 101
    turns, shard = divmod(hashed, 3)
    return (
        {
            ("orders", "hash_quotient"): {row: wraps - 1},
            ("orders", "shard_quotient"): {row: turns},
            ("orders", "shard"): {row: shard},
        },
        {RANGE},
    )


@cheat("an account's hash is divided modulo r")
def divided_shard(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, leg=1)[0]
    account = columns["orders", "account"][row]
    return (
        {
            ("orders", "hash_quotient"): {row: (7 * account + 3) * pow(101, -1, MODULUS) % MODULUS},
            ("orders", "shard_quotient"): {row: 0},
            ("orders", "shard"): {row: 0},
        },
        {RANGE},
    )


@cheat("a carried order pretends to have arrived now")
def as_new(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, carried=1)[-1]
    broken = {BUS.format("carry_in"), BUS.format("sequence")}
    if columns["orders", "leg"][row] or columns["orders", "leg"][row + 1]:
        broken.add("a leg arrived with its leader")
    return {("orders", "carried"): {row: 0}}, broken


@cheat("a held order is forgotten")
def forgotten(columns: Columns) -> tuple[Cells, set[str]]:
    last = sum(columns["carry", "used_after"]) - 1
    names = ("used_after", "sequence_after", "digest_after")
    return {("carry", name): {last: 0} for name in names}, {BUS.format("carry_out")}


@cheat("a held order is kept twice")
def kept_twice(columns: Columns) -> tuple[Cells, set[str]]:
    count = sum(columns["carry", "used_after"])
    names = ("used_after", "sequence_after", "digest_after")
    return (
        {("carry", name): {count: columns["carry", name][0]} for name in names},
        {BUS.format("carry_out")},
    )


@cheat("a held order waits under another's digest")
def exchanged_digests(columns: Columns) -> tuple[Cells, set[str]]:
    digests = columns["carry", "digest_after"]
    return (
        {("carry", "digest_after"): {0: digests[1], 1: digests[0]}},
        {BUS.format("carry_out")},
    )


@cheat("a leg leaves its leader")
def lone_leg(columns: Columns) -> tuple[Cells, set[str]]:
    row = rows_where(columns, leg=1, held=0, rejected=0)[0]
    return (
        {("orders", "leg"): {row: 0}},
        {
            BUS.format("route"),
            "a leader's composite is its own",
            "a leader's group cost is its own",
        },
    )


@cheat("two nodes are marked as having the largest count")
def two_largest(columns: Columns) -> tuple[Cells, set[str]]:
    marks = columns["nodes", "reaches_maximum"]
    other = next(slot for slot in range(6) if not marks[slot])
    return (
        {("nodes", "reaches_maximum"): {other: 1}},
        {"the marked node has the largest count", "exactly one node is marked"},
    )


def matches(found: set[str], expected: set[str]) -> bool:
    """Every rule found begins as one expected, and every one expected was found."""
    return all(rule.startswith(tuple(expected)) for rule in found) and all(
        any(rule.startswith(start) for rule in found) for start in expected
    )


def lie(name: str) -> tuple[Scene, Columns, set[str]]:
    staged = scene()
    cells, broken = CHEATS[name](staged.columns)
    circuit, instance = staged.world.proving_key.circuit, staged.world.instance(staged.batch)
    reduced: Mapping[tuple[str, str], Mapping[int, int]] = {
        place: {row: value % MODULUS for row, value in values.items()}
        for place, values in cells.items()
    }
    return staged, completed(circuit, instance, altered(staged.columns, reduced)), broken


def test_repairing_the_honest_trace_changes_nothing() -> None:
    staged = scene()
    circuit, instance = staged.world.proving_key.circuit, staged.world.instance(staged.batch)
    assert completed(circuit, instance, staged.columns) == staged.columns


@pytest.mark.parametrize("name", CHEATS)
def test_the_checker_names_the_rules_a_cheat_breaks(name: str) -> None:
    staged, columns, broken = lie(name)
    circuit, instance = staged.world.proving_key.circuit, staged.world.instance(staged.batch)
    found = rules(check_trace(circuit, instance, columns))
    assert matches(found, broken), found


@pytest.mark.parametrize("name", CHEATS)
def test_the_verifier_refuses_a_cheat(name: str) -> None:
    staged, columns, _ = lie(name)
    header = staged.header(columns)
    assert staged.verdict(staged.prove(columns, header), header) is Code.OPENING_INVALID


def test_a_false_header_cannot_be_saved_by_its_parent() -> None:
    """The parent's commitments are the parent's: changed ones are stale before any proof."""
    staged = scene()
    header = staged.sign(replace(staged.batch.header, carry_before=staged.batch.header.carry_after))
    assert staged.verdict(staged.prove(staged.columns), header) is Code.STALE
