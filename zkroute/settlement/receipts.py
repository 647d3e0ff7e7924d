"""A trader's check: what became of the order that a receipt was given for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.errors import UsageError
from zkroute.formats.evidence import Evidence, EvidenceKind
from zkroute.formats.inclusion import Opening, encode_opening
from zkroute.formats.intake import IntakeLeaves
from zkroute.formats.receipt import Receipt
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.evidence import (
    covers,
    differs,
    histories,
    is_passed_over,
    require_header,
    require_receipt,
    shown_order,
)
from zkroute.settlement.router_keys import RouterKeys


class Outcome(Enum):
    """What became of an order."""

    INCLUDED = "included"
    """The batch has it, as far as it was compared, under its number."""
    ALTERED = "altered"
    """The batch has something else under its number."""
    MISSING = "missing"
    """A batch should have it and does not, or nobody shows that it does."""
    PENDING = "pending"
    """Its number comes later, and there is time yet."""


@dataclass(frozen=True)
class Verdict:
    """The outcome, in words, with what shows it to others."""

    outcome: Outcome
    sentence: str
    evidence: Evidence | None = None
    """For an order altered or missing."""
    is_final: bool = True
    """False where the router can still answer, by an inclusion proof or a later batch, and where
    the order's record was not there to be compared."""


@dataclass(frozen=True)
class Published:
    """What a trader has of a batch; header and parent are public, the rest may be missing."""

    header: Header
    parent: Header | None = None
    intake: IntakeLeaves | None = None
    inclusion: Opening | None = None
    """From the router, for this trader."""


def sign_receipt(receipt: Receipt, router: Ed25519PrivateKey) -> Receipt:
    """The receipt under the router's signature."""
    signed = replace(receipt, router=router.public_key().public_bytes_raw())
    return replace(signed, signature=router.sign(signed.signed_message))


def check_receipt(
    receipt: Receipt,
    published: Published,
    key: VerifyingKey,
    routers: RouterKeys,
    record: bytes = b"",
) -> Verdict:
    """What became of the receipt's order, by what was published of a batch.

    ``record`` is the trader's copy of the order; with it the columns that the routing looked at
    are compared too. A batch after the one that has the number may hold the order still, with its
    content committed anew: an inclusion proof of that batch is checked like any other. Raises
    SettlementError where receipt, header, intake leaves or inclusion proof are not what they
    claim to be; UsageError where the batch comes after the one that has the number and no
    inclusion proof is given.

    Soundness: the caller has verified the batch's proof, by itself or through a node it trusts.
    """
    header = published.header
    chain = key.policy.chain
    require_receipt(receipt, chain, routers)
    require_header(header, chain, routers)
    if receipt.sequence < header.first_sequence:
        return _held_until(receipt, published, key, record)
    if not covers(header, receipt.sequence):
        return _not_reached(receipt, header)
    verdict = _by_log(receipt, published) or _by_inclusion(receipt, published, key, record)
    if verdict is None or verdict.outcome is Outcome.INCLUDED:
        verdict = _too_late(receipt, published, routers) or verdict
    return verdict or Verdict(
        Outcome.MISSING,
        f"batch {header.batch} has number {receipt.sequence}, but no proof was given that it "
        "is this order; ask the router for one",
        Evidence(EvidenceKind.NOT_SHOWN, (receipt,), (header,)),
        is_final=False,
    )


def _too_late(receipt: Receipt, published: Published, routers: RouterKeys) -> Verdict | None:
    """Missing, where the batch before should have had the order and did not."""
    header, parent = published.header, published.parent
    if parent is None or parent.digest != header.previous or not is_passed_over(receipt, parent):
        return None
    require_header(parent, header.chain, routers)
    return Verdict(
        Outcome.MISSING,
        f"batch {header.batch} has number {receipt.sequence}, too late: it was promised by "
        f"{receipt.include_by_ms} ms, and batch {parent.batch} of {parent.time_ms} ms ends before "
        "it",
        Evidence(EvidenceKind.PASSED_OVER, (receipt,), (parent,)),
    )


def _held_until(
    receipt: Receipt, published: Published, key: VerifyingKey, record: bytes
) -> Verdict:
    """Included or altered, in a batch after the one the order arrived in."""
    verdict = _by_inclusion(receipt, published, key, record)
    if verdict is None:
        raise UsageError(
            f"batch {published.header.batch} begins after number {receipt.sequence}: an earlier "
            "batch has it. If this one has it too, because it was held, give its inclusion proof"
        )
    return verdict


def contradiction(first: Receipt, second: Receipt) -> Evidence | None:
    """Evidence that two receipts cannot both be true; None if they can."""
    low, high = sorted((first, second), key=lambda each: each.sequence)
    same = low.sequence == high.sequence and (low.before, low.leaf) != (high.before, high.leaf)
    next_to = low.sequence + 1 == high.sequence and low.head != high.before
    if low.chain != high.chain or not (same or next_to):
        return None
    return Evidence(EvidenceKind.TWO_RECEIPTS, (low, high))


def _not_reached(receipt: Receipt, header: Header) -> Verdict:
    if is_passed_over(receipt, header):
        return Verdict(
            Outcome.MISSING,
            f"number {receipt.sequence} was promised by {receipt.include_by_ms} ms, and batch "
            f"{header.batch} of {header.time_ms} ms ends before it",
            Evidence(EvidenceKind.PASSED_OVER, (receipt,), (header,)),
        )
    return Verdict(
        Outcome.PENDING,
        f"batch {header.batch} ends before number {receipt.sequence}, which is promised by "
        f"{receipt.include_by_ms} ms",
        is_final=False,
    )


def _by_log(receipt: Receipt, published: Published) -> Verdict | None:
    """Altered, if the batch's intake log has another history than the receipt."""
    if published.intake is None:
        return None
    header, parent = published.header, published.parent
    before, leaf = histories(receipt, header, parent, published.intake)
    if (before, leaf) == (receipt.before, receipt.leaf):
        return None
    what = "another order" if leaf != receipt.leaf else "another history before this order"
    headers = (header,) if parent is None else (parent, header)
    return Verdict(
        Outcome.ALTERED,
        f"the intake log of batch {header.batch} has {what} under number {receipt.sequence}",
        Evidence(EvidenceKind.LOG_ALTERED, (receipt,), headers, published.intake),
    )


def _by_inclusion(
    receipt: Receipt, published: Published, key: VerifyingKey, record: bytes
) -> Verdict | None:
    """Included or altered, by the opened row."""
    if published.inclusion is None:
        return None
    header = published.header
    row = shown_order(receipt, header, key, published.inclusion)
    field = differs(row, receipt, key, record)
    if field:
        return Verdict(
            Outcome.ALTERED,
            f"batch {header.batch} has an order with another {field} under number "
            f"{receipt.sequence}",
            Evidence(
                EvidenceKind.ORDER_ALTERED,
                (receipt,),
                (header,),
                inclusion=encode_opening(published.inclusion, key),
                record=record if field != "digest" else b"",
            ),
        )
    if not record:
        return Verdict(
            Outcome.INCLUDED,
            f"batch {header.batch} has the order's digest under number {receipt.sequence}; whether "
            "it was routed by the order's own price, size and class is compared if the order is "
            "given",
            is_final=False,
        )
    return Verdict(
        Outcome.INCLUDED,
        f"batch {header.batch} has the order as promised, under number {receipt.sequence}",
    )
