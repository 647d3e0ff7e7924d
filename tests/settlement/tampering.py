"""Ways to cheat on a day that went right, each with who finds out and by which code.

A scenario gets the day and an empty folder, and returns the code that its victim sees. They stand
in tampering_slices.py, tampering_chain.py and tampering_traders.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.settlement.days import START_MS, Day
from zkroute.errors import MalformedError, ZkrouteError
from zkroute.formats.slice import Slice
from zkroute.model.order import ORDER_RECORD
from zkroute.protocol.header import Header
from zkroute.settlement.errors import SettlementError
from zkroute.settlement.gate import Gate, Refused, SignedSnapshot
from zkroute.settlement.ledger import Ledger

SIZE = ORDER_RECORD.itemsize
Scenario = Callable[[Day, Path], str]
SCENARIOS: dict[str, tuple[str, str, Scenario]] = {}
"""Name to the party that finds out, the code it sees, and the deed."""


def scenario(party: str, code: str) -> Callable[[Scenario], Scenario]:
    def register(deed: Scenario) -> Scenario:
        SCENARIOS[deed.__name__.replace("_", " ")] = (party, code, deed)
        return deed

    return register


@dataclass
class Node:
    """The busiest node of the first batch, its gate open."""

    day: Day
    ledger: Ledger
    gate: Gate
    slot: int

    def part(self, batch: int) -> Slice:
        return self.day.slices[batch][self.slot]

    def code(
        self,
        header: Header | None = None,
        proof: bytes | None = None,
        part: Slice | bytes | None = None,
        batch: int = 0,
        snapshot: SignedSnapshot | None = None,
    ) -> str:
        answer = self.gate.accept(
            header or self.day.batches[batch].header,
            self.day.proofs[batch] if proof is None else proof,
            self.part(batch) if part is None else part,
            snapshot,
        )
        if isinstance(answer, Refused):
            return answer.code
        return "again" if answer.again else "accepted"

    def settle_first(self) -> None:
        assert self.code() == "accepted"


@contextlib.contextmanager
def node(day: Day, folder: Path, **changes: object) -> Iterator[Node]:
    slot = day.busiest()
    with Ledger(folder / "ledger.db") as ledger:
        configuration = day.configuration(node=day.node(slot), **changes)
        yield Node(day, ledger, Gate(configuration, ledger, lambda: START_MS), slot)


def refusal(deed: Callable[[], object]) -> str:
    """The code of what a check raises."""
    try:
        deed()
    except SettlementError as error:
        return error.code.value
    except MalformedError:
        return "malformed"
    except ZkrouteError as error:
        return error.exit_code.name.lower()
    return "accepted"
