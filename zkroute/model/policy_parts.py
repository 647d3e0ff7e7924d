"""The tables of a policy document, each a small value with its reader and its document form."""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.model.document import Table

MAX_CLASSES = 4096
MAX_SEGMENTS = 256
MAX_ROUTES = 4096
MAX_PRIORITY = 255
CLASS_NAME_LENGTH = 16
"""Class names stand in the order record in 16 bytes each."""

DIMENSIONS = ("intents", "tiers", "instruments", "order_types", "fee_classes")
"""Lists of a policy, slowest digit of the class index first."""
CLASS_FIELDS = ("intent", "tier", "instrument", "order_type", "fee_class")
"""The same as they are called on an order and in a route."""

Document = dict[str, object]


@dataclass(frozen=True)
class Decimals:
    """Digits after the decimal point that prices, sizes and margins keep as scaled integers."""

    price: int
    size: int
    margin: int

    @staticmethod
    def read(table: Table, default: Decimals | None = None) -> Decimals:
        """Decimals of a table; a digit count left out is taken from `default`."""
        fallback = default or Decimals(0, 0, 0)
        price = table.integer("price", 0, 18, fallback.price)
        size = table.integer("size", 0, 18, fallback.size)
        margin = table.integer("margin", 0, 18, fallback.margin)
        return Decimals(price, size, margin)

    def document(self) -> Document:
        """The table in its canonical form."""
        return {"margin": self.margin, "price": self.price, "size": self.size}


@dataclass(frozen=True)
class Widths:
    """Bits that sizes, prices, margins, costs and node keys may take; anything wider is refused."""

    size_bits: int = 48
    price_bits: int = 48
    cost_bits: int = 48
    key_bits: int = 52
    margin_bits: int = 64

    @staticmethod
    def read(table: Table) -> Widths:
        """Widths of a policy's `[widths]`."""
        widths = Widths(
            table.integer("size_bits", 1, 48, 48),
            table.integer("price_bits", 1, 48, 48),
            table.integer("cost_bits", 1, 48, 48),
            table.integer("key_bits", 8, 64, 52),
            table.integer("margin_bits", 1, 96, 64),
        )
        table.finish()
        return widths

    def document(self) -> Document:
        """The table in its canonical form."""
        return {
            "cost_bits": self.cost_bits,
            "key_bits": self.key_bits,
            "margin_bits": self.margin_bits,
            "price_bits": self.price_bits,
            "size_bits": self.size_bits,
        }


@dataclass(frozen=True)
class Cost:
    """What an order adds to its node's work.

    `unit`: 1. `size`: the scaled size. `notional`: scaled size times scaled price, divided by
    `unit` and rounded up.
    """

    kind: str = "unit"
    unit: int = 1

    @staticmethod
    def read(table: Table) -> Cost:
        """Cost of a policy's `[cost]`; `unit` belongs to notional cost only."""
        kind = table.choice("kind", ("unit", "size", "notional"), "unit")
        unit = 1
        if kind == "notional":
            unit = table.integer("unit", 1, 1 << 48, 1)
        elif table.has("unit"):
            table.refuse(f"belongs to notional cost; here kind is {kind!r}", "unit")
        table.finish()
        return Cost(kind, unit)

    def document(self) -> Document:
        """The table in its canonical form."""
        return {"kind": self.kind} | ({"unit": self.unit} if self.kind == "notional" else {})


@dataclass(frozen=True)
class KeyRule:
    """How a node's key, base + slope * work, follows from its snapshot entry.

    base = gas_weight * gas_price + latency_weight * latency_ms
    + reputation_weight * (max_reputation - reputation) + forecast_weight * forecast.
    slope = 1 ("equal") or max(1, ceil(slope_scale / capacity)) ("inverse-capacity").
    """

    gas_weight: int = 0
    latency_weight: int = 0
    reputation_weight: int = 0
    max_reputation: int = 0
    slope: str = "equal"
    slope_scale: int = 0
    forecast_weight: int = 0

    @staticmethod
    def read(table: Table) -> KeyRule:
        """Key rule of a policy's `[key]`; everything left out weighs nothing."""
        gas = table.integer("gas_weight", 0, (1 << 32) - 1, 0)
        latency = table.integer("latency_weight", 0, (1 << 32) - 1, 0)
        reputation = table.integer("reputation_weight", 0, (1 << 32) - 1, 0)
        highest = scale = 0
        if reputation:
            highest = table.integer("max_reputation", 1, (1 << 48) - 1)
        elif table.has("max_reputation"):
            table.refuse("means nothing while reputation_weight is 0", "max_reputation")
        slope = table.choice("slope", ("equal", "inverse-capacity"), "equal")
        if slope == "inverse-capacity":
            scale = table.integer("slope_scale", 1, 1 << 48)
        elif table.has("slope_scale"):
            table.refuse('belongs to slope = "inverse-capacity"', "slope_scale")
        forecast = table.integer("forecast_weight", 0, (1 << 32) - 1, 0)
        table.finish()
        return KeyRule(gas, latency, reputation, highest, slope, scale, forecast)

    def document(self) -> Document:
        """The table in its canonical form."""
        document: Document = {
            "forecast_weight": self.forecast_weight,
            "gas_weight": self.gas_weight,
            "latency_weight": self.latency_weight,
            "reputation_weight": self.reputation_weight,
            "slope": self.slope,
        }
        if self.reputation_weight:
            document["max_reputation"] = self.max_reputation
        if self.slope == "inverse-capacity":
            document["slope_scale"] = self.slope_scale
        return document
