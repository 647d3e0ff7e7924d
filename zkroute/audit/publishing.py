"""Appending a proven batch to a published chain: files by digest first, ``chain.json`` last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from verifier.accept import Acceptance, Position
from verifier.verify import verify
from zkroute.atomic import write_atomic
from zkroute.audit.findings import Fault, PublishingError
from zkroute.audit.folder import (
    CHAIN,
    LOCK,
    SUFFIXES,
    FileProblemError,
    PublishedFolder,
    file_name,
)
from zkroute.errors import MalformedError, MismatchError, UsageError
from zkroute.formats.chain import Entry, PublishedChain, encode_chain
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.lock import alone
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class ProvenBatch:
    """What is published of one batch."""

    header: Header
    proof: bytes
    key: VerifyingKey
    snapshot: Snapshot

    @property
    def entry(self) -> Entry:
        """Its line in ``chain.json``."""
        header = self.header
        return Entry(
            batch=header.batch,
            header=header.digest,
            proof=hashlib.sha256(self.proof).digest(),
            key=header.key,
            policy=header.policy,
            snapshot=header.snapshot,
        )


def publish(path: Path, batch: ProvenBatch) -> bool:
    """Whether the batch was appended to the chain in folder ``path``; False if it is there already.

    Afterwards ``chain.json`` lists it and every file it names is on disk; on any failure the list
    is what it was before. The batch is verified first, in its place. A batch that is there keeps
    the proof it was published with: one header, one proof.

    Raises PublishingError for a fork, a gap or an unknown parent, VerificationError for a batch
    that does not hold, UsageError where another process is publishing or the folder holds other
    things.

    Soundness: the publisher trusts its own key, router and snapshot; auditors name theirs.
    """
    path.mkdir(parents=True, exist_ok=True)
    with alone(path / LOCK, "publishing into this folder", LOCK_SECONDS):
        _require_own(path)
        folder = PublishedFolder(path)
        before = folder.chain() if (path / CHAIN).exists() else None
        if before and _is_listed(before, batch.header):
            return False
        parent = _parent(folder, before, batch.header)
        _verify(folder, parent, batch)
        for name, data in _files(batch).items():
            _write(path / name, data)
        entries = (*(before.batches if before else ()), batch.entry)
        published = PublishedChain(batch.header.chain, entries)
        write_atomic(path / CHAIN, encode_chain(published))
    return True


def _require_own(path: Path) -> None:
    """The folder is empty or a published one: what else is in it would be published too."""
    if (path / CHAIN).exists():
        return
    names = {each.name for each in path.iterdir() if not each.name.startswith(".")}
    other = names - SUFFIXES.keys()
    if other:
        raise UsageError(
            f"{path} holds {min(other)}, which is no part of a published chain; publish into a "
            "folder of its own"
        )


def _is_listed(published: PublishedChain, header: Header) -> bool:
    """Whether this header is in the chain. Raises PublishingError where another has its place."""
    if header.chain != published.chain:
        raise MismatchError(
            f"the folder publishes chain {published.chain!r}, the batch is of {header.chain!r}"
        )
    for entry in published.batches:
        if entry.header == header.digest:
            return True
        if entry.batch == header.batch:
            raise PublishingError(
                Fault.FORK,
                f"another batch {header.batch} is published: {entry.header.hex()}; publishing "
                "both would be evidence against the router",
            )
    return False


def _parent(
    folder: PublishedFolder, before: PublishedChain | None, header: Header
) -> Header | None:
    """The newest published header, which this one follows; None for the start of a chain."""
    if before is None:
        if header.batch:
            raise PublishingError(
                Fault.GAP, f"nothing is published yet: batch 0 is due, not batch {header.batch}"
            )
        return None
    newest = before.batches[-1]
    if header.batch != newest.batch + 1:
        raise PublishingError(
            Fault.GAP, f"batch {newest.batch + 1} is due, not batch {header.batch}"
        )
    if header.previous != newest.header:
        raise PublishingError(
            Fault.BROKEN_LINK,
            f"the batch follows {header.previous.hex()[:16]}, which is not the newest published "
            f"batch, {newest.header.hex()[:16]}",
        )
    try:
        return folder.header(newest.header)
    except FileProblemError as problem:
        raise MalformedError(f"{folder.path}: {problem}; mend the published folder first") from None


def _verify(folder: PublishedFolder, parent: Header | None, batch: ProvenBatch) -> None:
    """The batch holds, right after its parent."""
    snapshots = [batch.snapshot]
    if parent is not None:
        try:
            snapshots.append(folder.snapshot(parent.snapshot))
        except FileProblemError as problem:
            raise MalformedError(
                f"{folder.path}: {problem}; mend the published folder first"
            ) from None
    accept = Acceptance.of(
        [batch.key.digest],
        snapshots,
        [batch.header.router],
        after=parent or Position.START,
        development_srs=[batch.key.srs],
    )
    verify(batch.key, batch.header, batch.proof, accept)


def _files(batch: ProvenBatch) -> dict[str, bytes]:
    """Every file of the batch by its name; the header last, for it is what a fork shows by."""
    entry, key = batch.entry, batch.key
    return {
        file_name("keys", entry.key): encode_key(key),
        file_name("policies", entry.policy): key.policy_document,
        file_name("snapshots", entry.snapshot): batch.snapshot.canonical_bytes(),
        file_name("proofs", entry.proof): batch.proof,
        file_name("headers", entry.header): encode_header(batch.header),
    }


def _write(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_atomic(path, data)
