"""Margin rules and high-value orders: comparisons whose outcome decides an order's fate."""

from __future__ import annotations

from circuits.tables.order_cells import OrderCells
from zkroute.model.policy import Policy
from zkroute.model.policy_risk import RATE_BITS


def margin_distance_bits(policy: Policy) -> int:
    """Bits of |margin * A - size * price * rate * B|."""
    widths, (margin_factor, notional_factor) = policy.widths, policy.margin_factors
    return 1 + max(
        widths.margin_bits + margin_factor.bit_length(),
        widths.size_bits + widths.price_bits + RATE_BITS + notional_factor.bit_length() + 2,
    )


def notional_bits(policy: Policy) -> int:
    """Bits of a notional, and one more for a threshold that none reaches."""
    return policy.widths.size_bits + policy.widths.price_bits + 1


def high_value_threshold(policy: Policy) -> int:
    """The notional from which an order is of high value; one that none reaches if there is none."""
    threshold = policy.risk.high_value_notional
    unreachable = (1 << notional_bits(policy)) - 1
    return unreachable if threshold is None else min(threshold, unreachable)


def add_margin(row: OrderCells) -> None:
    """short is one exactly when margin * A < size * price * rate * B, by the class's rule."""
    features, policy = row.features, row.policy
    if not features.margins:
        return
    margin_factor, notional_factor = policy.margin_factors
    rate = row.witness("rate", RATE_BITS, "margin rate of the order's class")
    row.zero_unless(row.active, "there is no order", rate)
    row.short = row.flag("short", "one if the order's margin is below what its class requires")
    if features.rejects:
        row.initial = row.witness("initial", 1, "one if the class's rule is an initial margin")
    if features.liquidates:
        row.maintenance = row.witness("maintenance", 1, "one if it is a maintenance margin")
    row.zero_unless(row.active, "there is no order", row.initial, row.maintenance)
    row.circuit.send(
        "margin",
        row.table,
        (row.order_class, rate, row.initial, row.maintenance),
        row.active,
        "the policy has this margin rule for the class",
    )
    row.require_range("margin", row.margin, policy.widths.margin_bits, exact=True)
    difference = row.margin * margin_factor - row.size * row.price * rate * notional_factor
    row.require_range(
        "margin_distance",
        (1 - 2 * row.short) * difference - row.short,
        margin_distance_bits(policy),
        exact=False,
    )


def add_high_value(row: OrderCells) -> None:
    """high is one exactly when size * price reaches the policy's threshold."""
    if not row.features.high_value:
        return
    row.high = row.flag("high", "one if the order's notional reaches the high-value threshold")
    above = row.size * row.price - row.active * high_value_threshold(row.policy)
    row.require_range(
        "value_distance",
        (2 * row.high - 1) * above - (row.active - row.high),
        notional_bits(row.policy),
        exact=False,
    )
