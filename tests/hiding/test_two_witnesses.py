"""Two batches with one public side: nobody can tell whose proof it is, unless hiding is off.

Two ways to tell are tried on many proofs of each. One is statistical and looks at every byte of
header and proof: whether it is distributed alike in both. The other is exact and knows both batches
in full: it takes the values published of a column, solves for the coefficients that would hide
each batch's column behind them, and compares the commitment. There is no seed to turn hiding off
with: the controls replace the prover's random numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

import prover.batch
import prover.prove
from circuits.ir.lowering import LoweredCircuit
from circuits.ir.table import ColumnSpecification, Kind
from prover.state import CommittedBatch
from tests.hiding.rank import drawn, frozen
from tests.support.claims import Columns
from tests.support.lying import START_MS, TAU, Scene, lying_world
from tests.support.settings import small_orders
from tests.support.world import World
from zkroute.algebra.domain import evaluate_public, root_of_unity, vanishing
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.formats.proof import encode_proof
from zkroute.model.order import Orders, orders_from_records
from zkroute.protocol.proof import Proof, queries, queries_next

SMALL, WHOLE = "least loaded by size", "whole rule"
COUNT = 11

Bytes = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
"""One message a row."""


@cache
def witnesses(name: str) -> tuple[World, tuple[Orders, Orders]]:
    """Two sets of orders that the public side does not tell apart.

    Under the small policy one has orders of size one, the other of up to a thousand.
    Under the whole rule, which publishes counts and loads, they differ in their margins, which are
    enough in both.
    """
    world = lying_world(name)
    if name == SMALL:
        first, second = (
            small_orders(world.policy, COUNT, random.Random(seed), limit)
            for seed, limit in ((1, 1), (2, 1000))
        )
        return world, (first, second)
    orders = small_orders(world.policy, COUNT, random.Random(3))
    return world, (with_margins(world, orders, 5_000), with_margins(world, orders, 600_000))


def with_margins(world: World, orders: Orders, margin: int) -> Orders:
    records = orders.records.copy()
    records["margin"] = 0, margin
    return orders_from_records(records, world.policy, "orders with other margins")


@dataclass(frozen=True)
class Sample:
    """One published batch."""

    scene: Scene
    proof: Proof

    @property
    def message(self) -> bytes:
        return self.scene.batch.header.body() + encode_proof(self.proof)


def published(world: World, orders: Orders, challenges: Mapping[str, int] | None) -> Sample:
    """A batch committed to and proven anew, by the prover as it is."""
    scene = Scene(world, None, world.commit(orders, time_ms=START_MS))
    with pytest.MonkeyPatch.context() as patch:
        if challenges is not None:
            patch.setattr(prover.prove, "Schedule", frozen(challenges))
        return Sample(scene, scene.messages(scene.columns))


def samples(name: str, which: int, count: int, *, at_one_point: bool = False) -> list[Sample]:
    """Proofs of one of the two, at real challenges or all at the same."""
    world, orders = witnesses(name)
    challenges = one_proofs_challenges(name) if at_one_point else None
    return [published(world, orders[which], challenges) for _ in range(count)]


@cache
def one_proofs_challenges(name: str) -> dict[str, int]:
    world, orders = witnesses(name)
    sample = published(world, orders[0], None)
    return drawn(sample.scene, sample.proof)


@contextmanager
def hiding_by(count: int | None, *columns: str) -> Iterator[None]:
    """A prover with so many coefficients a column; None: as many as values it opens."""
    real = prover.prove.blinding_count

    def fewer(lowered: LoweredCircuit, column: ColumnSpecification) -> int:
        if columns and column.name not in columns:
            return real(lowered, column)
        return opened(lowered, column) if count is None else count

    with pytest.MonkeyPatch.context() as patch:
        for module in (prover.prove, prover.batch):
            patch.setattr(module, "blinding_count", fewer)
        yield


def opened(lowered: LoweredCircuit, column: ColumnSpecification) -> int:
    there = [(cell.table, cell.column) for cell in queries_next(lowered)]
    return 1 + ((column.table, column.name) in there)


# Every byte


def bytes_of(found: list[Sample]) -> Bytes:
    return np.array([np.frombuffer(each.message, dtype=np.uint8) for each in found])


def survival(statistic: float, degrees: int) -> float:
    """The chance that chi squared with so many degrees of freedom is at least this."""
    if not degrees:
        return 1.0
    half, order = statistic / 2, 0.5 if degrees % 2 else 1.0
    chance = math.erfc(math.sqrt(half)) if degrees % 2 else math.exp(-half)
    while order < degrees / 2:
        chance += math.exp(order * math.log(half or 1e-300) - half - math.lgamma(order + 1))
        order += 1
    return min(chance, 1.0)


@dataclass(frozen=True)
class Comparison:
    """Chi squared of every few bits of a message, in two equally large sets of them."""

    statistics: np.ndarray[tuple[int], np.dtype[np.float64]]
    degrees: np.ndarray[tuple[int], np.dtype[np.int64]]
    size: int
    """Messages in both sets."""

    @classmethod
    def of(cls, first: Bytes, second: Bytes, bits: int) -> Comparison:
        statistics, degrees = [], []
        for shift in range(0, 8, bits):
            one, other = (_histograms(each >> shift, 1 << bits) for each in (first, second))
            both = np.maximum(one + other, 1)
            statistics.append(((one - other) ** 2 / both).sum(axis=0))
            degrees.append((one + other > 0).sum(axis=0) - 1)
        return cls(np.concatenate(statistics), np.concatenate(degrees), len(first) + len(second))

    @property
    def smallest(self) -> float:
        """The smallest chance of all places, times their number."""
        places = zip(self.statistics.tolist(), self.degrees.tolist(), strict=True)
        return min(survival(*place) for place in places) * int((self.degrees > 0).sum())

    @property
    def deviation(self) -> float:
        """How many standard deviations the sum over all places is off."""
        total = int(self.degrees.sum())
        expected = total * self.size / (self.size - 1)
        return float((self.statistics.sum() - expected) / math.sqrt(2 * total))


def _histograms(values: Bytes, bins: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """How often each of the lowest values occurs in each place: (bins, places)."""
    return np.array([(values % bins == each).sum(axis=0) for each in range(bins)])


def compared(name: str, count: int, bits: int, *, at_one_point: bool = False) -> Comparison:
    first, second = (
        bytes_of(samples(name, which, count, at_one_point=at_one_point)) for which in (0, 1)
    )
    return Comparison.of(first, second, bits)


def require_alike(comparison: Comparison) -> None:
    assert comparison.degrees.sum() > 10_000
    assert comparison.smallest > 1e-6
    assert abs(comparison.deviation) < 6


def test_chi_squared_has_its_known_values() -> None:
    assert survival(3.841459, 1) == pytest.approx(0.05, rel=1e-6)
    assert survival(24.99579, 15) == pytest.approx(0.05, rel=1e-6)
    assert survival(9.210340, 2) == pytest.approx(0.01, rel=1e-6)
    assert survival(0.0, 3) == 1.0


def test_the_public_side_is_the_same() -> None:
    for name in (SMALL, WHOLE):
        first, second = (samples(name, which, 1)[0].scene for which in (0, 1))
        assert without_hidden(first.batch) == without_hidden(second.batch)
        assert first.columns != second.columns
        differing = {
            place for place in first.columns if first.columns[place] != second.columns[place]
        }
        assert len(differing) > 10


def without_hidden(batch: CommittedBatch) -> object:
    return replace(
        batch.header,
        columns=(),
        work_after=None,
        carry_after=(),
        slices=bytes(32),
        signature=b"",
    )


@pytest.mark.parametrize("at_one_point", [False, True])
def test_no_byte_tells_two_witnesses_apart(at_one_point: bool) -> None:
    require_alike(compared(SMALL, 20, 2, at_one_point=at_one_point))


@pytest.mark.slow
@pytest.mark.parametrize("at_one_point", [False, True])
@pytest.mark.parametrize(("name", "count"), [(SMALL, 500), (WHOLE, 200)])
def test_no_byte_of_many_proofs_tells_two_witnesses_apart(
    name: str, count: int, at_one_point: bool
) -> None:
    require_alike(compared(name, count, 4, at_one_point=at_one_point))


@pytest.mark.parametrize("columns", [(), ("size",)], ids=["any", "one"])
def test_bytes_tell_them_apart_where_columns_are_not_hidden(columns: tuple[str, ...]) -> None:
    with hiding_by(0, *columns):
        comparison = compared(SMALL, 40, 2)
    assert comparison.smallest < 1e-12


def test_bytes_tell_them_apart_where_all_randomness_is_off() -> None:
    """Then everything at a given point is the same in each proof, and differs between the two."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (prover.prove, prover.batch):
            patch.setattr(module, "random_scalars", lambda count: [0] * count)
        patch.setattr(prover.batch, "random_scalar", lambda: 0)
        found = [samples(SMALL, which, 40, at_one_point=True) for which in (0, 1)]
    assert [len({encode_proof(each.proof) for each in some}) for some in found] == [1, 1]
    assert Comparison.of(*map(bytes_of, found), bits=2).smallest < 1e-12


