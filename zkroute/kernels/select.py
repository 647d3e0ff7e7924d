"""The choice of kernels: by name, or the fastest this processor runs."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

import llvmlite.binding

from zkroute.errors import UsageError

if TYPE_CHECKING:
    from zkroute.algebra.engine import Engine

_ENGINES = {
    "portable": ("zkroute.kernels.portable.engine", "PortableEngine"),
    "ifma": ("zkroute.kernels.ifma.engine", "IfmaEngine"),
}


def make_engine(name: str) -> Engine:
    """A new engine of compiled kernels: ``portable``, ``ifma``, or ``auto`` for the faster one.

    Raises UsageError for ``ifma`` on a processor without AVX-512 IFMA and for unknown names.
    """
    if name == "auto":
        name = "ifma" if runs_ifma() else "portable"
    if name not in _ENGINES:
        raise UsageError(f"kernel {name!r} is unknown; choose auto, {' or '.join(_ENGINES)}")
    if name == "ifma" and not runs_ifma():
        raise UsageError(
            "this processor has no AVX-512 IFMA instructions; choose the portable kernels"
        )
    module, engine = _ENGINES[name]
    made: Engine = getattr(importlib.import_module(module), engine)()
    return made


def runs_ifma() -> bool:
    """Whether this processor has the instructions and this installation the kernels."""
    features = llvmlite.binding.get_host_cpu_features()
    if not features.get("avx512ifma", False):
        return False
    try:
        return importlib.util.find_spec(_ENGINES["ifma"][0]) is not None
    except ModuleNotFoundError:
        return False
