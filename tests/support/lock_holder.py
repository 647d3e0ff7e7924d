"""A process that holds a lock file until it is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.shared import ROOT

_HOLDER = """
import sys, time
from pathlib import Path
from zkroute.lock import alone
with alone(Path(sys.argv[1]), "testing", 60.0):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Inside the block another process holds ``lock``; at its end that process is killed."""
    command = [sys.executable, "-c", _HOLDER, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.kill()
