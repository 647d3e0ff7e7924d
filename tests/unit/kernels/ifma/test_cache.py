"""Machine code of these kernels is kept, and a second process compiles nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.kernels.compilations import compiled_by

FEW_KERNELS = """
    from zkroute.algebra.engine import engine
    vector = engine("ifma").from_integers(range(1, 9))
    assert engine("ifma").evaluate(vector, 1) == 36
"""

ALL_KERNELS = """
    from tests.unit.kernels.exercise import exercise, scalars_of
    from zkroute.algebra.engine import engine
    exercise(engine("ifma"), scalars_of(64))
"""


@pytest.mark.parametrize(
    "work", [FEW_KERNELS, pytest.param(ALL_KERNELS, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_second_process_compiles_nothing(work: str, tmp_path: Path) -> None:
    assert "import_words" in compiled_by(work, tmp_path)
    assert compiled_by(work, tmp_path) == []


def test_kernels_that_are_not_used_are_not_compiled(tmp_path: Path) -> None:
    assert set(compiled_by(FEW_KERNELS, tmp_path)) == {"import_words", "horner"}
