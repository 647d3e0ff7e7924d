"""The wheel holds the four packages, typed, and nothing else."""

import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"zkroute", "circuits", "prover", "verifier"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = builders.WheelBuilder(str(ROOT)).build(
        directory=str(folder), versions=["standard"], hooks_only=False
    )
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_four_packages(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert tops >= PACKAGES
    (metadata,) = tops - PACKAGES
    assert metadata.endswith(".dist-info")


def test_no_tests_and_no_litter_are_shipped(names: list[str]) -> None:
    assert not [name for name in names if "test" in name.split("/")[0]]
    litter = ("__pycache__", ".pyc", ".private", "router.key", ".srs", ".ptau")
    assert not [name for name in names if any(part in name for part in litter)]


def test_every_module_is_shipped(names: list[str]) -> None:
    modules = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert modules <= set(names)


def test_every_package_says_that_it_is_typed(names: list[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


def test_the_console_script_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"zkroute": "zkroute.cli.__main__:main"}
    assert project["requires-python"] == ">=3.11"
    assert project["license"] == "Apache-2.0"
