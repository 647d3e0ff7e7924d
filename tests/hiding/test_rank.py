"""What a proof publishes is jointly uniform: the map from its random numbers has full rank.

Not column by column (tests/soundness/test_hiding.py) but everything at once: columns over their
lifetime, slice digests and the quotient's chunks, at the challenges of an actual proof. Less
randomness of any sort is noticed as a loss of rank.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache

import pytest

import prover.prove
from circuits.ir.table import Kind
from tests.hiding.rank import (
    Label,
    Place,
    Published,
    Unknown,
    functionals,
    joint_rows,
    lowered_of,
    relations,
    run_prover,
)
from tests.support.claims import Columns
from tests.support.elimination import Row, product, rank
from tests.support.lying import Scene
from tests.support.policies import ALL_POLICIES
from tests.support.scenes import chained_scene, first_scene
from zkroute.algebra.groups import GENERATOR_G1, multiply_g1
from zkroute.algebra.scalars import MODULUS

SMALL, WHOLE = "notional by seven", "whole rule"


@cache
def proven(name: str) -> tuple[Scene, Published]:
    """The second batch of a chain, and a proof of it."""
    scene = chained_scene(name, 11)
    return scene, run_prover(scene, scene.columns)


def rows_with(name: str, fewer: dict[Place, int] | None = None) -> dict[Label, Row]:
    """The rows at a proof's challenges, some columns with fewer coefficients."""
    scene, published = proven(name)
    return joint_rows(scene, published.challenges, published.counts | (fewer or {}))


def require_full(rows: dict[Label, Row]) -> None:
    """Rank is full but for the chunks' one relation."""
    assert rank(rows.values()) == len(rows) - 1


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_everything_a_proof_publishes_is_jointly_uniform(name: str) -> None:
    scene, published = proven(name)
    rows = rows_with(name)
    assert len(rows) > 2 * len(lowered_of(scene).circuit.columns(Kind.WITNESS))
    require_full(rows)
    assert relations(scene, published) == [0, 0, 0]


def test_so_is_the_first_proof_of_a_chain() -> None:
    scene = first_scene(WHOLE, 11)
    published = run_prover(scene, scene.columns)
    require_full(joint_rows(scene, published.challenges, published.counts))
    assert relations(scene, published) == [0, 0, 0]


@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_no_random_number_is_used_twice(name: str) -> None:
    _, published = proven(name)
    numbers = [value for unknown, value in published.unknowns.items() if unknown[0] != "mask"]
    assert 0 not in numbers
    assert len(set(numbers)) == len(numbers) > 200


# The rows are those of the prover


def with_new_masks(scene: Scene) -> Columns:
    nodes = range(scene.world.proving_key.key.nodes)
    masks = list(scene.columns["nodes", "mask"])
    masks[: len(nodes)] = [secrets.randbelow(MODULUS) for _ in nodes]
    return scene.columns | {("nodes", "mask"): masks}


def difference(one: dict, other: dict) -> dict:
    return {name: (value - other[name]) % MODULUS for name, value in one.items()}


@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_the_prover_publishes_what_the_rows_say(name: str) -> None:
    """Two runs at the same challenges differ by what the rows make of their random numbers."""
    scene, first = proven(name)
    columns = with_new_masks(scene)
    second = run_prover(scene, columns, first.challenges)
    assert relations(scene, second) == [0, 0, 0]
    changes = difference(second.unknowns, first.unknowns)
    found = difference(second.values, first.values)
    for label, row in rows_with(name).items():
        assert label[0] == "chunk" or product(row, changes) == found[label], label
    again = run_prover(scene, columns, first.challenges, replay=second.drawings[:-3])
    changes = difference(again.unknowns, second.unknowns)
    found = difference(again.values, second.values)
    assert {u[0] for u, change in changes.items() if change} == {"chunk"}
    for label, row in rows_with(name).items():
        assert product(row, changes) == found[label], label


def test_the_numbers_are_those_behind_the_points() -> None:
    scene, published = proven(SMALL)
    columns = lowered_of(scene).circuit.columns(Kind.WITNESS)
    for column, point in zip(columns, published.proof.witness, strict=True):
        value = published.values["tau", column.table, column.name]
        assert multiply_g1(GENERATOR_G1, value) == point
    for number, point in enumerate(published.proof.quotient):
        assert multiply_g1(GENERATOR_G1, published.values["chunk", str(number)]) == point


# Controls: less randomness


def lost(rows: dict[Label, Row]) -> int:
    return len(rows) - 1 - rank(rows.values())


def rows_lost(name: str, keep: Callable[[Unknown], Unknown | None]) -> int:
    """Rank lost where random numbers are left out, or are others' again."""
    short = {
        label: {kept: value for unknown, value in row.items() if (kept := keep(unknown))}
        for label, row in rows_with(name).items()
    }
    return lost(short)


@pytest.mark.parametrize("name", [SMALL, pytest.param(WHOLE, marks=pytest.mark.slow)])
def test_one_coefficient_too_few_in_any_column_is_noticed(name: str) -> None:
    scene, published = proven(name)
    places = [place for place, _ in functionals(scene, published.challenges).values()]
    for place in dict.fromkeys(places):
        openings = places.count(place)
        assert openings <= published.counts[place]
        assert lost(rows_with(name, {place: openings - 1})) == 1, place
    assert lost(rows_with(name, {place: places.count(place) - 1 for place in places})) > 50


@pytest.mark.parametrize("name", [SMALL, pytest.param(WHOLE, marks=pytest.mark.slow)])
def test_a_column_without_blinding_is_noticed(name: str) -> None:
    scene, published = proven(name)
    places = [place for place, _ in functionals(scene, published.challenges).values()]
    for place in dict.fromkeys(places):
        assert lost(rows_with(name, {place: 0})) == places.count(place), place


@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_quotient_chunks_without_blinding_are_noticed(name: str) -> None:
    """The attack of eprint 2024/848: chunks that are not made uniform themselves."""
    assert rows_lost(name, lambda unknown: None if unknown[0] == "chunk" else unknown) == 3
    assert rows_lost(name, lambda unknown: None if unknown == ("chunk", 1) else unknown) == 1


@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_missing_masks_are_noticed(name: str) -> None:
    scene, _ = proven(name)
    without_masks = rows_lost(name, lambda unknown: None if unknown[0] == "mask" else unknown)
    assert without_masks == scene.world.proving_key.key.nodes


@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_two_columns_with_the_same_blinding_are_noticed(name: str) -> None:
    """Each column alone would have full rank: only the joint rank shows it."""
    one, other = ("blinding", "nodes", "threshold"), ("blinding", "nodes", "nonempty")
    assert rows_lost(name, lambda u: (*one, *u[3:]) if u[:3] == other else u) == 2


def test_a_prover_that_hides_less_is_noticed() -> None:
    """The rows are made from what the prover really drew."""
    scene = chained_scene(SMALL, 11)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prover.prove, "blinding_count", lambda lowered, column: 1)
        published = run_prover(scene, scene.columns)
    hidden = [place for place in published.counts if published.counts[place] == 1]
    assert len(hidden) > 40
    assert relations(scene, published) == [0, 0, 0]  # the verifier has nothing against it
    rows = joint_rows(scene, published.challenges, published.counts)
    assert lost(rows) == sum(label[1:] in hidden for label in rows) - len(hidden)
