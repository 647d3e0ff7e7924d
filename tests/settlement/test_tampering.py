"""Every way to cheat in the tampering modules is found by the party and code it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settlement.days import Day
from tests.settlement.scenarios import FAMILIES, SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_is_found(day: Day, tmp_path: Path, name: str) -> None:
    _, code, deed = SCENARIOS[name]
    assert deed(day, tmp_path) == code


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 45
    assert {deed.__module__ for _, _, deed in SCENARIOS.values()} == {
        family.__name__ for family in FAMILIES
    }
    assert {party for party, _, _ in SCENARIOS.values()} == {
        "node",
        "trader",
        "anybody",
        "regulator",
    }
