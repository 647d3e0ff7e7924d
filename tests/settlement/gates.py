"""Gates of the day's nodes and observers, and what they answer."""

from __future__ import annotations

from tests.settlement.days import START_MS, Day
from zkroute.settlement.gate import Accepted, Gate, Refused
from zkroute.settlement.ledger import Ledger


def observer(day: Day, ledger: Ledger, **changes: object) -> Gate:
    return Gate(day.configuration(**changes), ledger, lambda: START_MS)


def node_gate(day: Day, ledger: Ledger, slot: int, **changes: object) -> Gate:
    return Gate(day.configuration(node=day.node(slot), **changes), ledger, lambda: START_MS)


def refused(answer: Accepted | Refused) -> str:
    assert isinstance(answer, Refused), answer
    assert answer.sentence.count("\n") == 0
    assert answer.exit_code.value in range(1, 6)
    return answer.code


def accept_first(day: Day, gate: Gate) -> None:
    slot = None if gate.configuration.node is None else day.busiest()
    part = None if slot is None else day.slices[0][slot]
    assert gate.accept(day.batches[0].header, day.proofs[0], part)
