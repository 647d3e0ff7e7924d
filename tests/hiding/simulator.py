"""The simulator of docs/protocol.md: a transcript without orders, assignment or work.

It knows tau and programs the random oracle; what it makes has to verify, and shows that whatever a
proof contains could have been made without the secrets.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

import verifier.verify
from circuits.instance import Figures, Instance, public_columns, slice_claim
from circuits.ir.table import Kind
from tests.support.lying import TAU
from tests.support.world import World
from verifier.constraints import AtPoint, quotient_value
from zkroute.algebra.domain import evaluate_public, root_of_unity
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1
from zkroute.algebra.scalars import MODULUS, invert
from zkroute.protocol.header import NO_PARENT, Header
from zkroute.protocol.proof import Proof, queries, queries_next

NAMES = (
    "bus_fold bus_point slice_fold slice_point slice_node sum_fold gate_fold evaluation_point "
    "opening_fold opening_join"
)

Place = tuple[str, str, int]


def draw() -> int:
    return secrets.randbelow(MODULUS - 1) + 1


def commit(value_at_tau: int) -> PointG1:
    return multiply_g1(GENERATOR_G1, value_at_tau)


@dataclass
class Simulation:
    """A header and a proof from public data, tau and challenges chosen beforehand."""

    header: Header
    proof: Proof
    challenges: dict[str, int]

    @contextmanager
    def programmed(self) -> Iterator[None]:
        """The random oracle answers with the challenges drawn first."""
        challenges = self.challenges

        class Programmed:
            def __init__(self, *_: object) -> None:
                pass

            def __getattr__(self, _: str) -> object:
                return lambda *_: dict(challenges)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verifier.verify, "Schedule", Programmed)
            yield


@dataclass
class Simulator:
    """What the simulator may see: the world's public side, and numbers it publishes."""

    world: World
    order_count: int
    figures: Figures

    def run(self) -> Simulation:
        """One simulated first batch."""
        key = self.world.proving_key.key
        circuit = key.circuit
        lowered = circuit.lowered
        rows = 1 << key.log_rows
        root = root_of_unity(key.log_rows)
        challenges = {name: draw() for name in NAMES.split()}
        point = challenges["evaluation_point"]
        # 1. every column's values at the two points and at the next ones
        at = {"tau": self._values(TAU), "point": self._values(point)}
        cells = queries(lowered)
        cells_next = queries_next(lowered)
        points = {
            (cell.table, cell.column): commit(at["tau"][cell.table, cell.column, 0])
            for cell in cells
        }
        # 2. header and slice digests
        header = self._header(points)
        digests = [draw() for _ in range(key.nodes)]
        instance = Instance.of(
            key.policy, self.world.snapshot, 0, 0, self.order_count, self.figures
        )
        public = public_columns(circuit, instance, challenges["slice_node"])
        claims = instance.claims | {"slice_digests": slice_claim(public, digests)}

        def quotient(which: str, x: int) -> int:
            values = at[which]
            there = challenges | {"evaluation_point": x}
            return quotient_value(lowered, AtPoint(lowered, values, public, there, claims), there)

        # 3. chunks that are uniform but for their sum
        chunks = [draw() for _ in range(lowered.circuit.degree - 1)]
        weighted = [pow(TAU, rows * i, MODULUS) * t for i, t in enumerate(chunks)]
        chunks[0] = (quotient("tau", TAU) - sum(weighted[1:])) % MODULUS
        # 4. and 5. values and openings
        values = [at["point"][cell.table, cell.column, 0] for cell in cells]
        values_next = [at["point"][cell.table, cell.column, 1] for cell in cells_next]
        combined = sum(pow(point, rows * i, MODULUS) * t for i, t in enumerate(chunks)) % MODULUS
        here = [
            (at["tau"][cell.table, cell.column, 0], value)
            for cell, value in zip(cells, values, strict=True)
        ]
        here.append((combined, quotient("point", point)))
        there = [
            (at["tau"][cell.table, cell.column, 0], value)
            for cell, value in zip(cells_next, values_next, strict=True)
        ]
        fold = challenges["opening_fold"]

        def group(kind: Kind) -> tuple[PointG1, ...]:
            columns = lowered.circuit.columns(kind)
            return tuple(points[column.table, column.name] for column in columns)

        proof = Proof(
            witness=group(Kind.WITNESS),
            helpers=group(Kind.HELPER),
            slice_digests=tuple(digests),
            accumulator=group(Kind.ACCUMULATOR)[0],
            quotient=tuple(map(commit, chunks)),
            evaluations=tuple(values),
            evaluations_next=tuple(values_next),
            opening=opening(here, fold, point),
            opening_next=opening(there, fold, point * root % MODULUS),
        )
        return Simulation(header, proof, challenges)

    def _values(self, x: int) -> dict[Place, int]:
        """Uniform values at x and at the next row's point; fixed ones and first work are known."""
        lowered = self.world.proving_key.key.circuit.lowered
        circuit = lowered.circuit
        values: dict[Place, int] = {}
        for cell in queries(lowered):
            table = circuit.tables[cell.table]
            specification = circuit.specification(cell.table, cell.column)
            for rotation in (0, 1):
                value = draw()
                if specification.kind is Kind.FIXED:
                    there = x * pow(root_of_unity(table.log_rows), rotation, MODULUS) % MODULUS
                    (value,) = evaluate_public([list(range(table.rows))], table.log_rows, there)
                elif specification.kind is Kind.HEADER and cell.column.endswith("_before"):
                    value = 0
                values[cell.table, cell.column, rotation] = value
        return values

    def _header(self, points: dict[tuple[str, str], PointG1]) -> Header:
        key, policy = self.world.proving_key.key, self.world.policy
        carried = ("sequence", "digest", "used") if policy.carry else ()
        header = Header(
            version=1,
            chain=policy.chain,
            batch=0,
            previous=NO_PARENT,
            key=key.digest,
            policy=policy.digest,
            snapshot=self.world.snapshot.digest,
            srs=key.srs,
            log_rows=key.log_rows,
            slots=policy.slots,
            carry=policy.carry or 0,
            carry_before=(None,) * len(carried),
            carry_after=tuple(points["carry", f"{name}_after"] for name in carried),
            figures=self.figures,
            first_sequence=0,
            order_count=self.order_count,
            time_ms=5,
            elapsed_ms=0,
            columns=tuple(points["orders", c.name] for c in key.circuit.order_columns),
            work_before=None,
            work_after=points["nodes", "work_after"],
            slices=secrets.token_bytes(32),
            router=self.world.router_key,
        )
        return header.signed(self.world.router.sign(header.signed_message))


def opening(claims: list[tuple[int, int]], fold: int, x: int) -> PointG1:
    """[(F(tau) - E) / (tau - x)] for pairs of a value at tau and the one claimed at x."""
    excess = sum(
        pow(fold, i, MODULUS) * (at_tau - value) for i, (at_tau, value) in enumerate(claims)
    )
    return commit(excess * invert((TAU - x) % MODULUS) % MODULUS)
