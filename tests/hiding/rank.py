"""Everything a proof publishes as a function of the random numbers that hide it.

Who knows tau sees a commitment as a number, the polynomial's value at tau. At fixed challenges the
numbers about columns are linear in the blinding coefficients and the masks, those about the
quotient's chunks are linear in the chunks' blinders, whatever the columns are. `functionals` and
`joint_rows` write that map down; `run_prover` runs the real prover, at real or frozen challenges,
and says every number it published and every random number it drew.

*Why full rank is enough.* Let A be the rows of all columns' values (at tau, at the evaluation
point, at the next row's points where a gate reads it) and of the slice digests, B those of the
chunks, as far as they depend on the chunks' own blinders. The joint matrix is ((A, 0), (J, B)) with
some J. If A has full row rank, the columns' values and the digests are uniform whatever the witness
is. B has rank one less than it has rows: the chunks at tau add up to the quotient, which the gates
make a function of the columns' values at tau and at the next row's tau. So, given those, the chunks
are uniform under that one relation. The two opening proofs are functions of all these. `relations`
has the three equations.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import pytest

import prover.prove
from circuits.instance import public_columns, slice_claim
from circuits.ir.expression import Cell
from circuits.ir.lowering import LoweredCircuit
from circuits.ir.table import COMMITTED_KINDS, Kind
from prover.blinding import CHILDREN_PER_HEADER, random_scalars
from prover.prove import Run
from tests.support.claims import Columns
from tests.support.elimination import Row
from tests.support.lagrange import lagrange_basis
from tests.support.lying import TAU, Scene
from verifier.constraints import AtPoint, quotient_value
from zkroute.algebra.domain import evaluate_public, root_of_unity, vanishing
from zkroute.algebra.engine import Vector
from zkroute.algebra.scalars import MODULUS
from zkroute.protocol.proof import Proof, queries, queries_next
from zkroute.protocol.schedule import Schedule

Place = tuple[str, str]
Label = tuple[str, ...]
"""What is published: where, and the column; or a slice digest, a chunk, an opening proof."""

Unknown = tuple[str | int, ...]
"""A random number: which coefficient of which column, which chunk's, or whose mask."""


@dataclass(frozen=True)
class Published:
    """One run of the prover: what it published, with tau known, and what it drew."""

    proof: Proof
    challenges: dict[str, int]
    values: dict[Label, int]
    unknowns: dict[Unknown, int]
    """The random numbers by name, as the rows of `joint_rows` name them."""
    counts: dict[Place, int]
    """How many blinding coefficients each column had."""
    drawings: list[int]
    """The random numbers in the order in which the prover drew them."""


def frozen(challenges: Mapping[str, int]) -> type:
    """A schedule whose rounds all answer with these challenges."""

    class Frozen:
        def __init__(self, *_: object) -> None:
            pass

        def __getattr__(self, _: str) -> object:
            return lambda *_: dict(challenges)

    return Frozen


def drawn(scene: Scene, proof: Proof) -> dict[str, int]:
    """Every challenge of a proof, from the real transcript."""
    schedule = Schedule(scene.world.proving_key.key, scene.batch.header)
    challenges = schedule.witness(proof.witness)
    challenges |= schedule.helpers(proof.helpers, proof.slice_digests)
    challenges |= schedule.accumulator(proof.accumulator)
    challenges |= schedule.quotient(proof.quotient)
    challenges |= schedule.evaluations(proof.evaluations, proof.evaluations_next)
    return challenges | schedule.openings(proof.opening, proof.opening_next)


def lowered_of(scene: Scene) -> LoweredCircuit:
    return scene.world.proving_key.circuit.lowered


def functionals(scene: Scene, challenges: Mapping[str, int]) -> dict[Label, tuple[Place, int]]:
    """The points at which each hidden column's polynomial is made known, over its lifetime.

    That at "next tau" is not published itself; the quotient's commitments depend on it.
    """
    lowered = lowered_of(scene)
    rotated = {(cell.table, cell.column) for cell in queries_next(lowered)}
    root = root_of_unity(lowered.circuit.tables[lowered.circuit.main].log_rows)
    point = challenges["evaluation_point"]
    found: dict[Label, tuple[Place, int]] = {}
    for column in lowered.circuit.columns(*COMMITTED_KINDS):
        place = (column.table, column.name)
        if place in scene.openings and not scene.openings[place]:
            continue  # before a chain's first batch: public zeros
        points = {"tau": TAU, "point": point}
        if place in rotated:
            points |= {"next tau": TAU * root % MODULUS, "next point": point * root % MODULUS}
        if column.kind is Kind.HEADER and column.table != lowered.circuit.main:
            others = random.Random(str(place))  # points of other published proofs: any will do
            for number in range(CHILDREN_PER_HEADER):
                points[f"proof {number}"] = others.randrange(MODULUS)
        found |= {(name, *place): (place, x) for name, x in points.items()}
    return found


