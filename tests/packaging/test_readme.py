"""The README's two commands exist, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_two_commands_are_there() -> None:
    commands = re.findall(r"^    (python3 \S+(?: \w+)?)", README, re.MULTILINE)
    assert commands == ["python3 tests/run.py demo", "python3 tests/run.py"]
    assert (ROOT / "tests" / "run.py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_nothing_committed_names_a_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w./])/(?:root|tmp|work|home)/", page.read_text("utf-8")), page
