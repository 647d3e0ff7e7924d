"""What a proof tells an outsider who guesses: nothing. Each guess is shown to work without hiding.

Dictionary attacks are the lesson of gnark's CVE-2024-45040: a commitment that binds may still tell
a node number of a few bits to whoever tries them all.
"""

from __future__ import annotations

import random
from functools import cache

import pytest

from circuits.ir.table import COMMITTED_KINDS, ColumnSpecification, Kind
from prover.blinding import CHILDREN_PER_HEADER, MAXIMUM_BLINDING, PROOFS_PER_HEADER, blinding_count
from prover.prove import Run, instance_of
from prover.state import CommittedBatch
from tests.soundness.dictionary import NAME, TRIALS, hits
from tests.support.lying import START_MS, TAU, Scene, lying_world
from tests.support.policies import ALL_POLICIES
from tests.support.scenes import chained_scene, first_scene
from tests.support.settings import small_orders
from tests.support.world import World
from zkroute.algebra.domain import evaluate_public
from zkroute.algebra.scalars import MODULUS
from zkroute.protocol.proof import Proof, queries, queries_next
from zkroute.protocol.schedule import Schedule


@pytest.mark.parametrize("name", ["node", "active", "slope"])
def test_no_dictionary_finds_a_committed_number(name: str) -> None:
    assert hits(name, blinded=True) == 0
    assert hits(name, blinded=False) == TRIALS


def challenges_of(world: World, batch: CommittedBatch, proof: Proof) -> dict[str, int]:
    schedule = Schedule(world.proving_key.key, batch.header)
    drawn = schedule.witness(proof.witness)
    drawn |= schedule.helpers(proof.helpers, proof.slice_digests)
    drawn |= schedule.accumulator(proof.accumulator)
    return drawn | schedule.quotient(proof.quotient)


class Naked(Run):
    """A prover that hides nothing: the control of every test here."""

    def _load(self, traces: object) -> None:
        circuit = self.proving_key.circuit.lowered.circuit
        for column in circuit.columns(Kind.HEADER, Kind.WITNESS):
            self.blinding[column.table, column.name] = ()
        super()._load(traces)  # type: ignore[arg-type]  # Traces


def readable(scene: Scene, kind: type[Run]) -> set[tuple[str, str]]:
    """Columns whose published value is that of the unhidden column: a guess is confirmed."""
    proof = scene.messages(scene.columns, kind=kind)
    drawn = challenges_of(scene.world, scene.batch, proof)
    point = drawn["evaluation_point"]
    lowered = scene.world.proving_key.circuit.lowered
    found = set()
    for cell, value in zip(queries(lowered), proof.evaluations, strict=True):
        column = scene.columns.get((cell.table, cell.column))
        if column is None:
            continue
        table = lowered.circuit.tables[cell.table]
        if evaluate_public([column], table.log_rows, point) == [value]:
            found.add((cell.table, cell.column))
    return found


def test_a_full_guess_of_a_column_is_not_confirmed_by_its_value() -> None:
    """Even who knows every cell cannot tell: only work before the first batch is public, zero."""
    scene = first_scene(NAME, 5)
    assert readable(scene, Run) == {("nodes", "work_before")}
    assert readable(scene, Naked) == set(scene.columns)
    assert readable(chained_scene(NAME, 5), Run) == set()


@cache
def two_commitments() -> tuple[Scene, Scene, Proof, Proof]:
    """The same orders committed to and proven twice: what a router does that makes a batch anew."""
    world = lying_world(NAME)
    orders = small_orders(world.policy, 5, random.Random(1))
    scenes = [Scene(world, None, world.commit(orders, time_ms=START_MS)) for _ in range(2)]
    first, second = scenes
    return first, second, first.messages(first.columns), second.messages(second.columns)


def test_nothing_in_two_proofs_of_the_same_orders_is_the_same() -> None:
    first, second, one, other = two_commitments()
    assert not set(first.batch.header.columns) & set(second.batch.header.columns)
    assert first.batch.header.work_after != second.batch.header.work_after
    assert first.batch.header.slices != second.batch.header.slices

    def parts(proof: Proof) -> set[object]:
        points = {*proof.witness, *proof.helpers, *proof.quotient, proof.accumulator}
        values = {*proof.evaluations, *proof.evaluations_next, *proof.slice_digests}
        return points | {proof.opening, proof.opening_next} | values - {0}

    assert not parts(one) & parts(other)
    assert len(parts(one)) > 60


