"""Receipts for orders that the batch has otherwise: what shows it, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest

from circuits.routing import RoutingCircuit
from prover.state import CommittedBatch
from prover.trace.limbs import Trace
from prover.trace.orders import order_columns
from tests.settlement.days import START_MS, STEP_MS, Day
from tests.settlement.receipt_checks import (
    check,
    published,
    record_of,
    seen_by_anyone,
    shows_nothing,
    signed_again,
)
from tests.support.shared import ROOT
from tests.support.world import make_world
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.evidence import Evidence, EvidenceKind
from zkroute.formats.inclusion import encode_opening
from zkroute.formats.receipt import Receipt
from zkroute.model.examples import made_up_nodes
from zkroute.model.order import digests
from zkroute.routing.batch import HELD, RoutedBatch
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.order_signatures import SignedOrders, sign_orders
from zkroute.settlement.receipts import Outcome, Published, sign_receipt
from zkroute.settlement.slices import integers


@contextmanager
def other_sizes(change: int) -> Iterator[None]:
    """The router commits to, and opens, sizes with ``change`` added."""

    def altered(circuit: RoutingCircuit, routed: RoutedBatch) -> Trace:
        columns = order_columns(circuit, routed)
        columns["size"] = columns["size"] + np.uint64(change)
        return columns

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prover.batch.order_columns", altered)
        patch.setattr("prover.trace.orders.order_columns", altered)
        yield


def test_other_order_under_the_number(day: Day) -> None:
    """The router logged and committed to another order than the one it gave the receipt for."""
    other = signed_again(day, day.receipts[50], digest=bytes(31) + b"\1")
    verdict = check(day, other, published(day, 1, 50))
    assert verdict.outcome is Outcome.ALTERED
    assert verdict.evidence is not None
    assert verdict.evidence.kind is EvidenceKind.LOG_ALTERED
    bare = replace(published(day, 1, 50), intake=None)
    verdict = check(day, other, bare)
    assert verdict.outcome is Outcome.ALTERED
    assert verdict.evidence is not None
    assert verdict.evidence.kind is EvidenceKind.ORDER_ALTERED
    assert "another digest" in seen_by_anyone(day, verdict.evidence)
    assert not verdict.evidence.record


def test_other_time_or_history_in_the_log(day: Day) -> None:
    for changes in ({"time_ms": 1}, {"before": bytes(32)}):
        other = signed_again(day, day.receipts[50], **changes)
        verdict = check(day, other, published(day, 1, 50))
        assert verdict.outcome is Outcome.ALTERED
        assert verdict.evidence is not None
        assert verdict.evidence.kind is EvidenceKind.LOG_ALTERED


@pytest.fixture(scope="module")
def lying_day(day: Day) -> tuple[SignedOrders, list[Receipt], Published]:
    return lying_day_of(day, None)


def lying_day_of(
    day: Day, columns: list[str] | None
) -> tuple[SignedOrders, list[Receipt], Published]:
    """The log is honest, but the batch commits to other sizes than the documents say."""
    world = day.world
    signed = sign_orders(world.orders(12), world.policy, day.trader)

    with other_sizes(1):
        batch = day.commit(signed, bytes(32), None, START_MS)
        shown = open_orders(world.proving_key, batch, [4], columns)
    named = [value.to_bytes(32, "big") for value in integers(digests(signed.orders.records))]
    receipts = [signed_again(day, day.receipts[i], digest=digest) for i, digest in enumerate(named)]
    return signed, receipts, Published(batch.header, inclusion=shown)


def test_other_content_beside_the_right_digest(
    day: Day, lying_day: tuple[SignedOrders, list[Receipt], Published]
) -> None:
    signed, receipts, what = lying_day
    assert check(day, receipts[4], what).outcome is Outcome.INCLUDED
    record = signed.orders.records[4].tobytes()
    verdict = check(day, receipts[4], what, record)
    assert verdict.outcome is Outcome.ALTERED
    assert verdict.evidence is not None
    assert verdict.evidence.record == record
    assert "another size" in seen_by_anyone(day, verdict.evidence)
    shows_nothing(day, replace(verdict.evidence, record=b""))
    shows_nothing(day, replace(verdict.evidence, record=record[:-1]))
    shows_nothing(day, replace(verdict.evidence, record=signed.orders.records[5].tobytes()))


def test_record_of_another_order(day: Day) -> None:
    with pytest.raises(MalformedError, match="not the one"):
        check(day, day.receipts[50], published(day, 1, 50), record_of(day, 0, 0))
    with pytest.raises(MalformedError):
        check(day, day.receipts[50], published(day, 1, 50), b"short")


def test_what_an_opening_leaves_out_is_not_taken_as_promised(day: Day) -> None:
    """Other sizes beside the right digests, and an opening that shows the digests alone."""
    signed, receipts, what = lying_day_of(day, ["sequence", "digest"])
    assert what.inclusion is not None
    assert what.inclusion.columns == ("sequence", "digest")
    assert check(day, receipts[4], what).outcome is Outcome.INCLUDED
    record = signed.orders.records[4].tobytes()
    with pytest.raises(MalformedError, match="does not show the order's"):
        check(day, receipts[4], what, record)
    blamed = Evidence(
        EvidenceKind.ORDER_ALTERED,
        (receipts[4],),
        (what.header,),
        inclusion=encode_opening(what.inclusion, day.world.proving_key.key),
        record=record,
    )
    shows_nothing(day, blamed)


@dataclass(frozen=True)
class Waiting:
    """An order that its batch held, and the next batch, which has it still."""

    day: Day
    receipt: Receipt
    record: bytes
    sequence: int
    arrived: CommittedBatch
    later: CommittedBatch

    def published(self) -> Published:
        shown = open_orders(self.day.world.proving_key, self.later, [self.sequence])
        return Published(self.later.header, self.arrived.header, inclusion=shown)


def waiting(day: Day, change: int = 0) -> Waiting:
    """In the later batch the held orders' sizes are committed to with ``change`` added."""
    text = (ROOT / "docs/policies/volatility-breaker.toml").read_text(encoding="utf-8")
    for limit, lower in (("250_000", "20_000"), ("5_000_000", "60_000"), ("= 1024", "= 64")):
        assert limit in text
        text = text.replace(limit, lower)
    world = make_world(text, made_up_nodes(16), 7)
    there = Day(world, day.trader)
    signed = sign_orders(world.orders(60), world.policy, day.trader)
    arrived = there.commit(signed, bytes(32), None, START_MS)
    sequence = int(arrived.routed.sequence[arrived.routed.status == HELD][0])
    more = sign_orders(world.orders(5), world.policy, day.trader)

    with other_sizes(change):
        later = there.commit(more, bytes(32), arrived, START_MS + STEP_MS)
    named = integers(digests(signed.orders.records))[sequence].to_bytes(32, "big")
    receipt = sign_receipt(
        replace(day.receipts[0], chain=world.policy.chain, sequence=sequence, digest=named),
        world.router,
    )
    record = signed.orders.records[sequence].tobytes()
    return Waiting(there, receipt, record, sequence, arrived, later)


def test_held_order_is_shown_by_the_batch_that_has_it_still(day: Day) -> None:
    case = waiting(day)
    assert case.sequence in case.later.routed.sequence
    verdict = check(case.day, case.receipt, case.published(), case.record)
    assert verdict.outcome is Outcome.INCLUDED
    with pytest.raises(UsageError, match="give its inclusion proof"):
        check(case.day, case.receipt, replace(case.published(), inclusion=None))


def test_held_order_altered_on_its_way_shows(day: Day) -> None:
    """Its digest came through, its size did not: each batch commits to content anew."""
    case = waiting(day, change=1)
    with other_sizes(1):
        what = case.published()
    verdict = check(case.day, case.receipt, what, case.record)
    assert verdict.outcome is Outcome.ALTERED
    assert verdict.evidence is not None
    assert "another size" in seen_by_anyone(case.day, verdict.evidence)
