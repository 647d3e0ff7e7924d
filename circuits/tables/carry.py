"""The carry table: orders held by the previous batch and by this one (docs/tables/carry.md)."""

from __future__ import annotations

from circuits.ir.circuit import Circuit
from circuits.ir.table import Kind
from circuits.statement import Shape
from zkroute.routing.batch import SEQUENCE_BITS

NAME = "carry"
_COLUMNS = (
    ("sequence", SEQUENCE_BITS, "sequence number of an order held by"),
    ("digest", 248, "digest of an order held by"),
    ("used", 1, "one where an entry stands, held by"),
)
ENTRY = tuple(name for name, _, _ in _COLUMNS)


def add_carry_table(circuit: Circuit, shape: Shape) -> None:
    """Declares the carry table; batches chain because both commit to it alike."""
    table = circuit.table(NAME, shape.log_carry_rows)
    before, after = (
        {
            name: table.column(f"{name}_{when}", Kind.HEADER, bits, f"{meaning} {batch}")
            for name, bits, meaning in _COLUMNS
        }
        for when, batch in (("before", "the previous batch"), ("after", "this batch"))
    )
    # ``used_before`` needs no gate: it is the previous batch's ``used_after``
    used = after["used"]
    table.gate("used_after is zero or one", used * (1 - used))
    for name in ("sequence", "digest"):
        table.gate(f"{name}_after is zero where no entry stands", (1 - used) * after[name])
    circuit.send(
        "carry_in",
        table,
        (before["sequence"], before["digest"]),
        before["used"],
        "the previous batch held this order",
    )
    circuit.receive(
        "carry_out", table, (after["sequence"], after["digest"]), used, "this batch holds the order"
    )
