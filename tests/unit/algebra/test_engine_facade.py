from __future__ import annotations

import subprocess
import sys

import pytest

from zkroute.algebra.engine import engine
from zkroute.errors import UsageError


def test_an_unknown_kernel_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="choose one of auto, portable, ifma, reference"):
        engine("abacus")


def test_the_environment_names_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_KERNEL", "reference")
    assert engine() is engine("reference")
    monkeypatch.setenv("ZKROUTE_KERNEL", "abacus")
    with pytest.raises(UsageError, match="abacus"):
        engine()
    assert engine("reference").name == "reference"


def test_an_empty_environment_variable_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_KERNEL", "")
    assert engine().name in ("portable", "ifma")


def test_the_facade_and_the_reference_load_no_compiled_code() -> None:
    code = (
        "import sys; from zkroute.algebra.engine import engine; engine('reference'); "
        "sys.exit(any(name in sys.modules for name in ('numba', 'llvmlite', 'zkroute.kernels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