# Exactly


def told(sample: Sample, guess: Columns) -> int:
    """How many columns of a proof are those of the guess behind at most as many coefficients as
    values were opened."""
    lowered = sample.scene.world.proving_key.circuit.lowered
    point = drawn(sample.scene, sample.proof)["evaluation_point"]
    points = commitments(sample)
    values = {
        (cell.table, cell.column): [value]
        for cell, value in zip(queries(lowered), sample.proof.evaluations, strict=True)
    }
    there = zip(queries_next(lowered), sample.proof.evaluations_next, strict=True)
    for cell, value in there:
        values[cell.table, cell.column].append(value)
    hits = 0
    for place in differing(sample.scene):
        table = lowered.circuit.tables[place[0]]
        root = root_of_unity(table.log_rows)
        at = [point * pow(root, k, MODULUS) % MODULUS for k in range(len(values[place]))]
        plain = [_value(guess[place], table.log_rows, x) for x in (*at, TAU)]
        hidden = [
            (value - p) * pow(vanishing(table.rows, x), -1, MODULUS) % MODULUS
            for value, p, x in zip(values[place], plain, at, strict=False)
        ]
        expected = plain[-1] + _line(at, hidden, TAU) * vanishing(table.rows, TAU)
        hits += multiply_g1(GENERATOR_G1, expected % MODULUS) == points[place]
    return hits


