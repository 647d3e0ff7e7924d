"""The cells of a node's row, shared by the modules that build the nodes table."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.gadgets.range import require_range
from circuits.ir.circuit import Circuit
from circuits.ir.expression import ZERO, Expression
from circuits.ir.table import Kind, Table
from circuits.statement import Features, Shape
from zkroute.model.policy import Policy


@dataclass
class NodeCells:
    """A nodes table in the making: what is declared so far, zero where it is not yet."""

    circuit: Circuit
    table: Table
    policy: Policy
    features: Features
    shape: Shape
    exists: Expression = ZERO
    slot: Expression = ZERO
    segment: Expression = ZERO
    base: Expression = ZERO
    slope: Expression = ZERO
    head: Expression = ZERO
    work_before: Expression = ZERO
    work_after: Expression = ZERO
    work_in: Expression = ZERO
    multiplicity: Expression = ZERO
    nonempty: Expression = ZERO
    threshold: Expression = ZERO

    @property
    def composite_out(self) -> Expression:
        """The node's composite after the batch."""
        return (self.base + self.slope * self.work_after) * self.shape.slots + self.slot

    @property
    def composite_in(self) -> Expression:
        """The node's composite before the batch."""
        return (self.base + self.slope * self.work_in) * self.shape.slots + self.slot

    def public(self, name: str, bits: int, meaning: str) -> Expression:
        """Declares a public column."""
        return self.table.column(name, Kind.PUBLIC, bits, meaning)

    def witness(self, name: str, bits: int, meaning: str) -> Expression:
        """Declares a witness column."""
        return self.table.column(name, Kind.WITNESS, bits, meaning)

    def require_range(self, name: str, value: Expression, bits: int) -> None:
        """Range check on every row, up to the next multiple of the limb width."""
        require_range(
            self.circuit, self.table, name, value, bits, self.shape.limb_bits, exact=False
        )
