"""A proof's content and its fixed length for a key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from circuits.ir.expression import Cell, cells
from circuits.ir.lowering import LoweredCircuit
from circuits.ir.table import COMMITTED_KINDS, Kind
from zkroute.algebra.groups import PointG1


@dataclass(frozen=True)
class Proof:
    """The prover's messages, round by round (docs/protocol.md)."""

    witness: tuple[PointG1, ...]
    helpers: tuple[PointG1, ...]
    slice_digests: tuple[int, ...]
    accumulator: PointG1
    quotient: tuple[PointG1, ...]
    evaluations: tuple[int, ...]
    """Values of ``queries`` at the evaluation point."""
    evaluations_next: tuple[int, ...]
    """Values of ``queries_next`` at the evaluation point times the main table's root."""
    opening: PointG1
    opening_next: PointG1


@lru_cache(maxsize=32)
def queries(lowered: LoweredCircuit) -> tuple[Cell, ...]:
    """Every committed column, opened at the evaluation point; fixed columns first."""
    circuit = lowered.circuit
    return tuple(
        Cell(column.table, column.name)
        for column in circuit.columns(Kind.FIXED) + circuit.columns(*COMMITTED_KINDS)
    )


@lru_cache(maxsize=32)
def queries_next(lowered: LoweredCircuit) -> tuple[Cell, ...]:
    """The committed columns that some gate reads on the next row, in order of ``queries``."""
    rotated = {
        (cell.table, cell.column)
        for gates in lowered.gates.values()
        for gate in gates
        for cell in cells(gate.expression)
        if cell.rotation == 1
    }
    return tuple(cell for cell in queries(lowered) if (cell.table, cell.column) in rotated)


@dataclass(frozen=True)
class ProofLayout:
    """How many points and scalars each part of a proof has."""

    witness: int
    helpers: int
    slice_digests: int
    quotient: int
    evaluations: int
    evaluations_next: int

    @classmethod
    @lru_cache(maxsize=32)
    def of(cls, lowered: LoweredCircuit, nodes: int) -> ProofLayout:
        """The layout for a circuit and a number of nodes."""
        circuit = lowered.circuit
        return cls(
            witness=len(circuit.columns(Kind.WITNESS)),
            helpers=len(circuit.columns(Kind.HELPER)),
            slice_digests=nodes,
            quotient=circuit.degree - 1,
            evaluations=len(queries(lowered)),
            evaluations_next=len(queries_next(lowered)),
        )

    @property
    def points(self) -> int:
        """Number of group elements."""
        return self.witness + self.helpers + 1 + self.quotient + 2

    @property
    def scalars(self) -> int:
        """Number of scalars."""
        return self.slice_digests + self.evaluations + self.evaluations_next

    @property
    def length(self) -> int:
        """Bytes of an encoded proof: 32 for each point and scalar."""
        return 32 * (self.points + self.scalars)
