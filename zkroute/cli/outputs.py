"""Files that a user names for an answer: what somebody may still need is never overwritten.

A file that is there already stays, unless it holds the very bytes that would be written, or is an
earlier answer of the same kind where the command says that such may be replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.errors import UsageError
from zkroute.model.json_text import load_json

Recogniser = Callable[[bytes], bool]
"""Whether a file's bytes are an earlier answer that may be replaced."""


def nothing(_data: bytes) -> bool:
    """Nothing may be replaced."""
    return False


def document_of(kind: str) -> Recogniser:
    """Recognises JSON documents whose ``format`` is this one."""

    def is_one(data: bytes) -> bool:
        try:
            document = load_json(data.decode("utf-8"))
        except ValueError:
            return False
        return isinstance(document, dict) and document.get("format") == kind

    return is_one


def require_free(path: Path, replaces: Recogniser = nothing) -> None:
    """Returns if an answer may be written to ``path``. Raises UsageError if not.

    To be called before long work, and before anything is logged or handed out.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file to write")
    if path.exists() and not replaces(path.read_bytes()):
        raise UsageError(f"{path} is there already and is not replaced; choose another name")


def write_output(
    path: Path, data: bytes, replaces: Recogniser = nothing, *, private: bool = False
) -> None:
    """Afterwards ``path`` holds ``data``, as by ``write_atomic``.

    Raises UsageError where something else is there that may not be replaced.
    """
    require_free(path, lambda old: old == data or replaces(old))
    write_atomic(path, data, private=private)
