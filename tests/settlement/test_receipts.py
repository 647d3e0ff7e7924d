"""Receipts: what a trader finds out about an order that is there, missing or not due yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.settlement.days import PROMISE_MS, START_MS, STEP_MS, Day
from tests.settlement.receipt_checks import (
    check,
    opening,
    published,
    record_of,
    seen_by_anyone,
    shows_nothing,
    signed_again,
)
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.evidence import EvidenceKind
from zkroute.model.order import LEG_OF_PREVIOUS, ORDER_RECORD, digests, orders_from_records
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.receipts import Outcome, check_receipt
from zkroute.settlement.records import order_of_record
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.slices import integers


@pytest.mark.parametrize(("number", "position"), [(0, 0), (0, 39), (1, 5), (2, 8)])
def test_included_as_promised(day: Day, number: int, position: int) -> None:
    sequence = day.batches[number].header.first_sequence + position
    verdict = check(
        day,
        day.receipts[sequence],
        published(day, number, sequence),
        record_of(day, number, position),
    )
    assert verdict.outcome is Outcome.INCLUDED
    assert verdict.is_final


def test_included_by_the_proof_alone(day: Day) -> None:
    bare = replace(published(day, 1, 50), intake=None, parent=None)
    verdict = check(day, day.receipts[50], bare, record_of(day, 1, 10))
    assert verdict.outcome is Outcome.INCLUDED
    assert verdict.is_final


def test_without_the_order_only_its_digest_is_compared(day: Day) -> None:
    verdict = check(day, day.receipts[50], published(day, 1, 50))
    assert verdict.outcome is Outcome.INCLUDED
    assert not verdict.is_final
    assert "is compared if the order is given" in verdict.sentence


def test_not_shown_is_missing_until_the_router_answers(day: Day) -> None:
    for what in (published(day, 1), replace(published(day, 1), intake=None)):
        verdict = check(day, day.receipts[50], what)
        assert verdict.outcome is Outcome.MISSING
        assert not verdict.is_final
        assert verdict.evidence is not None
        assert verdict.evidence.kind is EvidenceKind.NOT_SHOWN


def test_number_that_comes_later_is_pending(day: Day) -> None:
    verdict = check(day, day.receipts[50], published(day, 0))
    assert verdict.outcome is Outcome.PENDING
    assert not verdict.is_final


def test_number_passed_over_is_missing(day: Day) -> None:
    """The receipt promised the second batch at the latest; the third one still has it not."""
    late = signed_again(day, day.receipts[-1], sequence=73)
    verdict = check(day, late, published(day, 2))
    assert verdict.outcome is Outcome.PENDING
    promised = START_MS + 2 * STEP_MS
    broken = signed_again(day, late, include_by_ms=promised)
    verdict = check(day, broken, published(day, 2))
    assert verdict.outcome is Outcome.MISSING
    assert verdict.is_final
    assert verdict.evidence is not None
    assert "promised number 73" in seen_by_anyone(day, verdict.evidence)
    patient = signed_again(day, broken, include_by_ms=promised + 1)
    shows_nothing(day, replace(verdict.evidence, receipts=(patient,)))


def test_number_before_the_batch_is_elsewhere(day: Day) -> None:
    with pytest.raises(UsageError, match="an earlier batch"):
        check(day, day.receipts[5], published(day, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 51},
        {"digest": bytes(32)},
        {"time_ms": 0},
        {"include_by_ms": 1 << 40},
        {"before": bytes(32)},
        {"router": bytes(32)},
        {"signature": bytes(64)},
        {"chain": "elsewhere"},
    ],
)
def test_altered_receipt_is_worth_nothing(day: Day, changes: dict[str, object]) -> None:
    altered = replace(day.receipts[50], **changes)  # type: ignore[arg-type]  # named above
    with pytest.raises(SettlementError) as caught:
        check(day, altered, published(day, 1, 50))
    assert caught.value.code is Reason.RECEIPT_INVALID


def test_header_that_is_not_the_routers(day: Day) -> None:
    what = published(day, 1, 50)
    for header in (what.header.signed(bytes(64)), replace(what.header, order_count=1)):
        with pytest.raises(SettlementError):
            check(day, day.receipts[50], replace(what, header=header))
    with pytest.raises(SettlementError) as caught:
        check_receipt(day.receipts[50], what, day.world.proving_key.key, RouterKeys.of([bytes(32)]))
    assert caught.value.code is Reason.RECEIPT_INVALID


def test_leaves_that_are_not_the_batchs(day: Day) -> None:
    what = published(day, 1, 50)
    leaves = day.leaves[1]
    swapped = (leaves.leaves[1], leaves.leaves[0], *leaves.leaves[2:])
    for changes in (
        {"intake": day.leaves[0]},
        {"intake": replace(leaves, leaves=leaves.leaves[:-1])},
        {"intake": replace(leaves, leaves=swapped)},
        {"intake": replace(leaves, first_sequence=39)},
        {"parent": None},
        {"parent": day.batches[2].header},
    ):
        with pytest.raises(SettlementError) as caught:
            check(day, day.receipts[50], replace(what, **changes))  # type: ignore[arg-type]
        assert caught.value.code is Reason.INTAKE_MISMATCH


def test_inclusion_proof_of_something_else(day: Day) -> None:
    what = published(day, 1, 50)
    for wrong in (
        opening(day, 51),
        replace(opening(day, 50), rows=(63,)),
        replace(opening(day, 50), proof=opening(day, 51).proof),
        opening(day, 3),
    ):
        with pytest.raises(SettlementError) as caught:
            check(day, day.receipts[50], replace(what, inclusion=wrong))
        assert caught.value.code is Reason.INCLUSION_INVALID


def test_leg_is_shown_like_any_order(day: Day) -> None:
    """A leg's record alone is enough, though no file may begin with a leg."""
    policy = replace(day.world.policy, bundles=True)
    records = np.array(day.signed[0].orders.records[:1], dtype=ORDER_RECORD)
    records["flags"] = LEG_OF_PREVIOUS
    with pytest.raises(MalformedError):
        orders_from_records(records, policy, "a file")
    order = order_of_record(records.tobytes(), policy)
    assert order.is_leg.tolist() == [True]
    assert integers(digests(order.records)) == integers(digests(records))


def test_promise_reaches_beyond_the_batch(day: Day) -> None:
    assert {receipt.include_by_ms - receipt.time_ms for receipt in day.receipts} == {PROMISE_MS}


def test_an_order_that_came_too_late_is_missing(day: Day) -> None:
    """It is in the second batch, and was promised for the first."""
    late = signed_again(day, day.receipts[50], include_by_ms=START_MS)
    what = replace(published(day, 1, 50), intake=None)
    verdict = check(day, late, what)
    assert verdict.outcome is Outcome.MISSING
    assert verdict.is_final
    assert "too late" in verdict.sentence
    assert verdict.evidence is not None
    assert verdict.evidence.kind is EvidenceKind.PASSED_OVER
    assert "promised number 50" in seen_by_anyone(day, verdict.evidence)
    assert check(day, late, replace(what, parent=None)).outcome is Outcome.INCLUDED
