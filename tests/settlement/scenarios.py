"""All ways to cheat on a day, whoever finds out."""

from tests.settlement import tampering_chain, tampering_slices, tampering_traders
from tests.settlement.tampering import SCENARIOS

__all__ = ["FAMILIES", "SCENARIOS"]

FAMILIES = (tampering_slices, tampering_chain, tampering_traders)
