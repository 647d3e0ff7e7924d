"""Margins derived for orders that come without one."""

from __future__ import annotations

import numpy as np

from zkroute.model.order import Indices, Words
from zkroute.model.policy import Policy


def derived_margins(
    policy: Policy, instruments: Indices, size: Words, price: Words, hashes: Words
) -> Words:
    """(n, 2) margins of 2 % to 20 % of the notional, in whole percent drawn from the hashes."""
    percent = (hashes % np.uint64(19) + np.uint64(2)).tolist()
    scales = [
        (10**decimals.margin, 100 * 10 ** (decimals.size + decimals.price))
        for decimals in policy.decimals
    ]
    highest = (1 << policy.widths.margin_bits) - 1
    words = np.zeros((len(size), 2), dtype=np.uint64)
    rows = zip(instruments.tolist(), size.tolist(), price.tolist(), percent, strict=True)
    margins = []
    for instrument, amount, level, share in rows:
        up, down = scales[instrument]
        margins.append(min(amount * level * share * up // down, highest))
    words[:, 0] = [margin & ((1 << 64) - 1) for margin in margins]
    words[:, 1] = [margin >> 64 for margin in margins]
    return words
