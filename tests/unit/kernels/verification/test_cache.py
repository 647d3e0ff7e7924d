"""Machine code of the verifier's kernels: kept, and a second process compiles nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.kernels.compilations import compiled_by
from zkroute.algebra.verification import VerificationArithmetic
from zkroute.paths import cache_directory

POWER_ON = """
    from zkroute.algebra.verification import verification_arithmetic
    assert verification_arithmetic("{name}").name == "compiled"
"""


def test_a_process_after_the_first_compiles_nothing(compiled: VerificationArithmetic) -> None:
    assert compiled.name == "compiled"  # so the cache is filled
    for name in ("compiled", "auto"):
        assert compiled_by(POWER_ON.format(name=name), cache_directory()) == []


@pytest.mark.slow
def test_from_an_empty_cache(compiled: VerificationArithmetic, tmp_path: Path) -> None:
    first = compiled_by(POWER_ON.format(name=compiled.name), tmp_path)
    assert {"pairing_product", "linear_combination", "decompress"} <= set(first)
    assert compiled_by(POWER_ON.format(name="auto"), tmp_path) == []
