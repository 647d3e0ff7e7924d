"""Disclosure: what was chosen, true to the header, and written down before it leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.days import Day
from tests.support.lock_holder import held
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.disclosure import (
    Disclosure,
    decode_disclosure,
    encode_disclosure,
    read_disclosure,
)
from zkroute.formats.inclusion import ORDERS, encode_opening
from zkroute.settlement import opening_making
from zkroute.settlement.disclosure import Choice, check_disclosure, disclose
from zkroute.settlement.disclosure_log import append_disclosure, read_disclosure_log
from zkroute.settlement.errors import SettlementError

CHOICE = Choice([41, 50, 51], ["price"], [0, 2], with_documents=True)


@pytest.fixture(scope="module")
def made(day: Day) -> Disclosure:
    return disclose(
        day.world.proving_key, day.batches[1], CHOICE, "The Authority", "case 7", made_ms=5
    )


def check(day: Day, disclosure: Disclosure) -> object:
    return check_disclosure(day.world.proving_key.key, day.batches[1].header, disclosure)


def refused(day: Day, disclosure: Disclosure) -> None:
    with pytest.raises((SettlementError, MalformedError)):
        check(day, disclosure)


def test_says_what_was_chosen(day: Day, made: Disclosure) -> None:
    found = check_disclosure(day.world.proving_key.key, day.batches[1].header, made)
    assert sorted(row["sequence"] for row in found.orders) == [41, 50, 51]
    assert set(found.orders[0]) == set(day.world.proving_key.circuit.content_names)
    assert sorted(found.documents) == [41, 50, 51]
    orders = day.signed[1].orders
    assert int(found.documents[50].account[0]) == int(orders.account[10])
    assert {row["sequence"]: row["price"] for row in found.orders}[50] == int(orders.price[10])
    batch = day.batches[1]
    assert found.nodes[2]["work_after"] == batch.opening.after.work[2]
    assert set(found.nodes) == {0, 2}


def test_orders_or_nodes_alone(day: Day) -> None:
    key, header = day.world.proving_key.key, day.batches[1].header
    for choice in (Choice([45]), Choice(slots=[1])):
        made = disclose(day.world.proving_key, day.batches[1], choice, "X", "Y")
        found = check_disclosure(key, header, made)
        assert len(found.orders) + len(found.nodes) == 1
        assert not found.documents
    with pytest.raises(UsageError, match="nothing is chosen"):
        disclose(day.world.proving_key, day.batches[1], Choice(), "X", "Y")


def test_nothing_else_is_in_it(day: Day) -> None:
    """Neither other fields of the order nor other orders appear in the file."""
    made = disclose(day.world.proving_key, day.batches[1], Choice([45]), "X", "Y")
    assert not made.records
    assert not made.nodes
    key = day.world.proving_key.key
    row = check_disclosure(key, day.batches[1].header, made).orders[0]
    assert set(row) == {"sequence", "digest"}


def test_untrue_disclosures_are_refused(day: Day, made: Disclosure) -> None:
    other = disclose(day.world.proving_key, day.batches[2], Choice([70], slots=[0]), "X", "Y")
    record = bytearray(made.records[0])
    record[-1] ^= 1
    for changed in (
        replace(made, header=other.header),
        replace(made, orders=other.orders),
        replace(made, nodes=other.nodes),
        replace(made, nodes=made.orders),
        replace(made, orders=made.nodes),
        replace(made, orders=made.orders[:-1]),
        replace(made, orders=made.orders[:60] + b"\xff" + made.orders[61:]),
        replace(made, orders=b""),
        replace(made, records=(bytes(record),)),
        replace(made, records=(made.records[0][:-1],)),
        replace(made, records=(day.signed[0].orders.records[0].tobytes(),)),
    ):
        refused(day, changed)
    with pytest.raises(SettlementError):
        check_disclosure(day.world.proving_key.key, day.batches[2].header, made)


def test_rows_without_a_number_and_nothing_at_all_are_refused(day: Day, made: Disclosure) -> None:
    """True openings, made by hand: a check must not trip over what is missing in them."""
    proving_key, batch = day.world.proving_key, day.batches[1]
    for names in (["digest"], ["sequence"], ["price"]):
        opening = opening_making._open(proving_key, batch, ORDERS, names, [0, 1])
        data = encode_opening(opening, proving_key.key)
        for records in ((), made.records):
            with pytest.raises(SettlementError, match="no order's number and digest"):
                check(day, replace(made, orders=data, records=records))
    with pytest.raises(SettlementError, match="it discloses nothing"):
        check(day, replace(made, orders=b"", nodes=b"", records=()))


def test_files(day: Day, made: Disclosure, tmp_path: Path) -> None:
    (tmp_path / "disclosure.json").write_bytes(encode_disclosure(made))
    assert read_disclosure(tmp_path / "disclosure.json") == made
    data = encode_disclosure(made)
    for damaged in (
        b"",
        data[:-3],
        data.replace(b'"records": [', b'"records": ["", '),
        data.replace(b'"records": [', b'"records": [7, '),
        data.replace(b'"orders": "', b'"orders": "0'),
        data.replace(b'"purpose": "case 7"', b'"purpose": "\\u0000"'),
    ):
        with pytest.raises(MalformedError):
            decode_disclosure(damaged, "disclosure")


def log(path: Path, made: Disclosure, count: int) -> None:
    for _ in range(count):
        append_disclosure(path, made, CHOICE, 1)


def test_log_keeps_every_disclosure(made: Disclosure, tmp_path: Path) -> None:
    path = tmp_path / "disclosures.log"
    assert read_disclosure_log(path) == []
    log(path, made, 3)
    lines = read_disclosure_log(path)
    assert [line.number for line in lines] == [0, 1, 2]
    assert lines[1].document["recipient"] == "The Authority"
    assert lines[1].document["sequence"] == [41, 50, 51]
    assert lines[0].link != lines[1].link
    assert path.stat().st_mode & 0o077 == 0
    assert not path.with_name("disclosures.log.lock").exists()


def test_altered_log_is_noticed(made: Disclosure, tmp_path: Path) -> None:
    path = tmp_path / "disclosures.log"
    log(path, made, 3)
    sound = path.read_bytes()
    lines = sound.splitlines(keepends=True)
    for altered in (
        sound.replace(b"case 7", b"case 8", 1),
        b"".join([lines[0], lines[2]]),
        b"".join(lines[1:]),
        b"".join([lines[1], lines[0], lines[2]]),
        b"".join([*lines, lines[2]]),
        sound.replace(b'"number":1', b'"number":5', 1),
        b"nonsense\n",
    ):
        path.write_bytes(altered)
        path.chmod(0o600)
        with pytest.raises(MalformedError):
            read_disclosure_log(path)
        with pytest.raises(MalformedError):
            log(path, made, 1)


def test_line_cut_off_by_a_crash_is_replaced(made: Disclosure, tmp_path: Path) -> None:
    path = tmp_path / "disclosures.log"
    log(path, made, 2)
    sound = path.read_bytes()
    path.write_bytes(sound[:-20])
    assert len(read_disclosure_log(path)) == 1
    log(path, made, 1)
    assert path.read_bytes() == sound


def test_locked_log_is_not_written(
    made: Disclosure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zkroute.settlement.disclosure_log.LOCK_SECONDS", 0.05)
    path = tmp_path / "disclosures.log"
    lock = path.with_name("disclosures.log.lock")
    with held(lock), pytest.raises(UsageError, match="another process is writing the disclosure"):
        log(path, made, 1)
    assert not path.exists()
    assert lock.exists(), "its holder was killed"
    log(path, made, 1)
    assert not lock.exists()


def test_fields_alone_show_nothing_else(day: Day) -> None:
    made = disclose(day.world.proving_key, day.batches[1], Choice([45], ["price"]), "X", "Y")
    found = check_disclosure(day.world.proving_key.key, day.batches[1].header, made)
    assert set(found.orders[0]) == {"sequence", "digest", "price"}


def test_a_document_without_what_the_batch_committed_to_is_refused(day: Day) -> None:
    """The document's digest is right, and the committed size could be another one."""
    bare = disclose(day.world.proving_key, day.batches[1], Choice([45]), "X", "Y")
    whole = disclose(
        day.world.proving_key, day.batches[1], Choice([45], with_documents=True), "X", "Y"
    )
    check(day, whole)
    with pytest.raises(SettlementError, match="the two could differ"):
        check(day, replace(bare, records=whole.records))