def joint_rows(
    scene: Scene, challenges: Mapping[str, int], counts: Mapping[Place, int]
) -> dict[Label, Row]:
    """What each random number adds to each published one, for so many coefficients a column.

    The rows of the chunks have their own blinders only (see above).
    """
    lowered = lowered_of(scene)
    tables = lowered.circuit.tables
    rows: dict[Label, Row] = {}
    for label, (place, x) in functionals(scene, challenges).items():
        size = tables[place[0]].rows
        rows[label] = {
            ("blinding", *place, k): vanishing(size, x) * pow(x, k, MODULUS) % MODULUS
            for k in range(counts[place])
        } | _masks(scene, challenges, place, x)
    for slot in range(scene.world.proving_key.key.nodes):
        rows["slice", str(slot)] = {("mask", slot): 1}
    return rows | chunk_rows(lowered)


def chunk_rows(lowered: LoweredCircuit) -> dict[Label, Row]:
    """chunk_i + b_i X^n - b_(i-1), at tau."""
    last = lowered.circuit.degree - 2
    shift = pow(TAU, lowered.circuit.tables[lowered.circuit.main].rows, MODULUS)
    rows: dict[Label, Row] = {}
    for number in range(last + 1):
        row = {("chunk", number): shift} if number < last else {}
        rows["chunk", str(number)] = row | ({("chunk", number - 1): MODULUS - 1} if number else {})
    return rows


def _masks(scene: Scene, challenges: Mapping[str, int], place: Place, x: int) -> Row:
    """What each node's mask adds to a column's value at x: to its own, and to the running sum's."""
    lowered = lowered_of(scene)
    log_rows = lowered.circuit.tables[place[0]].log_rows
    slots = range(scene.world.proving_key.key.nodes)
    if place == ("nodes", "mask"):
        basis = lagrange_basis(log_rows, x)
        return {("mask", slot): basis[slot] for slot in slots}
    if place != (lowered.circuit.main, "accumulator"):
        return {}
    size = 1 << log_rows
    basis = lagrange_basis(log_rows, x)
    behind = [sum(basis[row + 1 :]) for row in range(size)]  # a step adds to every later row
    weight = pow(challenges["sum_fold"], len(lowered.circuit.totals), MODULUS)
    stride = size // lowered.circuit.tables["nodes"].rows
    share = sum(behind) * pow(size, -1, MODULUS)
    return {
        ("mask", slot): (behind[slot * stride] - share)
        * weight
        * pow(challenges["slice_node"] - slot, -1, MODULUS)
        % MODULUS
        for slot in slots
    }


