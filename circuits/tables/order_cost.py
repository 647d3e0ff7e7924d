"""What an order adds to its node's work: one, its size, or its notional in units."""

from __future__ import annotations

from circuits.tables.order_cells import OrderCells


def add_cost(row: OrderCells) -> None:
    """Declares size, price and cost checks; the cost is at least one and at most 2**cost_bits."""
    features, widths = row.features, row.policy.widths
    if features.sizes:
        row.require_range("size_less_one", row.size - row.active, widths.size_bits, exact=True)
    if features.notional:
        row.require_range("price", row.price, widths.price_bits, exact=True)
    if features.cost == "size":
        row.cost = row.size
    elif features.cost == "notional":
        _add_notional(row)


def _add_notional(row: OrderCells) -> None:
    """cost = ceil(size * price / unit): cost * unit - size * price lies in 0 .. unit - 1."""
    bits, unit = row.policy.widths.cost_bits, row.policy.cost.unit
    row.cost = row.witness("cost", bits, "notional in units, rounded up")
    row.zero_unless(row.active, "there is no order", row.cost)
    row.require_range("cost_less_one", row.cost - row.active, bits, exact=True)
    excess = row.cost * unit - row.size * row.price
    if unit == 1:
        row.table.gate("cost is size times price", excess)
        return
    unit_bits = (unit - 1).bit_length()
    row.require_range("rounding", excess, unit_bits, exact=True)
    if unit != 1 << unit_bits:
        room = row.active * (unit - 1) - excess
        row.require_range("rounding_room", room, unit_bits, exact=True)