def _value(column: list[int], log_rows: int, x: int) -> int:
    return evaluate_public([column], log_rows, x)[0]


def _line(at: list[int], values: list[int], x: int) -> int:
    """The constant or line through one or two points, at x: what hides, if it is that short."""
    if len(at) == 1:
        return values[0]
    slope = (values[1] - values[0]) * pow(at[1] - at[0], -1, MODULUS)
    return (values[0] + slope * (x - at[0])) % MODULUS


def commitments(sample: Sample) -> dict[tuple[str, str], PointG1]:
    """The points of all columns in which the two witnesses can differ."""
    circuit = sample.scene.world.proving_key.circuit
    witness = circuit.lowered.circuit.columns(Kind.WITNESS)
    header = sample.scene.batch.header
    return (
        {(c.table, c.name): p for c, p in zip(witness, sample.proof.witness, strict=True)}
        | {(c.table, c.name): p for c, p in zip(circuit.order_columns, header.columns, strict=True)}
        | {("nodes", "work_after"): header.work_after}
    )


@cache
def both_columns(name: str) -> tuple[Columns, Columns]:
    first, second = (samples(name, which, 1)[0].scene.columns for which in (0, 1))
    return first, second


@cache
def names_of_worlds() -> dict[int, str]:
    return {id(lying_world(name)): name for name in (SMALL, WHOLE)}


def differing(scene: Scene) -> list[tuple[str, str]]:
    """Columns that differ between the two batches, but for the masks, which nobody can guess."""
    first, second = both_columns(names_of_worlds()[id(scene.world)])
    return [p for p in first if first[p] != second[p] and p != ("nodes", "mask")]


def scores(name: str, count: int) -> list[tuple[int, int]]:
    """For each proof: columns that are the right batch's, and the other's."""
    guesses = both_columns(name)
    return [
        (told(sample, guesses[which]), told(sample, guesses[1 - which]))
        for which in (0, 1)
        for sample in samples(name, which, count)
    ]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        (SMALL, 5),
        pytest.param(SMALL, 200, marks=pytest.mark.slow),
        pytest.param(WHOLE, 200, marks=pytest.mark.slow),
    ],
)
def test_who_knows_both_batches_cannot_tell_whose_proof_it_is(name: str, count: int) -> None:
    assert set(scores(name, count)) == {(0, 0)}


@pytest.mark.parametrize("count", [0, 1, None], ids=["none", "one", "one too few"])
@pytest.mark.parametrize("name", [SMALL, WHOLE])
def test_who_knows_both_tells_where_columns_are_hidden_too_little(
    name: str, count: int | None
) -> None:
    columns = len(differing(samples(name, 0, 1)[0].scene))
    assert columns > 10
    with hiding_by(count):
        assert set(scores(name, 2)) == {(columns, 0)}
