"""The choice of the verifier's arithmetic, and what a broken one meets at power-on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from zkroute.algebra import verification
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2, PointG1, PointG2, compress_g1
from zkroute.algebra.verification import (
    ONE,
    ArithmeticFaultError,
    ReferenceArithmetic,
    decompress_points,
    fastest_arithmetic,
    linear_combination_g1,
    pairing_product_is_one,
    power_on_check,
    using_arithmetic,
    verification_arithmetic,
)
from zkroute.errors import ExitCode, UsageError

ROOT = Path(__file__).resolve().parents[3]
VARIABLE = "ZKROUTE_VERIFIER"


@pytest.fixture(autouse=True)
def _fresh_choice(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    forget()
    yield
    forget()


def forget() -> None:
    verification._make.cache_clear()
    verification._checked.cache_clear()


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "reference")
    assert verification_arithmetic().name == "reference"
    monkeypatch.setenv(VARIABLE, "abacus")
    with pytest.raises(UsageError, match=r"'abacus'.*auto, reference, compiled"):
        verification_arithmetic()
    assert verification_arithmetic("reference").name == "reference"
    with using_arithmetic("reference"):
        assert verification_arithmetic().name == "reference"
        with using_arithmetic("counting rods"), pytest.raises(UsageError, match="counting rods"):
            linear_combination_g1([], [])
        assert verification_arithmetic().name == "reference"
    with pytest.raises(UsageError):
        verification_arithmetic()


def test_functions_use_the_arithmetic_in_use() -> None:
    with using_arithmetic("reference"):
        assert decompress_points(compress_g1(GENERATOR_G1), "point") == (GENERATOR_G1,)
        assert linear_combination_g1([GENERATOR_G1], [1]) == GENERATOR_G1
        assert pairing_product_is_one([(GENERATOR_G1, None)])
        assert not pairing_product_is_one([(GENERATOR_G1, GENERATOR_G2)])


def in_new_process(code: str, **changes: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | changes,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WHICH = (
    "import sys\n"
    "from zkroute.algebra.verification import verification_arithmetic\n"
    "print(verification_arithmetic().name, 'numba' in sys.modules)\n"
)


def test_without_machine_code_auto_is_the_reference_and_loads_nothing(tmp_path: Path) -> None:
    assert in_new_process(WHICH, ZKROUTE_CACHE_DIR=str(tmp_path)) == "reference False"


def test_with_machine_code_auto_is_compiled() -> None:
    if fastest_arithmetic().name == "reference":
        pytest.skip("numba is not usable here")
    assert in_new_process(WHICH) == "compiled True"


@pytest.mark.parametrize("fault", ["ImportError('no numba')", "OSError('no library')"])
def test_without_a_usable_numba_there_is_the_reference(tmp_path: Path, fault: str) -> None:
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text(f"raise {fault}\n")
    code = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from zkroute.algebra import verification as v\n"
        "from zkroute.errors import UsageError\n"
        "print(v.verification_arithmetic().name, v.fastest_arithmetic().name)\n"
        "try:\n    v.verification_arithmetic('compiled')\n"
        "except UsageError as error:\n    print(error)\n"
    )
    said = in_new_process(code)
    assert said.startswith("reference reference\n")
    assert "ZKROUTE_VERIFIER=reference" in said


def test_machine_code_must_be_newer_than_its_source(tmp_path: Path) -> None:
    try:
        from zkroute.kernels.verification.arithmetic import _is_cached
    except ImportError as error:
        pytest.skip(str(error))
    source = Path(_is_cached.__code__.co_filename)
    kernel = SimpleNamespace(py_func=_is_cached, stats=SimpleNamespace(cache_path=str(tmp_path)))
    assert not _is_cached(kernel)
    line = _is_cached.__code__.co_firstlineno
    index = tmp_path / f"arithmetic._is_cached-{line}.py311.nbi"
    index.touch()
    assert _is_cached(kernel)
    before = source.stat().st_mtime - 1
    os.utime(index, (before, before))
    assert not _is_cached(kernel)
    nowhere = SimpleNamespace(py_func=_is_cached, stats=SimpleNamespace(cache_path=None))
    assert not _is_cached(nowhere)


def test_good_arithmetic_passes_the_check() -> None:
    power_on_check(ReferenceArithmetic())


Pairs = Sequence[tuple[PointG1, PointG2]]


class AlwaysOne(ReferenceArithmetic):
    """A pairing that died: AlgoPlonk's with lines of zero, a product that is never computed."""

    def pairing_product(self, pairs: Pairs) -> tuple[int, ...]:
        return ONE


class AlwaysYes(ReferenceArithmetic):
    def pairing_product_is_one(self, pairs: Pairs) -> bool:
        return True


class AlwaysNo(ReferenceArithmetic):
    def pairing_product_is_one(self, pairs: Pairs) -> bool:
        return False


class FirstPairOnly(ReferenceArithmetic):
    def pairing_product(self, pairs: Pairs) -> tuple[int, ...]:
        return super().pairing_product(pairs[:1])


class Infinity(ReferenceArithmetic):
    def linear_combination(self, points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
        return None


class ShortScalars(ReferenceArithmetic):
    def linear_combination(self, points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
        return super().linear_combination(points, [scalar % (1 << 64) for scalar in scalars])


class OneRoot(ReferenceArithmetic):
    """Takes the smaller root whatever the flag says."""

    def decompress_points(self, data: bytes, what: str) -> tuple[PointG1, ...]:
        smaller = bytearray(data)
        smaller[::32] = bytes(byte & 0xBF for byte in data[::32])
        return super().decompress_points(bytes(smaller), what)


class NothingRefused(ReferenceArithmetic):
    def decompress_points(self, data: bytes, what: str) -> tuple[PointG1, ...]:
        return super().decompress_points(data, what) if len(data) > 32 else (GENERATOR_G1,)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (AlwaysOne, "a pairing"),
        (AlwaysYes, "a false claim"),
        (AlwaysNo, "a true claim"),
        (FirstPairOnly, "a true claim"),
        (Infinity, "a sum of multiples"),
        (ShortScalars, "a sum of multiples"),
        (OneRoot, "points from bytes"),
        (NothingRefused, "bytes of no point"),
    ],
)
def test_broken_arithmetic_is_stopped_and_stays_so(
    broken: Callable[[], ReferenceArithmetic], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load() -> SimpleNamespace:
        loaded.append(broken)
        return SimpleNamespace(CompiledArithmetic=broken, is_cached=lambda: True)

    monkeypatch.setattr(verification, "_load_compiled", load)
    monkeypatch.setattr(verification, "_MACHINE_CODE", "*")
    monkeypatch.setattr(verification, "cache_directory", lambda: ROOT)
    for name in ("compiled", "auto", "compiled"):
        with pytest.raises(ArithmeticFaultError, match=what) as refused:
            verification_arithmetic(name)
        assert refused.value.exit_code is ExitCode.INTERNAL
    assert len(loaded) == 2  # once to ask whether there is machine code, once to check
    assert verification_arithmetic("reference").name == "reference"
