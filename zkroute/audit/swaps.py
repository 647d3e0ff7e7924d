"""Proofs that do not hold where they are listed, but would for another batch."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.errors import Code, VerificationError
from verifier.verify import verify
from zkroute.audit.batches import Checked
from zkroute.audit.folder import FileProblemError, PublishedFolder
from zkroute.audit.terms import Terms
from zkroute.protocol.header import Header

TRIED = 8
"""Beyond so many bad proofs the pairs to try take too long, and swapping explains little."""


def swapped_proofs(
    folder: PublishedFolder, batches: Sequence[Checked], terms: Terms
) -> dict[int, int]:
    """Position of each entry whose proof is another batch's, with that batch's number."""
    bad = [
        batch
        for batch in batches
        if batch.header and Code.OPENING_INVALID.value in {each.code for each in batch.findings}
    ]
    if len(bad) > TRIED:
        return {}
    swapped: dict[int, int] = {}
    for batch in bad:
        # a copied proof may belong to a batch that holds
        same = [each for each in batches if each.entry.proof == batch.entry.proof]
        for other in (*same, *bad):
            if other is not batch and other.header and _holds(folder, other.header, batch, terms):
                swapped[batch.position] = other.number
                break
    return swapped


def _holds(folder: PublishedFolder, header: Header, lender: Checked, terms: Terms) -> bool:
    """Whether the proof listed with ``lender`` holds for this header."""
    try:
        key, snapshot = folder.key(header.key), folder.snapshot(header.snapshot)
        proof = folder.proof(lender.entry.proof)
        verify(key, header, proof, terms.acceptance(header, snapshot))
    except (FileProblemError, VerificationError):
        return False
    return True
