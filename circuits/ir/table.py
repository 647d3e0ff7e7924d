"""Tables: named columns on a power-of-two domain, and the gates every row must satisfy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from circuits.ir.expression import Cell, Expression


class Kind(Enum):
    """Who makes a column and when it is committed."""

    FIXED = "fixed"
    """Part of the circuit; its commitment is in the verifying key."""
    PUBLIC = "public"
    """Derived from policy, snapshot or challenges; the verifier evaluates it itself."""
    HEADER = "header"
    """Private; committed in the batch header, before any proof."""
    WITNESS = "witness"
    """Private; committed in the proof's first round."""
    HELPER = "helper"
    """Lookup fractions; committed in the second round, after the bus challenges."""
    ACCUMULATOR = "accumulator"
    """The running sum; committed in the third round."""


COMMITTED_KINDS = (Kind.HEADER, Kind.WITNESS, Kind.HELPER, Kind.ACCUMULATOR)


@dataclass(frozen=True)
class ColumnSpecification:
    """A column's declaration: honest values are below 2**bits (254: any scalar)."""

    table: str
    name: str
    kind: Kind
    bits: int
    meaning: str
    masked: bool = False
    """True for cells the statement leaves free on purpose (random masks)."""


@dataclass(frozen=True)
class Gate:
    """A sentence and the expression that is zero on every row exactly when it holds."""

    sentence: str
    expression: Expression


@dataclass
class Table:
    """Columns and gates over 2**log_rows rows."""

    name: str
    log_rows: int
    columns: dict[str, ColumnSpecification] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return 1 << self.log_rows

    def column(
        self, name: str, kind: Kind, bits: int, meaning: str, *, masked: bool = False
    ) -> Cell:
        """Declares a column and returns its cell on the current row."""
        if name in self.columns:
            raise ValueError(f"column {self.name}.{name} is declared twice")
        self.columns[name] = ColumnSpecification(self.name, name, kind, bits, meaning, masked)
        return Cell(self.name, name)

    def gate(self, sentence: str, expression: Expression) -> None:
        """Requires the expression to be zero on every row."""
        self.gates.append(Gate(sentence, expression))

    def of_kind(self, *kinds: Kind) -> list[ColumnSpecification]:
        """The columns of the given kinds, in declaration order."""
        return [column for column in self.columns.values() if column.kind in kinds]
