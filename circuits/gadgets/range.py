"""Range checks by limbs: a value is the sum of limbs that each stand in the range table."""

from __future__ import annotations

from circuits.ir.circuit import Circuit
from circuits.ir.expression import Expression, total
from circuits.ir.table import Kind, Table
from zkroute.errors import UsageError

RANGE = "range"
MAXIMUM_BITS = 250
"""A decomposition below 2**250 < r/4 is unique, and a negative number has none."""


def limb_widths(bits: int, limb_bits: int) -> list[int]:
    """Widths of the limbs, least significant first; the last one may be narrower."""
    full, rest = divmod(bits, limb_bits)
    return [limb_bits] * full + ([rest] if rest else [])


def limb_names(name: str, bits: int, limb_bits: int) -> list[str]:
    """Column names of a decomposition, least significant first."""
    return [f"{name}_limb_{number}" for number in range(len(limb_widths(bits, limb_bits)))]


def require_range(
    circuit: Circuit,
    table: Table,
    name: str,
    value: Expression,
    bits: int,
    limb_bits: int,
    *,
    exact: bool,
) -> None:
    """On every row 0 <= value < 2**bits; if not exact, bits count up to a multiple of limb_bits.

    Soundness: limbs are table entries and 2**(bits + limb_bits) < r, so the sum cannot wrap. A
    narrower top limb is looked up twice, plain and shifted up, which bounds it exactly; where the
    caller only needs "no wrap", ``exact=False`` saves that lookup.
    """
    if bits + limb_bits > MAXIMUM_BITS:
        raise UsageError(
            f"the policy compares {name} over {bits} bits, more than the proof system's "
            f"{MAXIMUM_BITS - limb_bits}; lower its widths or its rate scale"
        )
    widths = limb_widths(bits, limb_bits)
    limbs = []
    for number, (column, width) in enumerate(
        zip(limb_names(name, bits, limb_bits), widths, strict=True)
    ):
        limb = table.column(
            column,
            Kind.WITNESS,
            width if exact else limb_bits,
            f"bits {number * limb_bits}.. of {name}",
        )
        limbs.append(limb * (1 << (number * limb_bits)))
        circuit.send(RANGE, table, (limb,), 1, f"{column} is below 2^{limb_bits}")
        if exact and width < limb_bits:
            shifted = limb * (1 << (limb_bits - width))
            circuit.send(RANGE, table, (shifted,), 1, f"{column} is below 2^{width}")
    table.gate(f"{name} is the sum of its limbs", value - total(limbs))
