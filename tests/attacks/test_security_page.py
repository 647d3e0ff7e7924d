"""docs/security.md names tests that exist and figures that the repository has."""

from __future__ import annotations

import re
from pathlib import Path

from tests.attacks.catalogue import CATALOGUE
from tests.campaigns.verifier_mutants import MODULES, mutants
from tests.soundness.cheats import CHEATS
from tests.soundness.dictionary import CANDIDATES, TRIALS
from verifier.self_test import cases, golden_bytes, read_golden

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_its_commands_name_what_exists() -> None:
    commands = re.findall(r"`pytest ([^`]*)`", PAGE)
    assert len(commands) > 15
    for command in commands:
        for path in re.findall(r"tests/[a-z_/]+(?:\.py)?", command):
            assert (ROOT / path).exists(), path
        for path, name in re.findall(r"(tests/[a-z_/]+\.py)::(\w+)", command):
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_its_figures_are_those_of_the_tests() -> None:
    covered = sum(bool(row.tests) for row in CATALOGUE.values())
    rows = f"{len(CATALOGUE)} rows of past vulnerabilities: {covered} with tests"
    forgeries = (ROOT / "tests/rule/forgeries.md").read_text(encoding="utf-8")
    counted = re.search(r"(\d+) constraints.*?For (\d+) of them", forgeries, re.DOTALL)
    assert counted is not None
    total, forged = map(int, counted.groups())
    for figure in (
        rows,
        f"{len(CHEATS)} repaired cheats",
        f"**{len(mutants())} mutants** of {len(MODULES)} modules that verify",
        f"{len(list(cases(read_golden(golden_bytes()))))} cases in the self-test",
        f"{CANDIDATES} guesses for each of {TRIALS} commitments",
        f"{total} constraints of a policy with every feature: {forged} forged, {total - forged} ",
    ):
        assert figure in PAGE, figure
