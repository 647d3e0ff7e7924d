"""The cells of an order's row, shared by the modules that build the orders table."""

from __future__ import annotations

from dataclasses import dataclass, field

from circuits.gadgets.range import require_range
from circuits.ir.circuit import Circuit
from circuits.ir.expression import ZERO, Cell, Expression, promote
from circuits.ir.table import Kind, Table
from circuits.statement import Features, Shape
from zkroute.model.policy import Policy


@dataclass
class OrderCells:
    """An orders table in the making: what is declared so far, zero or one where not used."""

    circuit: Circuit
    table: Table
    policy: Policy
    features: Features
    shape: Shape
    index: Expression = ZERO
    first_row: Expression = ZERO
    sequence: Expression = ZERO
    digest: Expression = ZERO
    order_class: Expression = ZERO
    size: Expression = ZERO
    price: Expression = ZERO
    margin: Expression = ZERO
    account: Expression = ZERO
    leg: Expression = ZERO
    node: Expression = ZERO
    active: Expression = ZERO
    last: Expression = ZERO
    held: Expression = ZERO
    rejected: Expression = ZERO
    carried: Expression = ZERO
    segment: Expression = ZERO
    primary: Expression = ZERO
    priority: Expression = ZERO
    high: Expression = ZERO
    short: Expression = ZERO
    initial: Expression = ZERO
    maintenance: Expression = ZERO
    shard: Expression = ZERO
    slope: Expression = ZERO
    composite: Expression = ZERO
    leader_composite: Expression = ZERO
    cost: Expression = field(default_factory=lambda: promote(1))
    content: list[Cell] = field(default_factory=list)
    """What a settlement node and a trader check: the order as committed."""

    @property
    def placed(self) -> Expression:
        """One where the row's order went to a node."""
        return self.active - self.held - self.rejected

    @property
    def follows(self) -> Expression:
        """One where the next row belongs to the same group."""
        return self.active - self.last

    def header(self, name: str, bits: int, meaning: str, *, content: bool = True) -> Cell:
        """Declares a header column, zero on rows without an order."""
        cell = self.table.column(name, Kind.HEADER, bits, meaning)
        if content:
            self.content.append(cell)
        return cell

    def witness(self, name: str, bits: int, meaning: str) -> Cell:
        """Declares a witness column."""
        return self.table.column(name, Kind.WITNESS, bits, meaning)

    def flag(self, name: str, meaning: str) -> Cell:
        """Declares a witness column that is zero or one, and zero where there is no order."""
        cell = self.witness(name, 1, meaning)
        self.table.gate(f"{name} is zero or one", cell * (1 - cell))
        self.zero_unless(self.active, "there is no order", cell)
        return cell

    def zero_unless(self, condition: Expression, otherwise: str, *cells: Expression) -> None:
        """Requires each cell to be zero on rows where the condition is zero."""
        for cell in cells:
            if isinstance(cell, Cell):
                self.table.gate(f"{cell.column} is zero where {otherwise}", (1 - condition) * cell)

    def require_range(self, name: str, value: Expression, bits: int, *, exact: bool) -> None:
        """Range check on every row of the table."""
        require_range(
            self.circuit, self.table, name, value, bits, self.shape.limb_bits, exact=exact
        )
