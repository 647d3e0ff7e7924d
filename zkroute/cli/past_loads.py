"""What each node's work was after past batches, from headers that show it or the router's files."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from zkroute.cli.artefacts import read_header
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MismatchError
from zkroute.formats.batch import read_batch
from zkroute.formats.documents import read_snapshot
from zkroute.model.snapshot import Snapshot, check_succession
from zkroute.protocol.header import Header


def past_loads(batches: Sequence[Path], snapshot: Snapshot) -> tuple[list[list[int]], bool]:
    """Per node of the snapshot its work after each batch, oldest first, and whether any is private.

    A node that came later has a shorter history. Loads that a header shows are taken from there,
    others from ``batch.private``. Raises MismatchError where the batches are not of one chain, or
    the snapshot does not follow theirs.
    """
    folders = [BatchFolder.of(path) for path in batches]
    headers = {folder.path: read_header(folder.header) for folder in folders}
    folders.sort(key=lambda folder: headers[folder.path].batch)
    for before, after in itertools.pairwise(folders):
        _check_chain(before, headers[before.path], after, headers[after.path])
    loads: list[list[int]] = [[] for _ in snapshot.nodes]
    from_private = False
    for folder in folders:
        header = headers[folder.path]
        earlier = read_snapshot(folder.snapshot)
        if header.snapshot != earlier.digest:
            raise MismatchError(f"{folder.header} was not routed by {folder.snapshot}")
        check_succession(earlier, snapshot)
        work: Sequence[int] = header.figures.loads
        if not work:
            from_private = True
            work = _private_work(folder, header)
        for slot in range(len(earlier.nodes)):
            loads[slot].append(work[slot])
    return loads, from_private


def _check_chain(before: BatchFolder, first: Header, after: BatchFolder, second: Header) -> None:
    if first.chain != second.chain:
        raise MismatchError(
            f"{before.path} is of chain {first.chain!r}, {after.path} of {second.chain!r}"
        )
    if first.batch == second.batch:
        raise MismatchError(f"{before.path} and {after.path} are both batch {first.batch}")


def _private_work(folder: BatchFolder, header: Header) -> Sequence[int]:
    private = read_batch(folder.private)
    if private.header_digest != header.digest:
        raise MismatchError(f"{folder.private} opens another header than {folder.header}")
    return private.after.work
