"""The batches that forgeries start from; seeds are chosen so that every fate occurs."""

from __future__ import annotations

from tests.rule.ground import BUSY_RULE, Ground, batch


def busy() -> Ground:
    """Fast is closed by its breaker, slow by saturation; orders of both wait, some with legs."""
    return batch(60)


def calm() -> Ground:
    """No segment closes."""
    return batch(20)


def half() -> Ground:
    """Fast is closed by its breaker, slow takes what it sends on."""
    return batch(2)


UNBROKEN_RULE = BUSY_RULE.replace("breaker = 40\n", "").replace("breaker = 60\n", "")
"""Segments close by saturation alone."""

OPEN_FAST_RULE = BUSY_RULE.replace("breaker = 40", "breaker = 4000")
SILENT_RULE = BUSY_RULE.replace("counts = true\nloads = true\nherfindahl = true\n", "").replace(
    "max_count = true\nmax_share_percent = 90\n", ""
)
