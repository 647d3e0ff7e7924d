"""The verifier alone against a prover that proves false columns, helpers, sums and values."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from circuits.ir.table import ColumnSpecification
from circuits.tables.carry import ENTRY
from prover.keygen import ProvingKey
from prover.prove import Run, Traces
from tests.support.cells import Cell, may_be_free, other_values
from tests.support.lying import Scene, altered, private_places
from tests.support.policies import ALL_POLICIES
from tests.support.scenes import chained_scene, first_scene
from tests.support.world import World
from verifier.errors import Code
from zkroute.algebra.engine import Vector
from zkroute.algebra.groups import PointG1
from zkroute.algebra.scalars import MODULUS
from zkroute.protocol.proof import ProofLayout


@pytest.mark.parametrize("name", ["round robin", "notional by seven"])
@pytest.mark.parametrize("count", [0, 1, 64])
def test_the_same_machinery_without_a_lie_is_accepted(name: str, count: int) -> None:
    scene = chained_scene(name, count)
    proof = scene.prove(scene.columns)
    assert scene.verdict(proof) is None
    assert scene.verdict(proof, pairing=True) is None


BEFORE = {("nodes", "work_before"), *(("carry", f"{name}_before") for name in ENTRY)}
"""Columns that the parent committed to."""


def lie_about(scene: Scene, place: tuple[str, str], rng: random.Random) -> None:
    """Change one cell, under the old header and, if it is committed there, under a fitting one."""
    columns, circuit = scene.columns, scene.world.proving_key.circuit
    cell = Cell(*place, rng.randrange(len(columns[place])))
    value = rng.choice(other_values(columns[place][cell.row], rng))
    false = altered(columns, {place: {cell.row: value}})
    harmless = None if may_be_free(circuit, columns, cell) else Code.OPENING_INVALID
    header = scene.header(false)
    if header.digest == scene.batch.header.digest:
        # masks are free where a digest is published; the checker does not see where they are not
        if place == ("nodes", "mask") and cell.row >= len(scene.world.snapshot.nodes):
            harmless = Code.OPENING_INVALID
        found = scene.verdict(scene.prove(false))
        assert found in (harmless, Code.OPENING_INVALID), (cell, value)
        return
    assert scene.verdict(scene.prove(false)) is Code.OPENING_INVALID, (cell, value)
    found = scene.verdict(scene.prove(false, header), header)
    assert found in ({Code.STALE} if place in BEFORE else {harmless, Code.OPENING_INVALID})


def test_one_changed_cell_in_any_column_is_refused() -> None:
    scene, rng = chained_scene("round robin", 23), random.Random(1)
    for place in private_places(scene.world):
        lie_about(scene, place, rng)


def test_one_changed_cell_in_a_sample_of_columns_of_a_larger_circuit_is_refused() -> None:
    scene, rng = chained_scene("notional by seven", 23), random.Random(2)
    for place in rng.sample(private_places(scene.world), 20):
        lie_about(scene, place, rng)


def test_one_changed_cell_in_a_sample_of_columns_under_the_whole_rule_is_refused() -> None:
    scene, rng = chained_scene("whole rule", 23, 3), random.Random(3)
    places = [place for place in private_places(scene.world) if place[0] != "carry"]
    for place in [*rng.sample(places, 6), ("carry", "used_before"), ("carry", "digest_after")]:
        lie_about(scene, place, rng)


@pytest.mark.slow
@pytest.mark.parametrize("count", [23, 64])
@pytest.mark.parametrize("name", ALL_POLICIES)
def test_changed_cells_in_every_column_of_every_policy_are_refused(name: str, count: int) -> None:
    scene, rng = chained_scene(name, count), random.Random(count)
    for place in private_places(scene.world):
        for _ in range(3):
            lie_about(scene, place, rng)


def test_work_before_of_a_first_batch_is_zero() -> None:
    scene = first_scene("round robin", 5)
    columns = scene.columns
    false = altered(columns, {("nodes", "work_before"): {1: 7}})
    assert scene.verdict(scene.prove(false)) is Code.OPENING_INVALID
    header = scene.header(false)
    assert header.work_before is not None
    assert scene.verdict(scene.prove(false, header), header) is Code.HEADER_MALFORMED


def test_only_the_headers_commitment_binds_an_orders_digest() -> None:
    """A digest is content: under another header it is another true claim, under this one a lie."""
    scene = chained_scene("round robin", 23)
    other = altered(scene.columns, {("orders", "digest"): {4: 12345}})
    assert scene.verdict(scene.prove(other)) is Code.OPENING_INVALID
    header = scene.header(other)
    assert scene.verdict(scene.prove(other, header), header) is None


class FalseVectors(Run):
    """Adds one to a cell of one helper or accumulator column."""

    target: ClassVar[tuple[str, str]]
    row: ClassVar[int]

    def _commit_vectors(
        self,
        columns: Sequence[ColumnSpecification],
        vectors: Mapping[tuple[str, str], Vector],
    ) -> list[PointG1]:
        engine = self.proving_key.engine
        changed = dict(vectors)
        if self.target in changed:
            values = engine.to_integers(changed[self.target])
            values[self.row] += 1
            changed[self.target] = engine.from_integers(values)
        return super()._commit_vectors(columns, changed)


def derived_places(world: World) -> list[tuple[str, str]]:
    circuit = world.proving_key.circuit.lowered.circuit
    return [
        (column.table, column.name)
        for column in circuit.columns()
        if column.kind.value in ("helper", "accumulator")
    ]


@pytest.mark.parametrize("row", [0, 9, 15])
def test_a_false_cell_in_any_helper_or_the_accumulator_is_refused(row: int) -> None:
    scene = chained_scene("round robin", 23)
    for place in derived_places(scene.world):
        lie = type("Lie", (FalseVectors,), {"target": place, "row": row})
        assert scene.verdict(scene.prove(scene.columns, kind=lie)) is Code.OPENING_INVALID, place


class FalseQuotient(Run):
    """A quotient that is wrong in one coefficient."""

    def _quotient(self) -> Vector:
        engine = self.proving_key.engine
        return engine.linear_combination([super()._quotient(), engine.from_integers([1])], [1, 1])


def test_a_false_quotient_is_refused() -> None:
    scene = chained_scene("round robin", 23)
    assert scene.verdict(scene.prove(scene.columns, kind=FalseQuotient)) is Code.OPENING_INVALID


class FalseDigests(Run):
    """Slice digests changed by ``shift``."""

    shift: ClassVar[Mapping[int, int]]

    def _slice_digests(self, traces: Traces) -> list[int]:
        digests = super()._slice_digests(traces)
        return [(digest + self.shift.get(slot, 0)) % MODULUS for slot, digest in enumerate(digests)]


@pytest.mark.parametrize("shift", [{0: 1}, {3: 1}, {0: 1, 1: -1}, {1: 5, 2: -2, 0: -3}])
def test_slice_digests_of_other_rows_are_refused(shift: dict[int, int]) -> None:
    scene = chained_scene("round robin", 23)
    lie = type("Lie", (FalseDigests,), {"shift": shift})
    assert scene.verdict(scene.prove(scene.columns, kind=lie)) is Code.OPENING_INVALID


class SwappedDigests(Run):
    """The digests of two nodes exchanged: the same sum over all nodes."""

    def _slice_digests(self, traces: Traces) -> list[int]:
        first, second, *rest = super()._slice_digests(traces)
        return [second, first, *rest]


def test_exchanged_slice_digests_are_refused() -> None:
    scene = chained_scene("round robin", 23)
    assert scene.verdict(scene.prove(scene.columns, kind=SwappedDigests)) is Code.OPENING_INVALID


def test_a_mask_beyond_the_nodes_is_refused() -> None:
    """Masks of slots that publish no digest must be zero, or they would take up any difference."""
    scene = chained_scene("round robin", 23)
    columns = altered(scene.columns, {("nodes", "mask"): {len(scene.world.snapshot.nodes): 1}})
    assert scene.verdict(scene.prove(columns)) is Code.OPENING_INVALID


class FalseValues:
    """An engine that says one of the values it evaluates is one more."""

    def __init__(self, engine: Any, wrong: int) -> None:
        self._engine = engine
        self._left = wrong

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def evaluate(self, coefficients: Vector, point: int) -> int:
        self._left -= 1
        value: int = self._engine.evaluate(coefficients, point)
        return (value + 1) % MODULUS if self._left == -1 else value


def test_a_false_value_at_the_evaluation_point_is_refused() -> None:
    scene = chained_scene("round robin", 23)
    honest = scene.world.proving_key
    layout = ProofLayout.of(honest.circuit.lowered, honest.key.nodes)
    for wrong in range(0, layout.evaluations + layout.evaluations_next, 5):
        lying = ProvingKey(
            honest.key,
            honest.committer.srs,
            FalseValues(honest.engine, wrong),  # type: ignore[arg-type]  # a proxy of an engine
        )
        world = World(scene.world.policy, scene.world.snapshot, lying, scene.world.router)
        proof = Scene(world, scene.parent, scene.batch).prove(scene.columns)
        assert scene.verdict(proof) is Code.OPENING_INVALID, wrong
