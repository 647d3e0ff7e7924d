"""What a piece of evidence shows, checked from its own bytes and the router's known keys alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np

from zkroute.errors import MalformedError
from zkroute.formats.evidence import Evidence, EvidenceKind
from zkroute.formats.inclusion import ORDERS, Opening, decode_opening
from zkroute.formats.intake import IntakeLeaves
from zkroute.formats.receipt import Receipt
from zkroute.protocol.header import Header
from zkroute.protocol.intake import head_after, start_head
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.signatures import is_signed_by
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.openings import check_openings
from zkroute.settlement.records import order_of_record
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.slices import content_columns, digest_bytes, integers


def check_evidence(
    evidence: Evidence, chain: str, routers: RouterKeys, key: VerifyingKey | None = None
) -> str:
    """A sentence saying what the evidence shows against the holder of ``routers``.

    ``key`` is the verifying key of the batch, needed where an inclusion proof is part of it.
    Raises SettlementError if it does not show what it says it does.
    """
    for receipt in evidence.receipts:
        require_receipt(receipt, chain, routers)
    for header in evidence.headers:
        require_header(header, chain, routers)
    sentence = _CHECKS[evidence.kind](evidence, key)
    return sentence + _by_several_keys(evidence, routers)


def _by_several_keys(evidence: Evidence, routers: RouterKeys) -> str:
    """Which keys signed, where it was not one: each of them alone can make its part up.

    Raises SettlementError for keys of different routers.
    """
    signers = sorted(
        {receipt.router for receipt in evidence.receipts}
        | {header.router for header in evidence.headers}
    )
    if len(signers) < 2:
        return ""
    if len({routers.holders.get(signer, signer) for signer in signers}) > 1:
        _refuse("its parts are signed by different routers")
    names = " and ".join(signer.hex()[:16] for signer in signers)
    return f"; its parts are signed by different keys of the router, {names}, after a handover"


def require_receipt(receipt: Receipt, chain: str, routers: RouterKeys) -> None:
    """The router signed this receipt for this chain. Raises SettlementError."""
    if receipt.chain != chain:
        raise SettlementError(
            Reason.RECEIPT_INVALID, f"the receipt is of chain {receipt.chain!r}, not {chain!r}"
        )
    if receipt.router not in routers.terms or not is_signed_by(
        receipt.router, receipt.signature, receipt.signed_message
    ):
        raise SettlementError(
            Reason.RECEIPT_INVALID, "the receipt is not signed by a router key you accept"
        )


def require_header(header: Header, chain: str, routers: RouterKeys) -> None:
    """The router signed this header for this chain. Raises SettlementError."""
    if header.chain != chain:
        _refuse(f"the header of batch {header.batch} is of chain {header.chain!r}, not {chain!r}")
    if header.router not in routers.at(header.batch) or not is_signed_by(
        header.router, header.signature, header.signed_message
    ):
        _refuse(f"the header of batch {header.batch} is not signed by a router key you accept")


def covers(header: Header, sequence: int) -> bool:
    """Whether the batch's new orders include this number."""
    return header.first_sequence <= sequence < header.first_sequence + header.order_count


def histories(
    receipt: Receipt, header: Header, parent: Header | None, intake: IntakeLeaves
) -> tuple[bytes, bytes]:
    """The log's head before the receipt's number, and the leaf there, as the batch has them.

    Raises SettlementError(INTAKE_MISMATCH) where the leaves are not those the header stands for.
    """
    first, count = header.first_sequence, header.order_count
    if (intake.first_sequence, len(intake.leaves)) != (first, count):
        _mismatch("they are not of this batch's sequence numbers")
    if (parent is None) != (header.batch == 0):
        _mismatch("the batch before it is needed")
    if parent is not None and parent.digest != header.previous:
        _mismatch("the batch before it is another one")
    before = parent.intake if parent is not None else start_head(header.chain)
    position = receipt.sequence - first
    there = head_after(before, intake.leaves[:position])
    if head_after(there, intake.leaves[position:]) != header.intake:
        _mismatch("they do not lead from its parent's log to its own")
    return there, intake.leaves[position]


def shown_order(
    receipt: Receipt, header: Header, key: VerifyingKey, opening: Opening
) -> dict[str, int]:
    """The row that a valid inclusion proof shows under the receipt's number.

    Raises SettlementError(INCLUSION_INVALID).
    """
    check_openings(key, header, [opening])
    if opening.table != ORDERS or opening.columns[:2] != ("sequence", "digest"):
        raise SettlementError(
            Reason.INCLUSION_INVALID, "the proof does not show numbers and digests of orders"
        )
    for position in range(len(opening.rows)):
        row = dict(opening.row(position))
        if row["sequence"] == receipt.sequence and row["digest"]:
            return row
    raise SettlementError(
        Reason.INCLUSION_INVALID, f"the proof does not show sequence number {receipt.sequence}"
    )


def differs(row: dict[str, int], receipt: Receipt, key: VerifyingKey, record: bytes) -> str:
    """The first field in which the committed row is not the receipt's order; empty if none.

    Without the order's record the digest alone is compared, which binds the whole document but
    not the columns that the routing looked at.
    """
    if row["digest"] != int.from_bytes(receipt.digest, "big"):
        return "digest"
    if not record:
        return ""
    sequence = np.array([receipt.sequence], dtype=np.uint64)
    columns = content_columns(key.circuit, order_of_record(record, key.policy), sequence)
    if digest_bytes(columns[1])[0] != receipt.digest:
        raise MalformedError("the order record is not the one that the receipt was given for")
    for name, limbs in zip(key.circuit.content_names, columns, strict=True):
        if name not in row:
            # whoever opens a row chooses the columns: what is not shown is not as promised
            raise MalformedError(f"the opening does not show the order's {name}; ask for all of it")
        if row[name] != integers(limbs)[0]:
            return name
    return ""


