"""docs/cli.md has every environment variable that the program reads, and no other."""

from __future__ import annotations

import re

from tests.support.shared import ROOT

PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
PACKAGES = ("zkroute", "circuits", "prover", "verifier")
_VARIABLE = re.compile(r"\bZKROUTE_[A-Z_]+\b")


def read_by_the_program() -> set[str]:
    """Every name in the sources: what is named there without being read would mislead too."""
    sources = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    return {name for path in sources for name in _VARIABLE.findall(path.read_text("utf-8"))}


def listed() -> list[str]:
    table = PAGE.split("## Environment\n")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_page_lists_what_the_program_reads() -> None:
    assert len(listed()) == len(set(listed()))
    assert set(listed()) == read_by_the_program()


def test_no_page_names_another_variable() -> None:
    for page in ROOT.glob("docs/**/*.md"):
        assert set(_VARIABLE.findall(page.read_text("utf-8"))) <= set(listed()), page
