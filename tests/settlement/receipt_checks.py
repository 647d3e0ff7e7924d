"""What the tests of receipts ask: a verdict whose evidence, if any, convinces strangers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.settlement.days import Day
from zkroute.formats.evidence import Evidence, decode_evidence, encode_evidence
from zkroute.formats.inclusion import Opening
from zkroute.formats.receipt import Receipt
from zkroute.settlement.errors import SettlementError
from zkroute.settlement.evidence import check_evidence
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.receipts import Outcome, Published, Verdict, check_receipt, sign_receipt


def opening(day: Day, sequence: int) -> Opening:
    batch = next(b for b in day.batches if sequence in b.routed.sequence)
    return open_orders(day.world.proving_key, batch, [sequence])


def published(day: Day, number: int, sequence: int | None = None) -> Published:
    return Published(
        day.batches[number].header,
        day.batches[number - 1].header if number else None,
        day.leaves[number],
        None if sequence is None else opening(day, sequence),
    )


def check(day: Day, receipt: Receipt, what: Published, record: bytes = b"") -> Verdict:
    verdict = check_receipt(receipt, what, day.world.proving_key.key, day.routers, record)
    if verdict.evidence is not None:
        seen_by_anyone(day, verdict.evidence)
    assert (verdict.evidence is None) == (verdict.outcome in (Outcome.INCLUDED, Outcome.PENDING))
    return verdict


def seen_by_anyone(day: Day, evidence: Evidence) -> str:
    """The evidence goes through its file and convinces somebody who has the public keys alone."""
    read = decode_evidence(encode_evidence(evidence), "evidence")
    key = day.world.proving_key.key
    return check_evidence(read, key.policy.chain, day.routers, key)


def shows_nothing(day: Day, evidence: Evidence) -> None:
    key = day.world.proving_key.key
    with pytest.raises(SettlementError):
        check_evidence(evidence, key.policy.chain, day.routers, key)


def signed_again(day: Day, receipt: Receipt, **changes: object) -> Receipt:
    changed = replace(receipt, **changes)  # type: ignore[arg-type]  # a test names what it changes
    return sign_receipt(changed, day.world.router)


def record_of(day: Day, number: int, position: int) -> bytes:
    data: bytes = day.signed[number].orders.records[position].tobytes()
    return data
