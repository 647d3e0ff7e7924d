"""An honestly published chain of three batches, and the hands of somebody who tampers with it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prover.prove import prove
from prover.state import CommittedBatch
from tests.support.world import World
from zkroute.audit.folder import CHAIN, PublishedFolder, file_name
from zkroute.audit.publishing import ProvenBatch, publish
from zkroute.audit.report import Report
from zkroute.audit.run import audit
from zkroute.audit.terms import Terms
from zkroute.formats.chain import Entry, PublishedChain, encode_chain
from zkroute.formats.header import encode_header
from zkroute.model.examples import EXAMPLE_POLICY
from zkroute.protocol.header import Header
from zkroute.settlement.router_keys import RouterKeys

START_MS = 1_700_000_000_000
COUNTS = (40, 24, 9)
PUBLISHING_POLICY = EXAMPLE_POLICY + "\n[publish]\ncounts = true\nloads = true\n"


def proven(world: World, count: int, parent: CommittedBatch | None) -> tuple[CommittedBatch, bytes]:
    time_ms = parent.header.time_ms + 1_000 if parent else START_MS
    batch = world.commit(world.orders(count), parent, time_ms)
    return batch, prove(world.proving_key, world.snapshot, batch)


def proven_chain(world: World, counts: Sequence[int]) -> list[tuple[CommittedBatch, bytes]]:
    made: list[tuple[CommittedBatch, bytes]] = []
    for count in counts:
        made.append(proven(world, count, made[-1][0] if made else None))
    return made


def publishable(world: World, made: tuple[CommittedBatch, bytes]) -> ProvenBatch:
    return ProvenBatch(made[0].header, made[1], world.proving_key.key, world.snapshot)


def terms_of(world: World, **changes: Any) -> Terms:
    key = world.proving_key.key
    terms = Terms(
        keys=frozenset([key.digest]),
        routers=RouterKeys.of([world.router_key]),
        snapshots={world.snapshot.digest: world.snapshot},
        development_srs=frozenset([key.srs]),
    )
    return replace(terms, **changes)


@dataclass
class Site:
    """A published folder that a test may change as it likes."""

    world: World
    path: Path

    @property
    def folder(self) -> PublishedFolder:
        return PublishedFolder(self.path)

    @property
    def entries(self) -> list[Entry]:
        return list(self.folder.chain().batches)

    def audit(self, **changes: Any) -> Report:
        return audit(self.path, terms_of(self.world, **changes))

    def codes(self, **changes: Any) -> set[tuple[int | None, str]]:
        return {(each.batch, each.code) for each in self.audit(**changes).findings}

    def rewrite(self, entries: Sequence[Entry]) -> None:
        chain = PublishedChain(self.world.policy.chain, tuple(entries))
        (self.path / CHAIN).write_bytes(encode_chain(chain))

    def change(self, position: int, **changes: Any) -> None:
        entries = self.entries
        entries[position] = replace(entries[position], **changes)
        self.rewrite(entries)

    def file(self, position: int, folder: str, digest: str) -> Path:
        return self.path / file_name(folder, getattr(self.entries[position], digest))

    def header(self, position: int) -> Header:
        return self.folder.header(self.entries[position].header)

    def replace_header(self, position: int, header: Header, sign: bool = True) -> None:
        """Another header in an entry's place, its file and the list adapted, by default signed."""
        if sign:
            header = header.signed(self.world.router.sign(header.signed_message))
        self.file(position, "headers", "header").unlink()
        self.put_header(header)
        self.change(position, header=header.digest)

    def put_header(self, header: Header) -> None:
        (self.path / file_name("headers", header.digest)).write_bytes(encode_header(header))

    def replace_proof(self, position: int, proof: bytes) -> None:
        old = self.entries[position].proof
        digest = hashlib.sha256(proof).digest()
        (self.path / file_name("proofs", digest)).write_bytes(proof)
        self.change(position, proof=digest)
        if all(entry.proof != old for entry in self.entries):
            (self.path / file_name("proofs", old)).unlink()

    def copy(self, path: Path) -> Site:
        return Site(self.world, Path(shutil.copytree(self.path, path)))


def make_site(world: World, made: list[tuple[CommittedBatch, bytes]], path: Path) -> Site:
    for each in made:
        assert publish(path, publishable(world, each))
    return Site(world, path)
