"""Machine code is kept in a directory of our own, and a second process compiles nothing."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numba
import pytest

from tests.support.shared import ROOT
from tests.unit.kernels.compilations import compiled_by
from zkroute.kernels import _jit

FEW_KERNELS = """
    from zkroute.algebra.engine import engine
    vector = engine("portable").from_integers(range(1, 9))
    assert engine("portable").to_integers(engine("portable").inverse(vector))[0] == 1
    assert engine("portable").evaluate(vector, 1) == 36
"""
ALL_KERNELS = """
    from tests.unit.kernels.exercise import exercise, scalars_of
    from zkroute.algebra.engine import engine
    exercise(engine("portable"), scalars_of(64))
"""


@pytest.mark.parametrize(
    "work", [FEW_KERNELS, pytest.param(ALL_KERNELS, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_second_process_compiles_nothing(work: str, tmp_path: Path) -> None:
    assert "invert_range" in compiled_by(work, tmp_path)
    assert compiled_by(work, tmp_path) == []


def test_kernels_that_are_not_used_are_not_compiled(tmp_path: Path) -> None:
    assert "sum_windows" not in compiled_by(FEW_KERNELS, tmp_path)
    assert compiled_by('__import__("zkroute.kernels.portable.engine")\n', tmp_path / "none") == []


def test_a_process_that_cannot_write_still_computes_and_says_why(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the directory should be")
    script = textwrap.dedent(FEW_KERNELS)
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "ZKROUTE_CACHE_DIR": str(occupied)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr.count("RuntimeWarning") == 1
    assert str(occupied) in ran.stderr
    assert "ZKROUTE_CACHE_DIR" in ran.stderr


def test_the_users_own_numba_settings_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setattr(_jit, "_kernel_directory", lambda package: ours)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(theirs))

    def twice(value: int) -> int:
        return 2 * value

    assert _jit.jit_named("twice")(twice)(21) == 42
    assert str(theirs) == numba.config.CACHE_DIR
    assert list(theirs.iterdir()) == []
    assert [path.suffix for path in ours.rglob("*.nbi")] == [".nbi"]


def test_directory_depends_on_every_source_and_on_nothing_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_jit.py", "portable/field.py", "ifma/field.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("one = 1\n")
    monkeypatch.setattr(_jit, "_KERNELS", tmp_path)
    before = _jit._digest("portable"), _jit._digest("ifma")
    assert len(set(before)) == 2
    # the shared kernels do not depend on those that build on them
    (tmp_path / "ifma" / "field.py").write_text("one = 2\n")
    assert _jit._digest("portable") == before[0]
    assert _jit._digest("ifma") != before[1]
    for name in ("portable/field.py", "_jit.py"):
        now = _jit._digest("portable"), _jit._digest("ifma")
        (tmp_path / name).write_text("one = 3\n")
        changed = _jit._digest("portable"), _jit._digest("ifma")
        assert now[0] != changed[0]
        assert now[1] != changed[1]


def test_directory_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    directory = _jit._kernel_directory.__wrapped__("portable")
    assert directory.parent == tmp_path / "kernels"
    if os.name == "posix":
        assert directory.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_directory_that_others_may_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    directory = _jit._kernel_directory.__wrapped__("portable")
    directory.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="others may write"):
        assert _jit._kernel_directory.__wrapped__("portable") is None


def variant(letter: str, closure: str = "") -> tuple[str, str, tuple[str, str]]:
    """As numba names it: types, processor, bytecode and what the closure holds."""
    return f"types {letter}", "processor", ("bytecode", closure)


def test_processes_that_compile_at_once_never_get_each_others_code(tmp_path: Path) -> None:
    """Both have read the same index when each adds a variant; the later index names both."""
    one, other = (_jit._FilesByVariant(str(tmp_path), "invert", "stamp") for _ in range(2))
    one.save(variant("p"), "code for p")
    stale = other._files._load_index()
    one.save(variant("r"), "code for r")
    other._files._load_index = lambda: dict(stale)
    other.save(variant("q"), "code for q")
    del other._files._load_index
    for letter, code in (("p", "code for p"), ("r", None), ("q", "code for q")):
        for files in (one, other):
            assert files.load(variant(letter)) == code
    one.save(variant("r"), "code for r")
    assert other.load(variant("r")) == "code for r"
    assert other.load(variant("r", "another process's closure")) == "code for r"


def test_code_says_what_it_is(tmp_path: Path) -> None:
    files = _jit._FilesByVariant(str(tmp_path), "invert", "stamp")
    files.save(variant("p"), "code for p")
    files.save(variant("r"), "code for r")
    (p, r) = (tmp_path / files._name(_jit._variant(variant(letter))) for letter in "pr")
    p.write_bytes(r.read_bytes())
    assert files.load(variant("p")) is None
    assert files.load(variant("r")) == "code for r"


def test_a_kernel_made_in_a_function_needs_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_jit, "_kernel_directory", lambda package: tmp_path)

    def plus(number: int) -> Any:
        def add(value: int) -> int:
            return value + number

        return add

    with pytest.raises(TypeError, match=r"plus\.<locals>\.add: name it"):
        _jit.jit(plus(1))
    made = [_jit.jit_named(f"plus_{number}")(plus(number)) for number in (1, 2)]
    assert [each(40) for each in made] == [41, 42]
    symbols = {kernel.fndesc.mangled_name.split("B")[0] for each in made for kernel in found(each)}
    assert len(symbols) == 2
    assert {path.name.split("-")[0] for path in tmp_path.rglob("*.nbi")} == {
        "test_cache.plus_1",
        "test_cache.plus_2",
    }


def found(kernel: Any) -> list[Any]:
    """What was compiled of a kernel, for each of its types."""
    return list(kernel.overloads.values())


def test_kernels_are_kept_so() -> None:
    """numba has not taken another way to its files."""
    invert = importlib.import_module("zkroute.kernels.portable.inversion").invert_mod_r
    assert isinstance(invert._cache._cache_file, _jit._FilesByVariant)
