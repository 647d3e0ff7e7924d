"""What a settlement node, a trader and an auditor check, and the ledger a node keeps.

The names here are a node's whole integration (docs/settlement.md); the rest is in the modules.
"""

from zkroute.settlement.configuration import Configuration, Signing
from zkroute.settlement.configuration_file import NodeFile, read_configuration
from zkroute.settlement.errors import LedgerError, Reason, SettlementError
from zkroute.settlement.gate import Accepted, Gate, Refused, SignedSnapshot
from zkroute.settlement.ledger import Ledger

__all__ = [
    "Accepted",
    "Configuration",
    "Gate",
    "Ledger",
    "LedgerError",
    "NodeFile",
    "Reason",
    "Refused",
    "SettlementError",
    "SignedSnapshot",
    "Signing",
    "read_configuration",
]
