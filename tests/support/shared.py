"""Where the optional shared data lies (real trades, powers of tau, vectors), or a skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_path(*parts: str) -> Path:
    """Path of a shared data file; skips the calling test, saying so, where it is absent."""
    base = Path(os.environ.get("ZKROUTE_SHARED", ROOT.parent / "shared"))
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared data {'/'.join(parts)} is not beside this checkout")
    return path
