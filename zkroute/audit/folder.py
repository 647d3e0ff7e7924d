"""A published folder: where its files are, and the one reader that holds each against its name."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from zkroute.audit.findings import Fault
from zkroute.errors import MalformedError, UsageError, ZkrouteError
from zkroute.formats.chain import MAX_CHAIN_BYTES, Entry, PublishedChain, decode_chain
from zkroute.formats.files import read_bytes
from zkroute.formats.header import MAX_HEADER_BYTES, decode_header
from zkroute.formats.key import MAX_KEY_BYTES, decode_key
from zkroute.formats.proof import MAX_PROOF_BYTES
from zkroute.model.document import MAX_DOCUMENT_BYTES
from zkroute.model.policy import Policy, policy_from_canonical
from zkroute.model.snapshot import Snapshot, snapshot_from_canonical
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

CHAIN = "chain.json"
LOCK = ".publishing"
"""There while somebody appends to the folder."""
PUBLISHING_SECONDS = 10.0
SUFFIXES = {
    "headers": ".json",
    "proofs": ".bin",
    "keys": ".json",
    "policies": ".json",
    "snapshots": ".json",
}
"""Folder to the ending of its files, whose names are digests."""

Content = TypeVar("Content")


class FileProblemError(Exception):
    """A published file is not there, or is not what its name says."""

    def __init__(self, fault: Fault, message: str, file: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.file = file


def file_name(folder: str, digest: bytes) -> str:
    """The name of a file relative to the published folder."""
    return f"{folder}/{digest.hex()}{SUFFIXES[folder]}"


def file_names(entry: Entry) -> Iterator[str]:
    """The names of all files of an entry."""
    yield file_name("headers", entry.header)
    yield file_name("proofs", entry.proof)
    yield file_name("keys", entry.key)
    yield file_name("policies", entry.policy)
    yield file_name("snapshots", entry.snapshot)


@dataclass(frozen=True)
class PublishedFolder:
    """Files by digest under one folder. Keys, policies and snapshots are read once and kept."""

    path: Path
    _kept: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def chain(self) -> PublishedChain:
        """The list of batches. Raises UsageError where there is none, MalformedError."""
        path = self.path / CHAIN
        if not path.is_file() or not self._is_inside(path):
            raise UsageError(f"{path} is not there; 'zkroute publish' makes a published folder")
        return decode_chain(read_bytes(path, MAX_CHAIN_BYTES), str(path))

    def added_since(self, published: PublishedChain) -> tuple[Entry, ...]:
        """The entries appended to the list since it was read, once nobody is publishing.

        Empty too where it was not only appended to, or cannot be read any more.
        """
        deadline = time.monotonic() + PUBLISHING_SECONDS
        while (self.path / LOCK).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            now = self.chain()
        except ZkrouteError:
            return ()
        count = len(published.batches)
        is_longer = (now.chain, now.batches[:count]) == (published.chain, published.batches)
        return now.batches[count:] if is_longer else ()

    def header(self, digest: bytes) -> Header:
        """The header of this digest. Raises FileProblemError."""
        name = file_name("headers", digest)
        header = self._decoded(name, MAX_HEADER_BYTES, decode_header)
        self._require(header.digest, digest, name)
        return header

    def proof(self, digest: bytes) -> bytes:
        """The proof's bytes. Raises FileProblemError."""
        name = file_name("proofs", digest)
        data = self._bytes(name, MAX_PROOF_BYTES)
        self._require(hashlib.sha256(data).digest(), digest, name)
        return data

    def key(self, digest: bytes) -> VerifyingKey:
        """The verifying key of this digest. Raises FileProblemError."""

        def read(name: str) -> VerifyingKey:
            key = self._decoded(name, MAX_KEY_BYTES, decode_key)
            self._require(key.digest, digest, name)
            return key

        return self._once(file_name("keys", digest), read)

    def policy(self, digest: bytes) -> Policy:
        """The policy of this digest. Raises FileProblemError."""

        def read(name: str) -> Policy:
            policy = self._decoded(
                name, MAX_DOCUMENT_BYTES, lambda data, _source: policy_from_canonical(data)
            )
            self._require(policy.digest, digest, name)
            return policy

        return self._once(file_name("policies", digest), read)

    def snapshot(self, digest: bytes) -> Snapshot:
        """The node snapshot of this digest. Raises FileProblemError."""

        def read(name: str) -> Snapshot:
            snapshot = self._decoded(
                name, MAX_DOCUMENT_BYTES, lambda data, _source: snapshot_from_canonical(data)
            )
            self._require(snapshot.digest, digest, name)
            return snapshot

        return self._once(file_name("snapshots", digest), read)

    def files(self) -> Iterator[str]:
        """Names of whatever is in the folders of files by digest, but for half-written ones.

        What cannot be printed in a name is escaped: it ends up in reports.
        """
        for folder in SUFFIXES:
            path = self.path / folder
            if path.is_dir() and self._is_inside(path):
                for each in sorted(path.iterdir()):
                    if not (each.name.startswith(".") and each.name.endswith(".part")):
                        yield f"{folder}/{_printable(each.name)}"

    def _is_inside(self, path: Path) -> bool:
        """Whether links, if there are any, end in this folder: another's stay unread."""
        return path.resolve().is_relative_to(self.path.resolve())

    def _once(self, name: str, read: Callable[[str], Content]) -> Content:
        """The content, or the problem met the first time."""
        if name not in self._kept:
            try:
                self._kept[name] = read(name)
            except FileProblemError as problem:
                self._kept[name] = problem
        kept = self._kept[name]
        if isinstance(kept, FileProblemError):
            raise kept
        return kept  # type: ignore[return-value]  # what ``read`` of this name returned

    def _decoded(self, name: str, limit: int, decode: Callable[[bytes, str], Content]) -> Content:
        data = self._bytes(name, limit)
        try:
            return decode(data, name)
        except MalformedError as error:
            raise FileProblemError(Fault.FILE_ALTERED, _naming(name, str(error)), name) from None

    def _bytes(self, name: str, limit: int) -> bytes:
        path = self.path / name
        if not path.is_file():  # nor a pipe that somebody left there, which would block
            raise FileProblemError(Fault.FILE_MISSING, f"{name} is not there", name)
        if not self._is_inside(path):
            message = f"{name} is a link that leads out of the folder"
            raise FileProblemError(Fault.FILE_MISSING, message, name)
        try:
            return read_bytes(path, limit)
        except MalformedError:
            message = f"{name}: longer than {limit} bytes, the most such a file can have"
            raise FileProblemError(Fault.FILE_ALTERED, message, name) from None
        except UsageError as error:
            raise FileProblemError(Fault.FILE_MISSING, str(error), name) from None

    def _require(self, digest: bytes, named: bytes, name: str) -> None:
        if digest == named:
            return
        other = file_name(name.split("/", maxsplit=1)[0], digest)
        if (self.path / other).exists():
            message = f"{name} holds what belongs into {other}"
            raise FileProblemError(Fault.FILE_SWAPPED, message, name)
        message = f"{name}: its content has the digest {digest.hex()}, not the one of its name"
        raise FileProblemError(Fault.FILE_ALTERED, message, name)


def _naming(name: str, message: str) -> str:
    return message if message.startswith(name) else f"{name}: {message}"


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)
