"""The lookup table: range values, the route table and the margin rules (docs/tables/lookup.md)."""

from __future__ import annotations

from circuits.gadgets.range import RANGE
from circuits.ir.circuit import Circuit
from circuits.ir.table import Kind, Table
from circuits.statement import Features, Shape

NAME = "lookup"
ROUTE = (
    ("class", 16),
    ("high", 1),
    ("liquidation", 1),
    ("shard", 8),
    ("segment", 8),
    ("priority", 8),
)
MARGIN = (("class", 16), ("rate", 16), ("initial", 1), ("maintenance", 1))


def add_lookup_table(circuit: Circuit, features: Features, shape: Shape) -> None:
    """Declares the lookup table and answers the range, route and margin buses."""
    table = circuit.table(NAME, shape.limb_bits)
    value = table.column("value", Kind.FIXED, shape.limb_bits, "row number, counted from zero")
    multiplicity = table.column(
        "range_multiplicity", Kind.WITNESS, 32, "how often the value is looked up"
    )
    circuit.receive(RANGE, table, (value,), multiplicity, "the value is looked up")
    if features.routed:
        _add_list(circuit, table, "route", ROUTE)
    if features.margins:
        _add_list(circuit, table, "margin", MARGIN)


def _add_list(
    circuit: Circuit, table: Table, name: str, entry: tuple[tuple[str, int], ...]
) -> None:
    """A public list of tuples, each usable any number of times."""
    listed = table.column(f"{name}_listed", Kind.PUBLIC, 1, f"one where a {name} entry stands")
    cells = tuple(
        table.column(f"{name}_{part}", Kind.PUBLIC, bits, f"the {name} entry's {part}")
        for part, bits in entry
    )
    uses = table.column(f"{name}_multiplicity", Kind.WITNESS, 21, "how often the entry is used")
    table.gate(f"only listed {name} entries are used", (1 - listed) * uses)
    circuit.receive(name, table, cells, uses, f"the {name} entry is used")