def run_prover(
    scene: Scene,
    columns: Columns,
    challenges: Mapping[str, int] | None = None,
    replay: Sequence[int] = (),
) -> Published:
    """A run of the real prover, at its own challenges or at given ones.

    At given ones the blinding of header columns is drawn anew too. The first numbers drawn are
    those of ``replay``.
    """
    runs: list[Run] = []
    drawings: list[list[int]] = []
    vectors: dict[str, list[Vector]] = {"chunk": [], "opening": []}
    script = iter(replay)
    real = prover.prove

    def scalars(count: int) -> list[int]:
        drawings.append([next(script, number) for number in random_scalars(count)])
        return drawings[-1]

    def kind(*arguments: Any, **named: Any) -> Run:
        runs.append(Run(*arguments, **named))
        if challenges is not None:
            before = runs[-1].blinding
            runs[-1].blinding = {place: scalars(len(known)) for place, known in before.items()}
        return runs[-1]

    def kept(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        result = function(*arguments)
        vectors[name] += result if isinstance(result, list) else [result]
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real, "random_scalars", scalars)
        patch.setattr(real, "blind_chunks", partial(kept, "chunk", real.blind_chunks))
        patch.setattr(real, "opening_polynomial", partial(kept, "opening", real.opening_polynomial))
        if challenges is not None:
            patch.setattr(real, "Schedule", frozen(challenges))
        proof = scene.messages(columns, kind=kind)  # type: ignore[arg-type]  # makes a Run
    challenges = challenges or drawn(scene, proof)
    (run,) = runs
    engine = scene.world.proving_key.engine
    values: dict[Label, int] = {
        label: engine.evaluate(run.coefficients[place], x)
        for label, (place, x) in functionals(scene, challenges).items()
    }
    values |= {("slice", str(slot)): digest for slot, digest in enumerate(proof.slice_digests)}
    for name, polynomials in vectors.items():
        for number, polynomial in enumerate(polynomials):
            values[name, str(number)] = engine.evaluate(polynomial, TAU)
    unknowns: dict[Unknown, int] = {
        ("blinding", *place, k): number
        for place, numbers in run.blinding.items()
        for k, number in enumerate(numbers)
    }
    unknowns |= {("chunk", number): value for number, value in enumerate(drawings[-1])}
    unknowns |= {("mask", slot): mask for slot, mask in enumerate(columns["nodes", "mask"])}
    counts = {place: len(numbers) for place, numbers in run.blinding.items()}
    return Published(proof, challenges, values, unknowns, counts, [*chain(*drawings)])


def relations(scene: Scene, published: Published) -> list[int]:
    """What has to be zero in any transcript: the gates at tau, and the two openings."""
    lowered = lowered_of(scene)
    values, challenges = published.values, published.challenges
    point = challenges["evaluation_point"]
    rows = lowered.circuit.tables[lowered.circuit.main].rows
    root = root_of_unity(lowered.circuit.tables[lowered.circuit.main].log_rows)
    fold = challenges["opening_fold"]
    chunks = [values["chunk", str(number)] for number in range(lowered.circuit.degree - 1)]

    def at(name: str, x: int) -> list[int]:
        return [
            values.get((name, cell.table, cell.column), _known(lowered, cell, x))
            for cell in queries(lowered)
        ]

    def joined(x: int) -> int:
        return sum(pow(x, rows * number, MODULUS) * t for number, t in enumerate(chunks))

    def opened(number: int, pairs: Iterable[tuple[int, int]], x: int) -> int:
        excess = sum(pow(fold, i, MODULUS) * (a - b) for i, (a, b) in enumerate(pairs))
        return (values["opening", str(number)] * (TAU - x) - excess) % MODULUS

    here = list(zip(at("tau", TAU), at("point", point), strict=True))
    there = [
        (values["tau", cell.table, cell.column], values["next point", cell.table, cell.column])
        for cell in queries_next(lowered)
        if ("tau", cell.table, cell.column) in values
    ]
    return [
        (joined(TAU) - _quotient(scene, published, "tau", TAU)) % MODULUS,
        opened(0, [*here, (joined(point), _quotient(scene, published, "point", point))], point),
        opened(1, there, point * root % MODULUS),
    ]


def _known(lowered: LoweredCircuit, cell: Cell, x: int) -> int:
    """A fixed column's value; columns before the first batch are zero."""
    table = lowered.circuit.tables[cell.table]
    if table.columns[cell.column].kind is not Kind.FIXED:
        return 0
    return evaluate_public([list(range(table.rows))], table.log_rows, x)[0]


def _quotient(scene: Scene, published: Published, name: str, x: int) -> int:
    """What the gates say the quotient is at x, from the columns' values there."""
    circuit = scene.world.proving_key.circuit
    lowered = circuit.lowered
    instance = scene.world.instance(scene.batch)
    slice_node = published.challenges["slice_node"]
    public = public_columns(circuit, instance, slice_node)
    claims = instance.claims | {"slice_digests": slice_claim(public, published.proof.slice_digests)}
    there = published.challenges | {"evaluation_point": x}
    queried = {
        (cell.table, cell.column, 0): published.values.get(
            (name, cell.table, cell.column), _known(lowered, cell, x)
        )
        for cell in queries(lowered)
    } | {
        (cell.table, cell.column, 1): published.values[f"next {name}", cell.table, cell.column]
        for cell in queries_next(lowered)
    }
    at_point = AtPoint(lowered, queried, public, there, claims)
    return quotient_value(lowered, at_point, there)