def _two_receipts(evidence: Evidence, _: VerifyingKey | None) -> str:
    _require_parts(evidence, receipts=2)
    first, second = sorted(evidence.receipts, key=lambda each: each.sequence)
    if first.sequence == second.sequence:
        if (first.before, first.leaf) == (second.before, second.leaf):
            _refuse("both receipts tell the same history")
        return (
            f"the router signed two histories of sequence number {first.sequence}: order "
            f"{first.digest.hex()[:16]} and order {second.digest.hex()[:16]}"
        )
    if first.sequence + 1 != second.sequence or first.head == second.before:
        _refuse("both receipts can stand in one log")
    return (
        f"the router signed that the log after number {first.sequence} was "
        f"{first.head.hex()[:16]}, and that it was {second.before.hex()[:16]}"
    )


def _fork(evidence: Evidence, _: VerifyingKey | None) -> str:
    _require_parts(evidence, headers=2)
    first, second = evidence.headers
    same_place = first.batch == second.batch or first.previous == second.previous
    if first.digest == second.digest or not same_place:
        _refuse("both headers can stand in one chain")
    return (
        f"the router signed two batches for one place in chain {first.chain!r}: "
        f"{first.digest.hex()[:16]} and {second.digest.hex()[:16]}"
    )


def _passed_over(evidence: Evidence, _: VerifyingKey | None) -> str:
    _require_parts(evidence, receipts=1, headers=1)
    (receipt,), (header,) = evidence.receipts, evidence.headers
    if not is_passed_over(receipt, header):
        _refuse("the batch is not late, or has the number")
    return (
        f"the router promised number {receipt.sequence} in every batch from "
        f"{receipt.include_by_ms} ms on; batch {header.batch} of {header.time_ms} ms ends at "
        f"{header.first_sequence + header.order_count - 1}"
    )


def is_passed_over(receipt: Receipt, header: Header) -> bool:
    """Whether the batch should have the receipt's number behind it or in it, and has not."""
    end = header.first_sequence + header.order_count
    return header.time_ms >= receipt.include_by_ms and receipt.sequence >= end


def _log_altered(evidence: Evidence, _: VerifyingKey | None) -> str:
    if evidence.intake is None or not 1 <= len(evidence.headers) <= 2:
        _refuse("parts of it are missing")
    _require_parts(evidence, receipts=1, headers=len(evidence.headers))
    (receipt,), header = evidence.receipts, evidence.headers[-1]
    if not covers(header, receipt.sequence):
        _refuse("the batch does not have the receipt's number")
    parent = evidence.headers[0] if len(evidence.headers) > 1 else None
    before, leaf = histories(receipt, header, parent, evidence.intake)
    if (before, leaf) == (receipt.before, receipt.leaf):
        _refuse("batch and receipt tell the same history")
    what = "another order" if leaf != receipt.leaf else "another history before"
    return f"batch {header.batch} logs {what} under number {receipt.sequence} than the receipt"


def _order_altered(evidence: Evidence, key: VerifyingKey | None) -> str:
    _require_parts(evidence, receipts=1, headers=1)
    (receipt,), (header,) = evidence.receipts, evidence.headers
    if key is None:
        _refuse("the batch's verifying key is needed to check it")
    try:
        opening = decode_opening(evidence.inclusion, key, "inclusion proof")
        row = shown_order(receipt, header, key, opening)
        field = differs(row, receipt, key, evidence.record)
    except MalformedError as error:
        _refuse(str(error))
    if not field:
        _refuse("the batch has the order as the receipt says")
    return (
        f"batch {header.batch} commits under number {receipt.sequence} to an order with another "
        f"{field} than the receipt's"
    )


def _not_shown(evidence: Evidence, _: VerifyingKey | None) -> str:
    _require_parts(evidence, receipts=1, headers=1)
    (receipt,), (header,) = evidence.receipts, evidence.headers
    if not covers(header, receipt.sequence):
        _refuse("the batch does not have the receipt's number")
    return (
        f"the router owes, if it gave none since, a proof that batch {header.batch} has order "
        f"{receipt.digest.hex()[:16]} under number {receipt.sequence}"
    )


def _require_parts(evidence: Evidence, receipts: int = 0, headers: int = 0) -> None:
    if (len(evidence.receipts), len(evidence.headers)) != (receipts, headers):
        _refuse("parts of it are missing")


def _refuse(why: str) -> NoReturn:
    raise SettlementError(Reason.EVIDENCE_INVALID, f"this shows nothing: {why}")


def _mismatch(why: str) -> NoReturn:
    raise SettlementError(
        Reason.INTAKE_MISMATCH, f"the published intake leaves are not the batch's: {why}"
    )


_CHECKS: dict[EvidenceKind, Callable[[Evidence, VerifyingKey | None], str]] = {
    EvidenceKind.TWO_RECEIPTS: _two_receipts,
    EvidenceKind.FORK: _fork,
    EvidenceKind.PASSED_OVER: _passed_over,
    EvidenceKind.LOG_ALTERED: _log_altered,
    EvidenceKind.ORDER_ALTERED: _order_altered,
    EvidenceKind.NOT_SHOWN: _not_shown,
}
