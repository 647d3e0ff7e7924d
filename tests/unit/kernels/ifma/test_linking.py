"""Machine code that different processes kept is linked to what it means."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.shared import ROOT
from zkroute.kernels.select import runs_ifma

pytestmark = pytest.mark.skipif(not runs_ifma(), reason="no AVX-512 IFMA here")

INVERT = """
    import numpy as np
    from zkroute.kernels._jit import jit
    from zkroute.kernels.ifma import base_field, scalar_field
    from zkroute.kernels.ifma.blocks import load, store
    from zkroute.kernels.ifma.memory import aligned, blocks_of, integers_of

    @jit
    def modulo_p(blocks):
        store(blocks, 0, base_field.canonical(base_field.invert(load(blocks, 0))))

    @jit
    def modulo_r(blocks):
        store(blocks, 0, scalar_field.canonical(scalar_field.invert(load(blocks, 0))))

    def check(kernel, field):
        blocks = blocks_of(range(1, 9), field.MODULUS)
        kernel(blocks)
        expected = [pow(number, -1, field.MODULUS) for number in range(1, 9)]
        assert integers_of(blocks, field.MODULUS) == expected, kernel
"""
MODULO_P = "check(modulo_p, base_field)\n"
MODULO_R = "check(modulo_r, scalar_field)\n"


def test_inverses_of_two_fields_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    """Each is the first that its process compiles, and a third process uses both."""
    script = tmp_path / "inverses.py"
    for uses in (MODULO_P, MODULO_R, MODULO_P + MODULO_R, MODULO_R + MODULO_P):
        script.write_text(textwrap.dedent(INVERT) + "import sys\nexec(sys.argv[1])\n")
        subprocess.run(
            [sys.executable, str(script), uses],
            env={**os.environ, "ZKROUTE_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            timeout=300,
        )
