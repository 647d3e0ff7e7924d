"""Deterministic stand-ins for what a source of orders does not say, hashed from a number.

Everything made here is made up, reproducibly: it is called derived wherever it is shown.
"""

from __future__ import annotations

import numpy as np

from zkroute.model.order import Indices, Words

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mixed(numbers: Words, purpose: int) -> Words:
    """A well-mixed uint64 for each number, different for each `purpose`.

    The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) applied to
    number + (purpose + 1) * golden ratio, modulo 2^64.
    """
    state = numbers + np.uint64((purpose + 1) * _GOLDEN % 2**64)
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return np.asarray(state ^ (state >> np.uint64(31)), dtype=np.uint64)


def skewed_positions(hashes: Words, count: int) -> Indices:
    """A position below `count` for each hash, each later one four times rarer (16th on: equal)."""
    weights = [4 ** max(0, 15 - position) for position in range(count)]
    total = np.uint64(sum(weights))
    drawn = ((hashes >> np.uint64(33)) * total) >> np.uint64(31)
    bounds = np.cumsum(np.array(weights, dtype=np.uint64))
    return np.asarray(np.searchsorted(bounds, drawn, side="right"), dtype=np.int64)


def skewed_accounts(hashes: Words, count: int) -> Words:
    """An account from 1 to `count` for each hash; low accounts trade more often."""
    high = hashes >> np.uint64(32)
    squared = (high * high) >> np.uint64(32)
    return ((squared * np.uint64(count)) >> np.uint64(32)) + np.uint64(1)
