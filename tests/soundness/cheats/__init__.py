"""Ways to cheat, each with the best repairs a cheat can make, by the part of the trace they touch.

Every attack says which rules it breaks: exactly those, so that a rule that is broken by accident
does not hide one that is missing.
"""

from tests.soundness.cheats import costs, orders, padding, runs, work
from tests.soundness.cheats.registry import CHEATS, Attack

__all__ = ["CHEATS", "Attack", "costs", "orders", "padding", "runs", "work"]
