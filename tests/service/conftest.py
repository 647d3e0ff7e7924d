"""The day of the settlement tests, and their pairings."""

from tests.settlement.conftest import day, world
from tests.support.pairings import quick_pairings

__all__ = ["day", "quick_pairings", "world"]
