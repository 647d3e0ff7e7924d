"""The prover: the rounds are numbered as under "Rounds" in docs/protocol.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from circuits.instance import Instance, PublicColumns, public_columns, slice_claim
from circuits.ir.expression import Cell
from circuits.ir.table import ColumnSpecification, Kind
from circuits.routing import RoutingCircuit
from circuits.tables import carry, lookup, nodes, orders
from prover.arguments.accumulator import accumulate
from prover.arguments.helpers import helper_columns
from prover.blinding import blinding_count, random_scalars
from prover.commit import BlindedColumn, blinded_coefficients
from prover.keygen import ProvingKey
from prover.opening import opening_polynomial
from prover.quotient import table_quotient
from prover.state import CommittedBatch, Opening
from prover.trace.carry import carry_columns
from prover.trace.limbs import Trace, from_integers, to_integers
from prover.trace.lookup import lookup_trace
from prover.trace.nodes import nodes_trace
from prover.trace.orders import order_columns, orders_trace
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.engine import Column, Limbs, Vector
from zkroute.algebra.groups import PointG1
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import ZkrouteError
from zkroute.formats.proof import encode_proof
from zkroute.model.policy import Policy
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.proof import Proof, queries, queries_next
from zkroute.protocol.schedule import Schedule
from zkroute.routing.batch import RoutedBatch

Traces = dict[str, Trace]
"""Table name to its private columns."""

Progress = Callable[[str], None]
"""Called with the name of each stage as it begins."""

ATTEMPTS = 3
"""A zero denominator has a chance below 2**-220; more than one in a row is a broken machine."""


class UnprovableError(ZkrouteError):
    """The trace breaks the statement; run the checker to see where."""


def build_traces(
    circuit: RoutingCircuit, instance: Instance, opening: Opening, routed: RoutedBatch
) -> Traces:
    """Every private column of every table for a routed batch."""
    header_columns = order_columns(circuit, routed)
    traces = {
        orders.NAME: orders_trace(circuit, instance, header_columns, routed),
        nodes.NAME: nodes_trace(circuit, instance, opening.before.work, routed, opening.masks),
    }
    if circuit.features.closes:
        traces[carry.NAME] = carry_columns(circuit, opening.before.held, "before")
        traces[carry.NAME] |= carry_columns(circuit, opening.after.held, "after")
    traces[lookup.NAME] = lookup_trace(circuit, instance, traces, routed)
    return traces


def instance_of(policy: Policy, snapshot: Snapshot, header: Header) -> Instance:
    """The public side of a header. Raises MismatchError where policy and snapshot do not fit."""
    return Instance.of(
        policy,
        snapshot,
        header.elapsed_ms,
        header.first_sequence,
        header.order_count,
        header.figures,
    )


def prove(
    proving_key: ProvingKey,
    snapshot: Snapshot,
    batch: CommittedBatch,
    progress: Progress = lambda stage: None,
) -> bytes:
    """The encoded proof that a committed batch followed the policy.

    Blinding comes from the operating system. Zero knowledge holds for at most
    ``PROOFS_PER_HEADER`` proofs of one header; the caller counts them.

    Raises UnprovableError if the batch does not satisfy the statement.
    """
    instance = instance_of(proving_key.key.policy, snapshot, batch.header)
    progress("trace")
    traces = build_traces(proving_key.circuit, instance, batch.opening, batch.routed)
    for _ in range(ATTEMPTS):
        try:
            run = Run(proving_key, batch.header, instance, _header_blinding(proving_key, batch))
            proof = run.prove(traces, progress)
        except ZeroDivisionError:
            continue
        if run.remainder:
            raise UnprovableError(
                "the batch does not satisfy the statement; 'prove --check' names row and rule"
            )
        return encode_proof(proof)
    raise UnprovableError("challenges kept hitting the trace; this machine's arithmetic is broken")


def _header_blinding(
    proving_key: ProvingKey, batch: CommittedBatch
) -> dict[tuple[str, str], Sequence[int]]:
    opening = batch.opening
    blinding: dict[tuple[str, str], Sequence[int]] = {
        (column.table, column.name): scalars
        for column, scalars in zip(
            proving_key.circuit.order_columns, opening.order_blinding, strict=True
        )
    }
    blinding[nodes.NAME, "work_before"] = opening.before.blinding
    blinding[nodes.NAME, "work_after"] = opening.after.blinding
    for when, state in (("before", opening.before), ("after", opening.after)):
        for name, scalars in zip(carry.ENTRY, state.carry_blinding, strict=False):
            blinding[carry.NAME, f"{name}_{when}"] = scalars
    return blinding


@dataclass
class Run:
    """One proof in the making.

    It checks nothing: tests give it lying traces, to show the verifier refusing, not the prover.
    """

    proving_key: ProvingKey
    header: Header
    instance: Instance
    blinding: dict[tuple[str, str], Sequence[int]]
    values: dict[tuple[str, str], Vector] = field(default_factory=dict)
    coefficients: dict[tuple[str, str], Vector] = field(default_factory=dict)
    scalars: dict[str, int] = field(default_factory=dict)
    remainder: int = 0
    """What the running sum comes to: not zero if the traces break the statement."""

    def prove(self, traces: Traces, progress: Progress) -> Proof:
        """All rounds over the given private columns."""
        engine, key = self.proving_key.engine, self.proving_key.key
        circuit = self.proving_key.circuit
        lowered = circuit.lowered
        schedule = Schedule(key, self.header)
        self.scalars |= self.instance.claims
        # 1. Witness columns; the header committed to the order columns before.
        progress("witness")
        self._load(traces)
        witness = self._commit(lowered.circuit.columns(Kind.WITNESS), traces)
        self.scalars |= schedule.witness(witness)
        # 2. Lookup fractions, and each node's slice digest.
        progress("lookups")
        self._load_public()
        helper_values = helper_columns(engine, lowered, self.values, self.scalars)
        helpers = self._commit_vectors(lowered.circuit.columns(Kind.HELPER), helper_values)
        digests = self._slice_digests(traces)
        self.scalars |= schedule.helpers(helpers, digests)
        # 3. The running sum of everything.
        progress("accumulator")
        public = self._load_public(self.scalars["slice_node"])
        self.scalars["slice_digests"] = slice_claim(public, digests)
        accumulated = accumulate(engine, lowered, self.values, self.coefficients, self.scalars)
        self.remainder = accumulated.remainder
        self.coefficients |= accumulated.embedded
        accumulator = self._commit_vectors(
            lowered.circuit.columns(Kind.ACCUMULATOR),
            {(orders.NAME, "accumulator"): accumulated.values},
        )[0]
        self.scalars |= schedule.accumulator(accumulator)
        # 4. The quotient, in blinded chunks.
        progress("quotient")
        chunks = blind_chunks(self.proving_key, self._quotient())
        quotient = self.proving_key.committer.coefficients(chunks)
        self.scalars |= schedule.quotient(quotient)
        # 5. Every queried value.
        progress("evaluations")
        point = self.scalars["evaluation_point"]
        point_next = point * root_of_unity(circuit.shape.log_rows) % MODULUS
        here = [self.coefficients[place] for place in _places(queries(lowered))]
        there = [self.coefficients[place] for place in _places(queries_next(lowered))]
        evaluations = [engine.evaluate(polynomial, point) for polynomial in here]
        evaluations_next = [engine.evaluate(polynomial, point_next) for polynomial in there]
        fold = schedule.evaluations(evaluations, evaluations_next)["opening_fold"]
        # 6. The openings.
        progress("openings")
        rows = 1 << circuit.shape.log_rows
        weights = [pow(point, rows * i, MODULUS) for i in range(len(chunks))]
        here.append(engine.linear_combination(chunks, weights))
        opening, opening_next = self.proving_key.committer.coefficients(
            [
                opening_polynomial(engine, here, fold, point),
                opening_polynomial(engine, there, fold, point_next),
            ]
        )
        schedule.openings(opening, opening_next)
        return Proof(
            witness=tuple(witness),
            helpers=tuple(helpers),
            slice_digests=tuple(digests),
            accumulator=accumulator,
            quotient=tuple(quotient),
            evaluations=tuple(evaluations),
            evaluations_next=tuple(evaluations_next),
            opening=opening,
            opening_next=opening_next,
        )

    def _load(self, traces: Traces) -> None:
        """Values and blinded coefficients of fixed, header and witness columns."""
        engine, lowered = self.proving_key.engine, self.proving_key.circuit.lowered
        self.values |= self.proving_key.fixed_values
        self.coefficients |= self.proving_key.fixed_coefficients
        columns = lowered.circuit.columns(Kind.HEADER, Kind.WITNESS)
        for column in columns:
            place = (column.table, column.name)
            if place not in self.blinding:
                self.blinding[place] = random_scalars(blinding_count(lowered, column))
            self.values[place] = engine.load(traces[column.table][column.name])
        self._blind(columns)

    def _load_public(self, slice_node: int | None = None) -> PublicColumns:
        """The public columns that are known by now, their values and coefficients loaded."""
        engine, circuit = self.proving_key.engine, self.proving_key.circuit
        public = public_columns(circuit, self.instance, slice_node)
        new = [place for place in public if place not in self.values]
        for place in new:
            rows = circuit.lowered.circuit.tables[place[0]].rows
            self.values[place] = engine.load(from_integers(public[place], rows))
        interpolated = engine.interpolate_all([self.values[place] for place in new])
        self.coefficients |= zip(new, interpolated, strict=True)
        return public

    def _commit(self, columns: Sequence[ColumnSpecification], traces: Traces) -> list[PointG1]:
        circuit = self.proving_key.circuit.lowered.circuit
        return self.proving_key.committer.columns(
            [
                BlindedColumn(
                    Column(*_narrow(traces[column.table][column.name], column.bits)),
                    circuit.tables[column.table].log_rows,
                    tuple(self.blinding[column.table, column.name]),
                )
                for column in columns
            ]
        )

    def _commit_vectors(
        self,
        columns: Sequence[ColumnSpecification],
        vectors: Mapping[tuple[str, str], Vector],
    ) -> list[PointG1]:
        """Commits to full-width columns and keeps their values and coefficients."""
        engine, lowered = self.proving_key.engine, self.proving_key.circuit.lowered
        traces: Traces = {}
        for column in columns:
            place = (column.table, column.name)
            self.values[place] = vectors[place]
            self.blinding[place] = random_scalars(blinding_count(lowered, column))
            traces.setdefault(column.table, {})[column.name] = engine.store(vectors[place])
        self._blind(columns)
        return self._commit(columns, traces)

    def _blind(self, columns: Sequence[ColumnSpecification]) -> None:
        """Blinded coefficients from the columns' values and their blinding."""
        places = [(column.table, column.name) for column in columns]
        coefficients = blinded_coefficients(
            self.proving_key.engine,
            [self.values[place] for place in places],
            [self.blinding[place] for place in places],
        )
        self.coefficients |= zip(places, coefficients, strict=True)

    def _slice_digests(self, traces: Traces) -> list[int]:
        """mask_j plus the sum of 1 / (slice_point - fold(row)) over node j's orders."""
        engine, circuit = self.proving_key.engine, self.proving_key.circuit
        names = circuit.content_names
        vectors = [self.values[orders.NAME, name] for name in names]
        fold, point = self.scalars["slice_fold"], self.scalars["slice_point"]
        weights = [-pow(fold, i, MODULUS) % MODULUS for i in range(len(names))]
        rows = circuit.lowered.circuit.tables[orders.NAME].rows
        constant = engine.load(np.repeat(from_integers([point], 1), rows, axis=0))
        contents = engine.linear_combination([*vectors, constant], [*weights, 1])
        trace = traces[orders.NAME]
        placed = trace["active"][:, 0] == 1
        for elsewhere in ("held", "rejected"):
            if elsewhere in trace:
                placed &= trace[elsewhere][:, 0] == 0
        inverses = engine.store(engine.inverse(contents))[placed]
        node = trace["node"][placed, 0]
        sums = sum_by_node(inverses, node, self.proving_key.key.nodes)
        masks = to_integers(traces[nodes.NAME]["mask"])
        return [(total + mask) % MODULUS for total, mask in zip(sums, masks, strict=False)]

    def _quotient(self) -> Vector:
        """Sum over the tables of their quotients, each weighted where its gates begin."""
        engine, lowered = self.proving_key.engine, self.proving_key.circuit.lowered
        parts = []
        first = 0
        for name, gates in lowered.gates.items():
            weight = pow(self.scalars["gate_fold"], first, MODULUS)
            parts.append(
                table_quotient(engine, lowered, name, weight, self.scalars, self.coefficients)
            )
            first += len(gates)
        return engine.linear_combination(parts, [1] * len(parts))


