"""A few mutants of what verifies; ``python -m tests.campaigns.verifier_mutants`` judges all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.campaigns.verifier_mutants import EQUIVALENT, MODULES, mutants
from tests.support.shared import ROOT


def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.campaigns.verifier_mutants", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_few_are_noticed() -> None:
    count = len(mutants())
    answer = judge(str(count // 20), str(count // 6))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.slow
def test_all_are_noticed() -> None:
    answer = judge()
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_what_is_listed_as_equivalent_is_there() -> None:
    found = mutants()
    assert {each.module for each in found} == set(MODULES)
    assert {each.name for each in found} >= set(EQUIVALENT)
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())
