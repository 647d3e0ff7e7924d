"""What the batches of a chain say together: order, gaps, forks, what was left out or put beside."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from verifier.accept import Acceptance, check_header
from verifier.errors import Code, VerificationError
from zkroute.audit.batches import Checked
from zkroute.audit.findings import Fault, Finding, found, refused
from zkroute.audit.folder import (
    FileProblemError,
    PublishedFolder,
    file_name,
    file_names,
)
from zkroute.audit.terms import Terms
from zkroute.errors import MismatchError
from zkroute.formats.chain import PublishedChain
from zkroute.protocol.header import NO_PARENT, Header
from zkroute.protocol.signatures import is_signed_by


class Links:
    """The entries of ``chain.json`` in their order, each checked against those before it."""

    def __init__(self, folder: PublishedFolder, batches: Sequence[Checked], terms: Terms) -> None:
        self._folder = folder
        self._terms = terms
        self._batches = batches
        self._numbers = sorted({batch.number for batch in batches})

    def findings(self) -> Iterator[Finding]:
        """Everything wrong with the order, by position."""
        digests: set[bytes] = set()
        numbers: dict[int, bool] = {}
        """Each number listed so far, and whether the router signed a header of it."""
        before: Checked | None = None
        for batch in self._batches:
            digest, number = batch.entry.header, batch.number
            due = before.number + 1 if before else 0
            if digest in digests:
                yield _at(batch, Fault.DUPLICATE, f"batch {number} is listed a second time")
            elif number in numbers:
                yield self._second(batch, numbers[number])
            elif number < due:
                yield _at(batch, Fault.REORDERED, f"listed after batch {due - 1}")
            else:
                if number > due:
                    yield self._jump(batch, due)
                else:
                    yield from self._link(batch, before)
                before = batch
            digests.add(digest)
            is_signed = _is_signed(batch.header, self._terms)
            numbers[number] = numbers.get(number, False) or is_signed

    def _second(self, batch: Checked, is_first_signed: bool) -> Finding:
        """Another header of a number listed before: the router's doing only if it signed both."""
        what = f"batch {batch.number} is listed with another header before"
        if is_first_signed and _is_signed(batch.header, self._terms):
            return _at(batch, Fault.FORK, f"the chain forks: {what}; the router signed both")
        return _at(batch, Fault.DUPLICATE, f"{what}; the router did not sign both")

    def _jump(self, batch: Checked, due: int) -> Finding:
        """Batches that should stand before this one are elsewhere, or nowhere."""
        number = batch.number
        elsewhere = bisect_left(self._numbers, number) - bisect_left(self._numbers, due)
        if elsewhere == number - due:
            return _at(batch, Fault.REORDERED, f"listed where batch {due} is due")
        missing = f"batch {due} is" if number == due + 1 else f"batches {due} to {number - 1} are"
        return _at(batch, Fault.GAP, f"{missing} missing before it")

    def _link(self, batch: Checked, before: Checked | None) -> Iterator[Finding]:
        header = batch.header
        if header is None:
            return
        parent = before.entry.header if before else NO_PARENT
        if header.previous != parent:
            what = f"its header follows {header.previous.hex()[:16]}, not the batch listed before"
            yield _at(batch, Fault.BROKEN_LINK, what)
        elif before and before.header:
            yield from self._takes_over(batch, header, before.header)

    def _takes_over(self, batch: Checked, header: Header, parent: Header) -> Iterator[Finding]:
        """Sequence numbers, work, held orders, time and snapshot are where the parent left them."""
        try:
            key = self._folder.key(header.key)
            snapshots = [self._folder.snapshot(each.snapshot) for each in (header, parent)]
            # what is accepted was asked before; here only the parent's hand-over is
            accept = Acceptance.of([], snapshots, [header.router], after=parent)
            check_header(key, header, accept)
        except (FileProblemError, MismatchError):
            return  # named where the batch itself was checked
        except VerificationError as error:
            if error.code is Code.STALE:
                yield _at(batch, Fault.BROKEN_LINK, str(error))
            elif error.code.value not in {each.code for each in batch.findings}:
                yield refused(error, batch.position, batch.number)


def unlisted(
    folder: PublishedFolder, published: PublishedChain, batches: Sequence[Checked], terms: Terms
) -> Iterator[Finding]:
    """Files that no entry names: a header signed by the router among them tells of a fork, or of
    a list that was cut. What was published since the list was read is named by it now."""
    names = list(folder.files())
    entries = [*published.batches, *folder.added_since(published)]
    listed = {name for entry in entries for name in file_names(entry)}
    known = {batch.entry.header: batch for batch in batches}
    signed = {batch.number for batch in batches if _is_signed(batch.header, terms)}
    numbers = {batch.number for batch in batches}
    for name in names:
        if name in listed:
            continue
        header = _signed_header(folder, name, terms)
        if header is None or header.chain != published.chain:
            yield found(Fault.FILE_EXTRA, f"{name} belongs to no listed batch", file=name)
        elif header.batch in signed:
            what = f"the chain forks: {name} is another batch {header.batch} that the router signed"
            yield found(Fault.FORK, what, batch=header.batch, file=name)
        elif header.batch in numbers:
            what = f"{name} is the batch {header.batch} that the router signed; another is listed"
            yield found(Fault.FILE_EXTRA, what, batch=header.batch, file=name)
        else:
            after = "follows a listed one" if header.previous in known else "is not listed"
            what = (
                f"chain.json was rolled back, or its last change interrupted: batch {header.batch} "
                f"in {name}, signed by the router, {after}"
            )
            yield found(Fault.ROLLED_BACK, what, batch=header.batch, file=name)


def forgotten(batches: Sequence[Checked], terms: Terms) -> Iterator[Finding]:
    """Headers that the auditor saw before and that are not there any more."""
    for digest in sorted(terms.heads - {batch.entry.header for batch in batches}):
        what = f"chain.json was rolled back: header {digest.hex()}, seen before, is not listed"
        yield found(Fault.ROLLED_BACK, what, file=file_name("headers", digest))


def _signed_header(folder: PublishedFolder, name: str, terms: Terms) -> Header | None:
    """The header in this file if a router that is accepted signed it."""
    kind, _, rest = name.partition("/")
    digits = rest.removesuffix(".json")
    try:
        header = folder.header(bytes.fromhex(digits)) if kind == "headers" else None
    except (FileProblemError, ValueError):
        return None
    if header is None or name != file_name("headers", header.digest):
        return None  # another spelling of a listed name accuses nobody
    return header if _is_signed(header, terms) else None


def _is_signed(header: Header | None, terms: Terms) -> bool:
    """Whether a router that is accepted signed the header. What is not signed accuses nobody."""
    if header is None or header.router not in terms.routers.at(header.batch):
        return False
    return is_signed_by(header.router, header.signature, header.signed_message)


def _at(batch: Checked, fault: Fault, message: str) -> Finding:
    return found(fault, message, batch.position, batch.entry.batch)
