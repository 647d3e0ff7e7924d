"""Per constraint of the whole rule a trace that only this constraint refuses, or why there is none.

`FORGERIES` and `IMPLIED` together name every gate, bus, range check and total.
"""

from tests.rule.forgeries import arrivals, contents, nodes, orders, placement, public
from tests.rule.forgeries.implied import IMPLIED
from tests.rule.forging import FORGERIES

__all__ = ["FORGERIES", "IMPLIED", "arrivals", "contents", "nodes", "orders", "placement", "public"]
