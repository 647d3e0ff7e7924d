"""Evidence: what convinces others of a router's fault, what shows nothing, and its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.settlement.days import Day
from tests.settlement.receipt_checks import (
    check,
    published,
    seen_by_anyone,
    shows_nothing,
    signed_again,
)
from zkroute.errors import MalformedError
from zkroute.formats.evidence import (
    Evidence,
    EvidenceKind,
    decode_evidence,
    encode_evidence,
    read_evidence,
)
from zkroute.formats.intake import IntakeLeaves, decode_intake, encode_intake
from zkroute.formats.receipt import decode_receipt, encode_receipt, read_receipt, write_receipt
from zkroute.settlement.errors import SettlementError
from zkroute.settlement.evidence import check_evidence
from zkroute.settlement.receipts import contradiction, sign_receipt
from zkroute.settlement.router_keys import RouterKeys, sign_handover


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
    rival = day.signed_anew(first, time_ms=first.time_ms + 1)
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


def test_files_hold_what_was_written(day: Day, tmp_path: Path) -> None:
    receipt = day.receipts[3]
    write_receipt(tmp_path / "receipt.json", receipt)
    assert read_receipt(tmp_path / "receipt.json") == receipt
    assert decode_intake(encode_intake(day.leaves[1]), "intake") == day.leaves[1]
    verdict = check(day, day.receipts[50], published(day, 1))
    assert verdict.evidence is not None
    (tmp_path / "evidence.json").write_bytes(encode_evidence(verdict.evidence))
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
