"""The lookup table: the range table and the policy's route table (docs/tables/lookup.md)."""

from __future__ import annotations

from circuits.gadgets.range import RANGE
from circuits.ir.circuit import Circuit
from circuits.ir.table import Kind
from circuits.statement import Features, Shape

NAME = "lookup"


def add_lookup_table(circuit: Circuit, features: Features, shape: Shape) -> None:
    """Declares the lookup table and answers the range and route buses."""
    table = circuit.table(NAME, shape.limb_bits)
    value = table.column("value", Kind.FIXED, shape.limb_bits, "row number, counted from zero")
    multiplicity = table.column(
        "range_multiplicity", Kind.WITNESS, 32, "how often the value is looked up"
    )
    circuit.receive(RANGE, table, (value,), multiplicity, "the value is looked up")
    if not features.classes:
        return
    listed = table.column("route_listed", Kind.PUBLIC, 1, "one where a route entry stands")
    entry = tuple(
        table.column(f"route_{name}", Kind.PUBLIC, bits, f"the entry's {name}")
        for name, bits in (("class", 12), ("segment", 8), ("priority", 8))
    )
    uses = table.column("route_multiplicity", Kind.WITNESS, 21, "how often the entry is used")
    table.gate("only listed routes are used", (1 - listed) * uses)
    circuit.receive("route", table, entry, uses, "the route entry is used")
