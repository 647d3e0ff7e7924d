"""The README's two commands exist, links lead somewhere, and no file names a machine."""

import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import tests

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

LEFT_OUT = (".git", ".venv", ".*_cache", ".benchmarks", ".hypothesis", "__pycache__")
LEFT_OUT += ("*.egg-info", "build", "dist", "zkroute-demo*")
"""Folders that are made beside the sources, as in .gitignore."""

REGISTRIES = tuple(
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("crates", "io"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
)
NAMES_OF_MACHINES = {
    "path": re.compile(r"(?<![\w./])/(?:root|tmp|work|home|Users)/"),
    "registry": re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, REGISTRIES))})(?!\w)"),
}
"""Where somebody's files are, and where packages are fetched from: neither is ours to say."""


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


def committed_files() -> list[Path]:
    """What git has or would have; in a copy without git, all but what .gitignore leaves out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        names = listed.stdout.decode("utf-8").split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = []
    if "README.md" not in names:
        names = [path.relative_to(ROOT).as_posix() for path in walked(ROOT)]
    return [path for path in map(ROOT.joinpath, sorted(names)) if path.is_file()]


def walked(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if not any(fnmatch(path.name, pattern) for pattern in LEFT_OUT):
                yield from walked(path)
        else:
            yield path


def text_of(path: Path) -> str:
    """Nothing for a file that is no text."""
    data = path.read_bytes()
    try:
        return "" if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("name", NAMES_OF_MACHINES)
def test_nothing_committed_names_a_machine(name: str) -> None:
    pattern = NAMES_OF_MACHINES[name]
    files = committed_files()
    assert {ROOT / "README.md", ROOT / "pyproject.toml", Path(__file__)} <= set(files)
    found = {path.relative_to(ROOT).as_posix(): pattern.search(text_of(path)) for path in files}
    assert {path: match[0] for path, match in found.items() if match} == {}


def test_names_of_machines_would_be_found() -> None:
    """Control. The samples are put together here, else this file would be found itself."""
    paths, hosts = NAMES_OF_MACHINES.values()
    for folder in ("root", "tmp", "work", "home", "Users"):
        assert paths.search(f"cd '{Path('/') / folder / 'somebody'}'")
        assert not paths.search(f"a folder.{Path('/') / folder / 'somebody'}")
    for host in REGISTRIES:
        for text in (f"https://{host}/simple/", f"--index-url=https://test.{host}", host):
            assert hosts.search(text)
        assert not hosts.search(f"not-{host}")


def test_a_copy_without_git_is_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with_git = committed_files()
    monkeypatch.setenv("PATH", "")
    without = committed_files()
    assert set(with_git) <= set(without)
    assert not [path for path in without if {".git", ".venv", "__pycache__"} & set(path.parts)]


def test_every_folder_of_tests_is_explained() -> None:
    described = tests.__doc__ or ""
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}
    named = re.findall(r"^(\w+)  +\w", described.split("\n\n")[1], re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == folders
