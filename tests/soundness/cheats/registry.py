"""What an attack is, the list of all of them, and what they are built with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.claims import Claim, Columns, Row, Setting, claimed_columns, complete, follow
from tests.support.lying import altered

BUS = "bus {} does not balance"


@dataclass(frozen=True)
class Attack:
    """Columns to prove, what the header then says, and the rules that must break."""

    columns: Columns
    broken: frozenset[str]
    """Beginnings of rule sentences; together they name every rule that breaks."""
    header: dict[str, int] = field(default_factory=dict)


Cheat = Callable[[Setting, list[Row]], Attack]
"""From the setting and the honest rows to an attack."""

CHEATS: dict[str, tuple[str, int, Cheat]] = {}
"""Name to (policy, number of orders, cheat)."""


def cheat(
    name: str, policy: str = "notional by seven", count: int = 23
) -> Callable[[Cheat], Cheat]:
    def register(function: Cheat) -> Cheat:
        CHEATS[name] = (policy, count, function)
        return function

    return register


def attack(setting: Setting, claim: Claim, *broken: str, **header: int) -> Attack:
    return Attack(claimed_columns(setting, claim), frozenset(broken), header)


def patched(
    setting: Setting, rows: list[Row], changes: dict[tuple[str, str], dict[int, int]], *broken: str
) -> Attack:
    """The honest trace with base cells changed, limbs and lookup counts repaired."""
    columns = claimed_columns(setting, follow(setting, rows))
    return Attack(complete(setting, altered(columns, changes)), frozenset(broken))


def members(setting: Setting, segment: int) -> list[int]:
    """Slots of a segment's eligible nodes."""
    parameters = setting.parameters
    return [
        slot
        for slot, exists in enumerate(parameters.exists)
        if exists and parameters.segment[slot] == segment
    ]


def other_node(setting: Setting, row: Row) -> int:
    """Another node of the row's segment."""
    return next(slot for slot in members(setting, row.segment) if slot != row.node)
