"""Every row of the catalogue has tests that exist, or a reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.catalogue import CATALOGUE

TESTS = Path(__file__).resolve().parents[1]
ROWS = {"F": 8, "C": 8, "K": 13, "Z": 7, "S": 7}


@cache
def names_in(module: str) -> set[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_no_row_is_missing() -> None:
    expected = {
        f"{letter}{number}" for letter, last in ROWS.items() for number in range(1, last + 1)
    }
    assert set(CATALOGUE) == expected
    assert len(expected) == 43


@pytest.mark.parametrize("row", CATALOGUE)
def test_a_row_has_tests_or_a_reason(row: str) -> None:
    entry = CATALOGUE[row]
    assert entry.source
    if not entry.tests:
        assert entry.here.startswith("does not apply: ")
    for each in entry.tests:
        module, name = each.split("::")
        found = names_in(module)
        assert (name in found) if name else found, each
