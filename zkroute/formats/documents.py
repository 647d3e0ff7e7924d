"""Policies and node snapshots as files: TOML as people write it, canonical JSON as it is hashed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from zkroute.errors import MalformedError
from zkroute.formats.files import read_bytes
from zkroute.model.document import MAX_DOCUMENT_BYTES
from zkroute.model.policy import Policy, parse_policy, policy_from_canonical
from zkroute.model.snapshot import Snapshot, parse_snapshot, snapshot_from_canonical

Document = TypeVar("Document")


def read_policy(path: Path) -> Policy:
    """The policy in a .toml file, or in a .json file that holds exactly its canonical bytes.

    Raises MalformedError naming file, line and field; UsageError if it cannot be read.
    """
    return _read(path, parse_policy, policy_from_canonical)


def read_snapshot(path: Path) -> Snapshot:
    """The node snapshot in a .toml file, or in a .json file of exactly its canonical bytes.

    Raises MalformedError naming file, line and field; UsageError if it cannot be read.
    """
    return _read(path, parse_snapshot, snapshot_from_canonical)


def _read(
    path: Path,
    from_text: Callable[[str, str], Document],
    from_canonical: Callable[[bytes], Document],
) -> Document:
    data = read_bytes(path, MAX_DOCUMENT_BYTES)
    if path.suffix == ".json":
        try:
            return from_canonical(data)
        except MalformedError as error:
            raise MalformedError(f"{path}: {error}") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"{path}: not text in UTF-8") from None
    return from_text(text, str(path))