def blind_chunks(proving_key: ProvingKey, quotient: Vector) -> list[Vector]:
    """The quotient in chunks of n coefficients, the last one longer, each made uniform.

    chunk_i + b_i X^n - b_(i-1): the sum over X^(i n) is unchanged (Sefranek, eprint 2024/848).
    """
    engine = proving_key.engine
    rows = 1 << proving_key.circuit.shape.log_rows
    count = proving_key.circuit.lowered.circuit.degree - 1
    blinds = random_scalars(count - 1)
    length = engine.length(quotient)
    chunks = []
    for i in range(count):
        stop = (i + 1) * rows if i + 1 < count else length
        parts = [engine.slice(quotient, i * rows, stop)]
        if i < count - 1:
            parts = [engine.concatenate([*parts, engine.from_integers([blinds[i]])])]
        if i > 0:
            parts.append(engine.from_integers([-blinds[i - 1]]))
        chunks.append(engine.linear_combination(parts, [1] * len(parts)))
    return chunks


def sum_by_node(scalars: Limbs, node: Limbs, count: int) -> list[int]:
    """Sums of canonical scalars (n, 4) grouped by node number; exact, reduced modulo r."""
    halves = np.ascontiguousarray(scalars).view(np.uint32).astype(np.uint64)
    sums = np.zeros((count, 8), dtype=np.uint64)
    listed = node < count
    np.add.at(sums, node[listed].astype(np.int64), halves[listed])
    return [sum(int(half) << (32 * i) for i, half in enumerate(row)) % MODULUS for row in sums]


def _places(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return [(cell.table, cell.column) for cell in cells]


def _narrow(limbs: Limbs, bits: int) -> tuple[Limbs, int]:
    """Limbs and the declared width, or the full one where a value exceeds it: lies stay lies."""
    words = -(-bits // 64)
    if words < limbs.shape[1] and limbs[:, words:].any():
        return limbs, 254
    limbs = np.ascontiguousarray(limbs[:, :words])
    if bits % 64 and limbs.shape[1] == words and (limbs[:, -1] >> np.uint64(bits % 64)).any():
        return limbs, 64 * words if words < 4 else 254
    return limbs, bits
