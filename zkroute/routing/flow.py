"""A made-up order flow with the traits of a real one: bursts, skewed sizes, wandering prices.

The demonstration and the benchmark route it. All chance comes from the operating system, so no
two flows are alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zkroute.errors import UsageError
from zkroute.model.derive import skewed_accounts, skewed_positions
from zkroute.model.derived_margins import derived_margins
from zkroute.model.order import (
    EMPTY_PAYLOAD,
    MAX_ORDERS,
    Indices,
    OrderColumns,
    Orders,
    Words,
    new_orders,
    positions_in_bundle,
)
from zkroute.model.policy import MAX_BUNDLE, Policy

Floats = NDArray[np.float64]
DrawWords = Callable[[int], Words]
"""Gives that many uint64, uniform over all values."""

CHILDREN_PER_ORDER = 0.6
"""Orders each order sets off on average; 0.6 makes the flow clearly burstier than chance."""
CHILD_DELAY_MS = 40.0
ACCOUNTS = 2000
TYPICAL_NOTIONAL = 2_000.0
SIZE_SPREAD = 1.2
"""Standard deviation of the logarithm of order sizes."""
PRICE_STEP = 2e-5
"""Standard deviation of the relative price change from one order of an instrument to the next."""


def operating_system_words(count: int) -> Words:
    """`count` uniform uint64 from the operating system."""
    return np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64)


def generate_flow(
    policy: Policy,
    count: int,
    *,
    start_ms: int = 1_750_000_000_000,
    orders_per_second: float = 200.0,
    draw: DrawWords = operating_system_words,
) -> Orders:
    """`count` orders for `policy` in time order, as new documents.

    Arrivals follow a self-exciting (Hawkes) process with exponential memory, built as the
    branching process of Hawkes and Oakes (1974). The first instrument of the policy trades most
    and highest. Sizes are log-normal, a later tier's ten times larger. Prices are one random
    walk per instrument. Where the policy has bundles, one order in eight rides with the one
    before. `draw` is where chance comes from.

    Raises UsageError for a count or rate out of range.
    """
    if not 1 <= count <= MAX_ORDERS or not orders_per_second > 0:
        raise UsageError(f"a flow has 1 to {MAX_ORDERS} orders and a rate above zero")
    digits = tuple(skewed_positions(draw(count), len(names)) for names in policy.dimensions)
    tiers, instruments = digits[1], digits[2]
    price_level, price = _prices(policy, instruments, draw)
    size = _sizes(policy, instruments, tiers, price_level, draw)
    arrival = _arrival_times(count, orders_per_second, draw)
    identifiers = [f"flow-{number + 1}".encode("ascii") for number in range(count)]
    return new_orders(
        policy,
        OrderColumns(
            digits=digits,
            side=(draw(count) % np.uint64(2) + np.uint64(1)).astype(np.uint8),
            account=skewed_accounts(draw(count), ACCOUNTS),
            size=size,
            price=price,
            margin=derived_margins(policy, instruments, size, price, draw(count)),
            time_ms=np.uint64(start_ms) + arrival.astype(np.uint64),
            client_order_id=np.array(identifiers, dtype="S32"),
            payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, np.uint8), (count, 1)),
            is_leg=_legs(count, draw) if policy.bundles else None,
        ),
    )


def _legs(count: int, draw: DrawWords) -> NDArray[np.bool_]:
    """Which orders ride with the one before: one in eight, in bundles of the allowed length."""
    is_leg = draw(count) % np.uint64(8) == 0
    is_leg[:1] = False
    return np.asarray(is_leg & (positions_in_bundle(is_leg) % MAX_BUNDLE != 0))


def _uniforms(draw: DrawWords, count: int) -> Floats:
    """Uniform in (0, 1), 53 bits, never 0 or 1."""
    high = (draw(count) >> np.uint64(11)).astype(np.float64)
    return np.asarray((high + 0.5) / 2.0**53)


def _normals(draw: DrawWords, count: int) -> Floats:
    """Standard normal values by Box and Muller."""
    radius = np.sqrt(-2.0 * np.log(_uniforms(draw, count)))
    return np.asarray(radius * np.cos(2.0 * np.pi * _uniforms(draw, count)))


def _arrival_times(count: int, orders_per_second: float, draw: DrawWords) -> Floats:
    """Milliseconds from the start of the first `count` arrivals, sorted."""
    own_rate = orders_per_second / 1000.0 * (1.0 - CHILDREN_PER_ORDER)
    generation = np.cumsum(-np.log(_uniforms(draw, count)) / own_rate)
    generations = [generation]
    while len(generation):
        parents = np.repeat(generation, _child_counts(draw, len(generation)))
        delays = -np.log(_uniforms(draw, len(parents))) * CHILD_DELAY_MS
        generation = parents + delays
        generations.append(generation)
    return np.sort(np.concatenate(generations))[:count]


def _child_counts(draw: DrawWords, count: int) -> Indices:
    """Poisson counts with mean CHILDREN_PER_ORDER, by inverting the distribution function."""
    orders = np.arange(1, 16)
    ratios = np.concatenate([[1.0], np.cumprod(CHILDREN_PER_ORDER / orders)])
    distribution = np.cumsum(ratios) * np.exp(-CHILDREN_PER_ORDER)
    return np.asarray(np.searchsorted(distribution, _uniforms(draw, count)), dtype=np.int64)


def _prices(policy: Policy, instruments: Indices, draw: DrawWords) -> tuple[Floats, Words]:
    """Price of every order, in units and scaled by its instrument's decimals (at least 1)."""
    level = np.zeros(len(instruments))
    scale = np.zeros(len(instruments))
    for position, decimals in enumerate(policy.decimals):
        rows = np.flatnonzero(instruments == position)
        steps = _normals(draw, len(rows)) * PRICE_STEP
        level[rows] = 64_000.0 / 19.0 ** min(position, 3) * np.exp(np.cumsum(steps))
        scale[rows] = 10.0**decimals.price
    limit = 2.0 ** min(policy.widths.price_bits, 48) - 1.0
    return level, np.clip(np.round(level * scale), 1.0, limit).astype(np.uint64)


def _sizes(
    policy: Policy, instruments: Indices, tiers: Indices, price_level: Floats, draw: DrawWords
) -> Words:
    """Scaled sizes of log-normal notional, within the policy's width (at least 1)."""
    typical = TYPICAL_NOTIONAL * 10.0 ** np.minimum(tiers, 2)
    notional = typical * np.exp(SIZE_SPREAD * _normals(draw, len(tiers)))
    scale = np.array([10.0**decimals.size for decimals in policy.decimals])[instruments]
    limit = 2.0 ** min(policy.widths.size_bits, 48) - 1.0
    sizes = np.clip(np.round(notional / price_level * scale), 1.0, limit)
    return np.asarray(sizes, dtype=np.uint64)
