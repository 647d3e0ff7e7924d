"""Deriving the accepted keys again: that they are what policy, nodes and SRS give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from prover.keygen import derive_key
from zkroute.algebra.engine import engine
from zkroute.audit.findings import Fault, Finding, found
from zkroute.audit.folder import FileProblemError, PublishedFolder, file_name
from zkroute.audit.report import Report
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.srs import StructuredReferenceString


def with_keys_derived(
    report: Report, path: Path, srs_of: Callable[[VerifyingKey], StructuredReferenceString]
) -> Report:
    """The report with a finding for every accepted key that its own inputs do not give.

    ``path`` is the published folder. ``srs_of`` finds the reference string of a key, and raises
    where this machine has none.
    """
    return replace(report, findings=(*report.findings, *_underived(report, path, srs_of)))


def _underived(
    report: Report, path: Path, srs_of: Callable[[VerifyingKey], StructuredReferenceString]
) -> Iterator[Finding]:
    folder = PublishedFolder(path)
    listed = dict.fromkeys(batch.entry.key for batch in report.batches)
    for digest in listed:
        if digest not in report.terms.keys:
            continue
        try:
            key = folder.key(digest)
        except FileProblemError:
            continue  # named with every batch that needs it
        again = derive_key(key.policy, key.nodes, key.log_rows, srs_of(key), engine())
        if again.digest != digest:
            what = f"key {digest.hex()[:16]} is not what its policy, nodes and SRS give"
            yield found(Fault.KEY_NOT_DERIVED, what, file=file_name("keys", digest))
