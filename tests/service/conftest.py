"""The day and the pairings of the settlement tests."""

from tests.settlement.conftest import day, quick_pairings, world

__all__ = ["day", "quick_pairings", "world"]
