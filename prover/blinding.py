"""How many random coefficients hide each polynomial, derived from how often it is opened.

Adding b(X) (X^n - 1) changes no value on the domain. With as many coefficients in b as there are
openings outside the domain plus one for the commitment (an evaluation at tau), everything
published about the column is uniform. One more hides the column at tau times the root, on which
the quotient's commitments depend where the column is read on the next row; for other columns it
is margin (docs/protocol.md, zero knowledge).
"""

from __future__ import annotations

import secrets

from circuits.ir.lowering import LoweredCircuit
from circuits.ir.table import ColumnSpecification, Kind
from circuits.tables import orders
from zkroute.algebra.scalars import MODULUS
from zkroute.protocol.proof import queries_next

PROOFS_PER_HEADER = 1
"""How many proofs may be published for one header. A second one would open its columns again, and
subtracting its slice digests would cancel their masks: commit to the batch anew instead."""

CHILDREN_PER_HEADER = 4
"""How many published proofs of next batches may open a header's commitments to work and to held
orders: a next batch that was committed to anew counts again."""

MAXIMUM_BLINDING = 12
"""More would not fit the quotient's spare coefficients (prover/quotient.py)."""


def blinding_count(lowered: LoweredCircuit, column: ColumnSpecification) -> int:
    """Random coefficients for a column: its openings over its lifetime, plus two."""
    rotated = {(cell.table, cell.column) for cell in queries_next(lowered)}
    openings = 1 + ((column.table, column.name) in rotated)
    if column.kind is Kind.HEADER:
        openings *= PROOFS_PER_HEADER
        if column.table != orders.NAME:
            # work and held orders are opened in this batch's proof and in the next batch's
            openings += CHILDREN_PER_HEADER
    count = openings + 2
    if count > MAXIMUM_BLINDING:
        raise ValueError(f"{column.table}.{column.name} needs {count} blinding coefficients")
    return count


def random_scalars(count: int) -> list[int]:
    """Uniform scalars from the operating system."""
    return [secrets.randbelow(MODULUS) for _ in range(count)]
