"""What a new process compiles."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.support.shared import ROOT

REPORT = """
    from numba.core.event import Listener, register

    class Compilations(Listener):
        names = []
        def on_start(self, event):
            self.names.append(event.data["dispatcher"].__name__)
        def on_end(self, event):
            pass

    register("numba:compile", Compilations())
"""


def compiled_by(work: str, cache: Path) -> list[str]:
    """Names of the functions a new process compiles for this work."""
    script = textwrap.dedent(REPORT) + textwrap.dedent(work) + "print(*Compilations.names)"
    environment = {**os.environ, "ZKROUTE_CACHE_DIR": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    ran = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", script],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()
