"""What can be said of one published batch by itself: its files, its entry, its proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from verifier.accept import Acceptance
from verifier.errors import VerificationError
from verifier.many import Claim, ManyVerificationError, verify_many
from zkroute.audit.findings import Fault, Finding, found, refused
from zkroute.audit.folder import FileProblemError, PublishedFolder
from zkroute.audit.terms import Terms
from zkroute.formats.chain import Entry
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

Content = TypeVar("Content")


@dataclass(frozen=True)
class Checked:
    """One entry of ``chain.json`` after its own checks."""

    position: int
    entry: Entry
    header: Header | None
    """None where it cannot be read."""
    findings: tuple[Finding, ...]

    @property
    def number(self) -> int:
        """The batch number: the header's, or what the entry says where there is none."""
        return self.header.batch if self.header else self.entry.batch


class _Batch:
    """Collects what is wrong with one entry."""

    def __init__(self, folder: PublishedFolder, chain: str, position: int, entry: Entry) -> None:
        self._folder = folder
        self._position = position
        self.entry = entry
        self.findings: list[Finding] = []
        self.header = self._read(folder.header, entry.header)
        if self.header:
            self._compare(chain, self.header)

    def claim(self, terms: Terms) -> Claim | None:
        """What the verifier is to decide; None where a file it needs cannot be read."""
        entry = self.entry
        key: VerifyingKey | None = self._read(self._folder.key, entry.key)
        snapshot = self._read(self._folder.snapshot, entry.snapshot)
        proof = self._read(self._folder.proof, entry.proof)
        self._read(self._folder.policy, entry.policy)
        if self.header is None or key is None or snapshot is None or proof is None:
            return None
        accept: Acceptance = terms.acceptance(self.header, snapshot)
        return Claim(key, self.header, proof, accept)

    def refuse(self, error: VerificationError) -> None:
        self.findings.append(refused(error, self._position, self.entry.batch))

    def checked(self) -> Checked:
        return Checked(self._position, self.entry, self.header, tuple(self.findings))

    def _read(self, reader: Callable[[bytes], Content], digest: bytes) -> Content | None:
        try:
            return reader(digest)
        except FileProblemError as problem:
            self._find(problem.fault, str(problem), problem.file)
            return None

    def _compare(self, chain: str, header: Header) -> None:
        """The entry says nothing that the header does not."""
        if header.chain != chain:
            what = f"chain.json is about chain {chain!r}, the header about {header.chain!r}"
            self._find(Fault.ENTRY_MISMATCH, what)
        if header.batch != self.entry.batch:
            what = f"listed as batch {self.entry.batch}, its header is of batch {header.batch}"
            self._find(Fault.ENTRY_MISMATCH, what)
        for name in ("key", "policy", "snapshot"):
            listed, stated = getattr(self.entry, name), getattr(header, name)
            if listed != stated:
                self._find(
                    Fault.ENTRY_MISMATCH,
                    f"listed with {name} {listed.hex()[:16]}, its header names {stated.hex()[:16]}",
                )

    def _find(self, fault: Fault, message: str, file: str | None = None) -> None:
        self.findings.append(found(fault, message, self._position, self.entry.batch, file))


def check_batches(
    published: PublishedFolder, chain: str, terms: Terms, entries: Sequence[tuple[int, Entry]]
) -> list[Checked]:
    """The entries, given with their positions, each with what is wrong with it by itself.

    One product of pairings for all of them if they are good.
    """
    batches = [_Batch(published, chain, position, entry) for position, entry in entries]
    claims = [(batch, claim) for batch in batches if (claim := batch.claim(terms)) is not None]
    try:
        verify_many([claim for _, claim in claims])
    except ManyVerificationError as error:
        for position, failure in error.failures.items():
            claims[position][0].refuse(failure)
    return [batch.checked() for batch in batches]
