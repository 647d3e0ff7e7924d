"""Receipts: what a trader finds out, and what it can show to others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import CommittedBatch
from tests.settlement.days import PROMISE_MS, START_MS, STEP_MS, Day
from tests.support.shared import ROOT
from tests.support.world import make_world
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.evidence import (
    Evidence,
    EvidenceKind,
    decode_evidence,
    encode_evidence,
    read_evidence,
    write_evidence,
)
from zkroute.formats.inclusion import Opening, encode_opening
from zkroute.formats.intake import IntakeLeaves, decode_intake, encode_intake
from zkroute.formats.receipt import (
    Receipt,
    decode_receipt,
    encode_receipt,
    read_receipt,
    write_receipt,
)
from zkroute.model.examples import made_up_nodes
from zkroute.model.order import LEG_OF_PREVIOUS, ORDER_RECORD, digests, orders_from_records
from zkroute.protocol.header import Header
from zkroute.routing.batch import HELD
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.evidence import check_evidence
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.order_signatures import SignedOrders, sign_orders
from zkroute.settlement.receipts import (
    Outcome,
    Published,
    Verdict,
    check_receipt,
    contradiction,
    sign_receipt,
)
from zkroute.settlement.records import order_of_record
from zkroute.settlement.router_keys import RouterKeys, sign_handover
from zkroute.settlement.slices import integers


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


def header_signed_again(day: Day, header: Header, **changes: object) -> Header:
    changed = replace(header, **changes)  # type: ignore[arg-type]  # a test names what it changes
    return changed.signed(day.world.router.sign(changed.signed_message))


def record_of(day: Day, number: int, position: int) -> bytes:
    data: bytes = day.signed[number].orders.records[position].tobytes()
    return data


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
    assert check(day, day.receipts[50], bare).outcome is Outcome.INCLUDED


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
    from prover import batch as batch_module
    from prover.trace.orders import order_columns

    world = day.world
    signed = sign_orders(world.orders(12), world.policy, day.trader)

    def other_sizes(circuit: object, routed: object) -> object:
        columns = order_columns(circuit, routed)  # type: ignore[arg-type]  # passed through
        columns["size"] = columns["size"] + np.uint64(1)
        return columns

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_module, "order_columns", other_sizes)
        batch = day.commit(signed, bytes(32), None, START_MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prover.trace.orders.order_columns", other_sizes)
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


def test_two_histories_of_one_number(day: Day) -> None:
    one = day.receipts[7]
    assert contradiction(one, one) is None
    assert contradiction(one, day.receipts[8]) is None
    assert contradiction(one, day.receipts[9]) is None
    for other in (
        signed_again(day, one, digest=bytes(31) + b"\1"),
        signed_again(day, one, before=bytes(32)),
        signed_again(day, one, time_ms=1),
        signed_again(day, day.receipts[8], before=bytes(32)),
        signed_again(day, day.receipts[6], digest=bytes(31) + b"\1"),
    ):
        evidence = contradiction(one, other)
        assert evidence is not None
        turned = contradiction(other, one)
        assert turned is not None
        assert set(turned.receipts) == set(evidence.receipts)
        assert "signed" in seen_by_anyone(day, evidence)
        assert contradiction(one, replace(other, chain="elsewhere")) is None
    longer = signed_again(day, one, include_by_ms=1)
    assert contradiction(one, longer) is None


def test_evidence_that_shows_nothing(day: Day) -> None:
    first, second = day.batches[0].header, day.batches[1].header
    receipt = day.receipts[7]
    kinds = EvidenceKind
    for evidence in (
        Evidence(kinds.TWO_RECEIPTS, (receipt, receipt)),
        Evidence(kinds.TWO_RECEIPTS, (receipt, day.receipts[8])),
        Evidence(kinds.TWO_RECEIPTS, (receipt, day.receipts[20])),
        Evidence(kinds.TWO_RECEIPTS, (receipt,)),
        Evidence(kinds.FORK, (), (first, second)),
        Evidence(kinds.FORK, (), (first, first)),
        Evidence(kinds.FORK, (), (first, first.signed(bytes(64)))),
        Evidence(kinds.FORK, (receipt,), (first, second)),
        Evidence(kinds.PASSED_OVER, (receipt,), (first,)),
        Evidence(kinds.LOG_ALTERED, (receipt,), (first,), day.leaves[0]),
        Evidence(kinds.LOG_ALTERED, (receipt,), (first,), day.leaves[1]),
        Evidence(kinds.LOG_ALTERED, (receipt,), (first,)),
        Evidence(kinds.LOG_ALTERED, (receipt,), (), day.leaves[0]),
        Evidence(kinds.LOG_ALTERED, (day.receipts[50],), (second,), day.leaves[1]),
        Evidence(kinds.LOG_ALTERED, (day.receipts[50],), (second, second), day.leaves[1]),
        Evidence(kinds.ORDER_ALTERED, (receipt,), (first,)),
        Evidence(kinds.NOT_SHOWN, (receipt,), (second,)),
        Evidence(kinds.NOT_SHOWN),
    ):
        shows_nothing(day, evidence)


def test_fork_shows(day: Day) -> None:
    first = day.batches[0].header
    rival = header_signed_again(day, first, time_ms=first.time_ms + 1)
    assert "two batches" in seen_by_anyone(day, Evidence(EvidenceKind.FORK, (), (first, rival)))


def test_nobody_else_can_make_evidence(day: Day) -> None:
    stranger = Ed25519PrivateKey.generate()
    receipt = day.receipts[7]
    forged = sign_receipt(replace(receipt, digest=bytes(32)), stranger)
    shows_nothing(day, Evidence(EvidenceKind.TWO_RECEIPTS, (receipt, forged)))
    renamed = replace(forged, router=day.world.router_key)
    shows_nothing(day, Evidence(EvidenceKind.TWO_RECEIPTS, (receipt, renamed)))
    late = replace(day.receipts[-1], sequence=73, include_by_ms=1)
    shows_nothing(day, Evidence(EvidenceKind.PASSED_OVER, (late,), (day.batches[2].header,)))
    header = replace(day.batches[0].header, time_ms=1)
    shows_nothing(day, Evidence(EvidenceKind.FORK, (), (day.batches[0].header, header)))
    elsewhere = signed_again(day, receipt, chain="elsewhere", digest=bytes(32))
    shows_nothing(day, Evidence(EvidenceKind.TWO_RECEIPTS, (receipt, elsewhere)))


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


def test_files_hold_what_was_written(day: Day, tmp_path: Path) -> None:
    receipt = day.receipts[3]
    write_receipt(tmp_path / "receipt.json", receipt)
    assert read_receipt(tmp_path / "receipt.json") == receipt
    assert decode_intake(encode_intake(day.leaves[1]), "intake") == day.leaves[1]
    verdict = check(day, day.receipts[50], published(day, 1))
    assert verdict.evidence is not None
    write_evidence(tmp_path / "evidence.json", verdict.evidence)
    assert read_evidence(tmp_path / "evidence.json") == verdict.evidence


def test_damaged_files_are_refused(day: Day) -> None:
    data = encode_receipt(day.receipts[3])
    for damaged in (b"", data[:-4], data.replace(b"digest", b"digits"), b"[" * 5000):
        with pytest.raises(MalformedError):
            decode_receipt(damaged, "receipt")
    data = encode_intake(IntakeLeaves(0, (bytes(32),)))
    for damaged in (b"", data[:-1], data + b"\0", b"x" + data[1:]):
        with pytest.raises(MalformedError):
            decode_intake(damaged, "intake")
    evidence = Evidence(
        EvidenceKind.LOG_ALTERED, (day.receipts[3],), (day.batches[0].header,), day.leaves[0]
    )
    data = encode_evidence(evidence)
    assert decode_evidence(data, "evidence") == evidence
    for damaged in (
        b"",
        data[:-4],
        data.replace(b"log-altered", b"log-changed"),
        data.replace(b'"record": ""', b'"record": "0"'),
        data.replace(b'"record": ""', b'"record": "FF"'),
        data.replace(b'"record": ""', b'"record": 7'),
        data.replace(b'"sequence": 3', b'"sequence": -3'),
        data.replace(b'"intake": "7a', b'"intake": "7b'),
    ):
        with pytest.raises(MalformedError):
            decode_evidence(damaged, "evidence")


def test_promise_reaches_beyond_the_batch(day: Day) -> None:
    assert {receipt.include_by_ms - receipt.time_ms for receipt in day.receipts} == {PROMISE_MS}


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
    from prover import batch as batch_module
    from prover.trace.orders import order_columns

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

    def other_sizes(circuit: object, routed: object) -> object:
        columns = order_columns(circuit, routed)  # type: ignore[arg-type]  # passed through
        columns["size"] = columns["size"] + np.uint64(change)
        return columns

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_module, "order_columns", other_sizes)
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
    with pytest.MonkeyPatch.context() as patch:
        import prover.trace.orders as orders_module

        honest = orders_module.order_columns

        def other_sizes(circuit: object, routed: object) -> object:
            columns = honest(circuit, routed)  # type: ignore[arg-type]  # passed through
            columns["size"] = columns["size"] + np.uint64(1)
            return columns

        patch.setattr(orders_module, "order_columns", other_sizes)
        what = case.published()
    verdict = check(case.day, case.receipt, what, case.record)
    assert verdict.outcome is Outcome.ALTERED
    assert verdict.evidence is not None
    assert "another size" in seen_by_anyone(case.day, verdict.evidence)


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


def test_evidence_by_two_keys_says_so(day: Day) -> None:
    """Each key alone can make its part up: the reader is told which they are."""
    chain = day.world.policy.chain
    successor = Ed25519PrivateKey.generate()
    handover = sign_handover(chain, day.world.router, successor, 1)
    keys = RouterKeys.of([day.world.router_key], [handover], chain)
    public = successor.public_key().public_bytes_raw()
    header = replace(day.batches[1].header, router=public)
    header = header.signed(successor.sign(header.signed_message))
    receipt = signed_again(day, day.receipts[-1], sequence=10**9, include_by_ms=0)
    evidence = Evidence(EvidenceKind.PASSED_OVER, (receipt,), (header,))
    sentence = check_evidence(evidence, chain, keys)
    assert "different keys of the router" in sentence
    assert public.hex()[:16] in sentence
    strangers = RouterKeys.of([day.world.router_key, public])
    with pytest.raises(SettlementError, match="different routers"):
        check_evidence(evidence, chain, strangers)
