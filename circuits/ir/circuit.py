"""A circuit: tables joined by buses and totals, before and after lowering to gates."""

from __future__ import annotations

from dataclasses import dataclass, field

from circuits.ir.expression import Expression, promote
from circuits.ir.table import ColumnSpecification, Kind, Table


@dataclass(frozen=True)
class Interaction:
    """A row's contribution to a bus: the tuple ``values``, ``multiplicity`` times (signed)."""

    bus: str
    table: str
    multiplicity: Expression
    values: tuple[Expression, ...]
    sentence: str


@dataclass(frozen=True)
class Term:
    """A table's contribution to a total: numerator / denominator summed over its rows."""

    table: str
    numerator: Expression
    denominator: Expression | None = None


@dataclass(frozen=True)
class Total:
    """A sentence, and terms whose sum over all rows of all tables equals a public value."""

    name: str
    sentence: str
    terms: tuple[Term, ...]
    equals: Expression


@dataclass
class Circuit:
    """Tables, buses and totals. ``main`` is the largest table; every other fits into it."""

    name: str
    main: str
    degree: int
    """Largest gate degree; the quotient has degree - 1 chunks."""
    tables: dict[str, Table] = field(default_factory=dict)
    buses: dict[str, int] = field(default_factory=dict)
    """Bus name to its tag; tags are distinct, so buses never mix."""
    interactions: list[Interaction] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)

    def table(self, name: str, log_rows: int) -> Table:
        """Adds a table."""
        self.tables[name] = Table(name, log_rows)
        return self.tables[name]

    def bus(self, name: str) -> None:
        """Declares a bus: over all tables the signed multiset of its tuples is empty."""
        self.buses[name] = len(self.buses) + 1

    def send(
        self,
        bus: str,
        table: Table,
        values: tuple[Expression | int, ...],
        multiplicity: Expression | int,
        sentence: str,
    ) -> None:
        """Adds ``multiplicity`` copies of the tuple to the bus on every row of the table."""
        if bus not in self.buses:
            raise ValueError(f"bus {bus} is not declared")
        self.interactions.append(
            Interaction(
                bus, table.name, promote(multiplicity), tuple(map(promote, values)), sentence
            )
        )

    def receive(
        self,
        bus: str,
        table: Table,
        values: tuple[Expression | int, ...],
        multiplicity: Expression | int,
        sentence: str,
    ) -> None:
        """Takes ``multiplicity`` copies of the tuple from the bus on every row of the table."""
        self.send(bus, table, values, promote(0) - multiplicity, sentence)

    def columns(self, *kinds: Kind) -> list[ColumnSpecification]:
        """Columns of the given kinds (all if none) over all tables, in declaration order."""
        return [
            column for table in self.tables.values() for column in table.of_kind(*(kinds or Kind))
        ]

    def specification(self, table: str, column: str) -> ColumnSpecification:
        """The declaration of one column."""
        return self.tables[table].columns[column]
