"""The choice of kernels, and where their cache lies."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from zkroute import paths
from zkroute.errors import UsageError
from zkroute.kernels import select

# imported here, so that its kernels are decorated for the real processor
from zkroute.kernels.portable.engine import PortableEngine

IFMA = "zkroute.kernels.ifma.engine"


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Features of a made-up processor, and an ifma package beside the real portable one."""
    features: dict[str, bool] = {}
    monkeypatch.setattr(select.llvmlite.binding, "get_host_cpu_features", lambda: features)
    module = SimpleNamespace(IfmaEngine=lambda: SimpleNamespace(name="ifma"))
    monkeypatch.setitem(sys.modules, IFMA, module)
    find_instead(monkeypatch, lambda: module)
    return features


def find_instead(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], object]) -> None:
    """Lets ``find_spec`` answer so for the ifma package, and as ever for all others."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: answer() if name == IFMA else find_spec(name, package),
    )


def test_portable_runs_everywhere(processor: dict[str, bool]) -> None:
    assert isinstance(select.make_engine("portable"), PortableEngine)
    assert select.make_engine("auto").name == "portable"


def test_ifma_where_the_processor_has_it(processor: dict[str, bool]) -> None:
    processor["avx512ifma"] = True
    assert select.make_engine("auto").name == "ifma"
    assert select.make_engine("ifma").name == "ifma"
    assert select.make_engine("portable").name == "portable"


def test_ifma_elsewhere_is_refused(processor: dict[str, bool]) -> None:
    for features in ({}, {"avx512ifma": False}):
        processor.update(features)
        with pytest.raises(UsageError, match="IFMA"):
            select.make_engine("ifma")


def test_auto_does_without_a_missing_package(
    processor: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModuleNotFoundError(IFMA)

    processor["avx512ifma"] = True
    for answer in (lambda: None, missing):
        find_instead(monkeypatch, answer)
        assert select.make_engine("auto").name == "portable"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="fast"):
        select.make_engine("fast")


def test_cache_directory_by_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ZKROUTE_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, place in (
        ("linux", ".cache"),
        ("freebsd14", ".cache"),
        ("darwin", "Library/Caches"),
        ("win32", "AppData/Local"),
    ):
        monkeypatch.setattr(paths.sys, "platform", platform)
        assert paths.cache_directory() == tmp_path / place / "zkroute"


def test_cache_directory_by_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZKROUTE_CACHE_DIR", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(paths.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert paths.cache_directory() == tmp_path / "xdg" / "zkroute"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert paths.cache_directory() == tmp_path / ".cache" / "zkroute"
    monkeypatch.setattr(paths.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert paths.cache_directory() == tmp_path / "local" / "zkroute"
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path / "ours"))
    assert paths.cache_directory() == tmp_path / "ours"