def test_slice_digests_do_not_tell_who_got_nothing() -> None:
    """They would in two proofs of one header: hence one published proof a header."""
    assert PROOFS_PER_HEADER == 1
    scene, second, one, other = two_commitments()
    nodes = range(len(scene.world.snapshot.nodes))
    served = {int(node) for node in scene.batch.routed.node}
    assert served != set(nodes)
    again = scene.messages(scene.columns)
    same = {slot for slot in nodes if one.slice_digests[slot] == again.slice_digests[slot]}
    assert same == set(nodes) - served  # what a second proof of one header would tell
    assert all(one.slice_digests[slot] != other.slice_digests[slot] for slot in nodes)
    assert second.batch.header.digest != scene.batch.header.digest


def lifetime_openings(world: World, column: ColumnSpecification) -> int:
    """At how many points outside the domain a column's polynomial is ever made known."""
    circuit = world.proving_key.circuit
    place = (column.table, column.name)
    here = sum((cell.table, cell.column) == place for cell in queries(circuit.lowered))
    there = sum((cell.table, cell.column) == place for cell in queries_next(circuit.lowered))
    # the commitment is the value at tau; the quotient's commitments depend on the value at
    # tau times the root where the column is read on the next row
    proofs = PROOFS_PER_HEADER if column.kind is Kind.HEADER else 1
    openings = proofs * (here + there) + 1 + there
    if column.kind is Kind.HEADER and column.table != "orders":
        openings += CHILDREN_PER_HEADER * (here + there)
    return openings


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_every_column_has_as_many_random_coefficients_as_it_is_opened(name: str) -> None:
    world = lying_world(name)
    lowered = world.proving_key.circuit.lowered
    for column in lowered.circuit.columns(*COMMITTED_KINDS):
        count = blinding_count(lowered, column)
        assert lifetime_openings(world, column) <= count <= MAXIMUM_BLINDING, column


def rank(rows: list[list[int]]) -> int:
    """Rank modulo r by elimination."""
    left = [list(row) for row in rows]
    found = 0
    for column in range(len(left[0])):
        pivot = next((i for i in range(found, len(left)) if left[i][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        top = left[found]
        inverse = pow(top[column], -1, MODULUS)
        for i in range(found + 1, len(left)):
            factor = left[i][column] * inverse
            left[i] = [(a - factor * b) % MODULUS for a, b in zip(left[i], top, strict=True)]
        found += 1
    return found


def published(points: list[int], rows: int, count: int) -> list[list[int]]:
    """What each coefficient of b(X) adds to (b (X^rows - 1)) at each point."""
    return [
        [(pow(x, rows, MODULUS) - 1) * pow(x, k, MODULUS) % MODULUS for k in range(count)]
        for x in points
    ]


def test_what_is_published_about_a_column_is_uniform() -> None:
    """Full rank: whatever a column holds, every list of its published values is as likely."""
    rng = random.Random(2)
    world = lying_world("whole rule")
    lowered = world.proving_key.circuit.lowered
    for column in lowered.circuit.columns(*COMMITTED_KINDS):
        rows = lowered.circuit.tables[column.table].rows
        opened = lifetime_openings(world, column)
        points = [TAU, *(rng.randrange(MODULUS) for _ in range(opened - 1))]
        assert rank(published(points, rows, blinding_count(lowered, column))) == opened, column
        assert rank(published(points, rows, opened - 1)) < opened  # the control: one too few


def test_the_prover_uses_the_counted_coefficients() -> None:
    scene = chained_scene("whole rule", 23, 3)
    world = scene.world
    lowered = world.proving_key.circuit.lowered
    run = Run(
        world.proving_key,
        scene.batch.header,
        instance_of(world.policy, world.snapshot, scene.batch.header),
        dict(scene.openings),
    )
    run.prove(world.traces(scene.batch), lambda stage: None)
    for column in lowered.circuit.columns(*COMMITTED_KINDS):
        blinding = run.blinding[column.table, column.name]
        assert len(blinding) == blinding_count(lowered, column), column
        assert len(set(blinding)) == len(blinding)
