"""The one decorator that compiles kernels, and the directory their machine code is kept in.

Kernels release the interpreter lock and are compiled at their first call, then kept on disk.
numba notices a changed source file but not a changed function called from another file, so the
directory's name is a digest of every source the machine code can depend on. Each kernel should
always be called with the same argument types (C-contiguous, writable arrays): a second set of
types is compiled a second time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import tempfile
import threading
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numba.extending
import numpy as np
from numba.core.caching import IndexDataCacheFile

from zkroute.paths import cache_directory

_KERNELS = Path(__file__).resolve().parent
_SHARED_PACKAGE = "portable"
_decorating = threading.Lock()


def jit(function: Callable[..., object]) -> Any:
    """The function, compiled without the interpreter lock and cached in our own directory.

    Division by zero and overflow follow numpy, and arrays are not bounds-checked: kernels
    validate nothing, their callers do. Safe to call from several threads at once.

    Raises TypeError for a function made inside another one, which has no name of its own: see
    ``jit_named``.
    """
    if "<locals>" in function.__qualname__:
        raise TypeError(f"{function.__qualname__}: name it with jit_named")
    directory = _kernel_directory(_package_of(function))
    with _decorating:
        # the cache binds to its directory when the function is decorated, so that the user's
        # own numba settings hold again as soon as we leave
        settings: Any = numba.config
        users_own = settings.CACHE_DIR
        settings.CACHE_DIR = str(directory or "")
        try:
            compiled = numba.njit(
                nogil=True, cache=directory is not None, error_model="numpy", boundscheck=False
            )(function)
        finally:
            settings.CACHE_DIR = users_own
        if directory is not None:
            _keep_apart(compiled)
    return compiled


def jit_named(name: str) -> Callable[[Callable[..., object]], Any]:
    """``jit`` for functions that are made inside another one: ``name`` says which of them it is.

    Machine code is linked by names. numba names a function by what it is called in the source, its
    types and a number that is another one in every process, so that code kept by two processes
    could call ``invert`` modulo p where it means ``invert`` modulo r.
    """

    def decorate(function: Callable[..., object]) -> Any:
        function.__name__ = function.__qualname__ = name
        return jit(function)

    return decorate


class _FilesByVariant:
    """numba's cache files of one function, safe for processes that compile at the same time.

    numba numbers the files of a function's variants (types of arguments) as it finds them. Two
    processes that both come with a new variant choose the same number, and the index of one may
    then lead to the code of the other. Here a file is named by its variant and says which one it
    is. What a closure holds is left out of a variant: it looks different to every process, and
    functions with different closures have different names (``jit_named``).
    """

    def __init__(self, directory: str, function: str, source_stamp: object) -> None:
        files: Any = IndexDataCacheFile
        self._files = files(directory, function, source_stamp)
        self._function = function

    def save(self, key: Any, code: object) -> None:
        """Keeps a variant's machine code."""
        variant = _variant(key)
        index = self._files._load_index()
        name = self._name(variant)
        if index.get(variant) != name:
            index[variant] = name
            self._files._save_index(index)
        self._files._save_data(name, (variant, code))

    def load(self, key: Any) -> object:
        """The machine code of exactly this variant, or None."""
        variant = _variant(key)
        found = self._files.load(variant)
        if found is None or found[0] != variant:
            return None
        return found[1]

    def flush(self) -> None:
        """Forgets all variants."""
        self._files.flush()

    def _name(self, variant: object) -> str:
        return f"{self._function}.{hashlib.sha256(repr(variant).encode()).hexdigest()[:16]}.nbc"


def _variant(key: Any) -> object:
    """Types, processor and bytecode out of what numba looks machine code up by."""
    types, processor, (bytecode, _closure) = key
    return types, processor, bytecode


def _keep_apart(compiled: Any) -> None:
    """Lets a kernel keep its variants in ``_FilesByVariant``."""
    kept = compiled._cache
    kept._cache_file = _FilesByVariant(
        kept._cache_path, kept._impl.filename_base, kept._impl.locator.get_source_stamp()
    )


def intrinsic(function: Callable[..., object]) -> Any:
    """numba's decorator of functions that return (signature, code generator).

    Kernels call the result without its first argument, which no type checker can know.
    """
    return numba.extending.intrinsic(function)


def _package_of(function: Callable[..., object]) -> str:
    """Name of the kernel package a function is defined in, the shared one for outsiders."""
    parts = function.__module__.split(".")
    return parts[2] if parts[:2] == ["zkroute", "kernels"] and len(parts) > 3 else _SHARED_PACKAGE


@cache
def _kernel_directory(package: str) -> Path | None:
    """A writable directory for one package's machine code, or None, with a warning."""
    directory = cache_directory() / "kernels" / _digest(package)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(directory)
        tempfile.TemporaryFile(dir=directory).close()
        # directories that nobody uses any more are known by this time
        os.utime(directory)
    except OSError as error:
        warnings.warn(
            f"cannot use {directory} ({error.strerror}): kernels are compiled anew in every "
            "process; set ZKROUTE_CACHE_DIR to a directory of your own",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return directory


def _require_private(directory: Path) -> None:
    """Raises PermissionError if others may write here: numba runs what it finds in its cache."""
    if os.name == "posix":
        found = directory.stat()
        if found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise PermissionError(errno.EPERM, "others may write to it")


def _digest(package: str) -> str:
    """Digest of all sources a package's kernels are made of, the compilers and the processor.

    A package may build on itself, on the shared package and on the modules beside this one.
    """
    folders = {_KERNELS / _SHARED_PACKAGE, _KERNELS / package}
    sources = [*_KERNELS.glob("*.py"), *(path for each in folders for path in each.rglob("*.py"))]
    digest = hashlib.sha256()
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_KERNELS).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    for version in (
        platform.python_version(),
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        llvmlite.binding.get_host_cpu_name(),
        llvmlite.binding.get_host_cpu_features().flatten(),
    ):
        digest.update(f"{version}\n".encode())
    return digest.hexdigest()
