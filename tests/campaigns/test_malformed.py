"""Malformed inputs over all parsers, and every fault that a campaign ever found."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tests.campaigns.file_parsers import Posted, RefusalError, request_body
from tests.campaigns.malformed import campaign, every_parser, table
from tests.campaigns.opened import HonestDay
from tests.campaigns.parsers import Parser
from zkroute.errors import MalformedError
from zkroute.formats.slice import decode_slice, encode_slice
from zkroute.model.order import read_orders
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.intake import Intake, Terms
from zkroute.settlement.ledger import Ledger

FOR_EVERY_CHANGE = 5_000


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> HonestDay:
    return HonestDay(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def parsers(honest: HonestDay) -> list[Parser]:
    return every_parser(honest)


def test_malformed_inputs_of_all_parsers(
    parsers: list[Parser], campaign_size: Callable[[int], int]
) -> None:
    size = campaign_size(FOR_EVERY_CHANGE)
    tallies = campaign(parsers, size, random.randrange(1 << 32))
    print(table(tallies))
    assert [finding for tally in tallies for finding in tally.findings] == []
    assert sum(tally.inputs for tally in tallies) >= 0.9 * size
    # the damage is neither so heavy that nothing is read, nor so light that all of it is
    refused = sum(tally.refused for tally in tallies) / sum(tally.inputs for tally in tallies)
    assert 0.5 < refused < 0.99
    assert all(tally.refused for tally in tallies)


def test_every_format_is_there(parsers: list[Parser]) -> None:
    """A module that reads files from outside, added later, is to be added to the campaign."""
    folder = Path(__file__).resolve().parents[2] / "zkroute" / "formats"
    readers = {path.stem for path in folder.glob("*.py") if _reads(path.read_text())}
    assert readers == {
        *("batch", "chain", "disclosure", "documents", "evidence", "handover", "header"),
        *("inclusion", "intake", "key", "ledger_export", "proof", "receipt", "router_key"),
        *("signed_orders", "slice", "srs_file", "telemetry", "traders"),
        # parts of these: .ptau, and what they are made of
        *("ptau_contributions", "ptau_points", "files", "hexadecimal"),
    }
    assert len(parsers) >= 41


def _reads(text: str) -> bool:
    return "\ndef decode_" in text or "\ndef read_" in text


def test_a_campaign_notices_what_is_wrong(parsers: list[Parser]) -> None:
    """Control: a parser that lets things pass, and one that fails, are found out."""
    receipt = next(each for each in parsers if each.name == "receipt")
    careless = Parser("careless", receipt.seeds, json.loads, json.dumps, 1)
    (tally,) = campaign([careless], 200, 1)
    assert any(finding.startswith("untyped") for finding in tally.findings)
    gullible = Parser(
        "gullible", receipt.seeds, receipt.read, receipt.meaning, 1, is_believed=lambda _: True
    )
    (tally,) = campaign([gullible], 2_000, 1)
    assert any(finding.startswith("accepted") for finding in tally.findings)


@pytest.mark.parametrize("mark", [2, 128, 255])
def test_a_slice_says_in_one_way_that_it_is_signed(honest: HonestDay, mark: int) -> None:
    data = bytearray(encode_slice(honest.day.slices[0][honest.slot]))
    assert data[51] == 1
    data[51] = mark
    data[-32:] = hashlib.sha256(data[:-32]).digest()
    with pytest.raises(MalformedError, match="out of range"):
        decode_slice(bytes(data), "slice")


def test_a_refusal_can_be_shown_whatever_it_quotes(honest: HonestDay, tmp_path: Path) -> None:
    """A lone surrogate in a key could not be written into an answer: the service failed."""
    assert str(MalformedError("key '\ud800' \x1b[1m\nis unknown")) == (
        "key '\\ud800' \\x1b[1m\\nis unknown"
    )
    posted = Posted(honest, tmp_path)
    body = request_body(honest, 1)
    body["header"]["\ud800"] = 1
    with pytest.raises(RefusalError, match="header-malformed"):
        posted(json.dumps(body).encode())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_column_names_that_are_no_text(honest: HonestDay, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"orders.{ending}"
    if ending == "csv":
        path.write_bytes(b'account,"side\n\xff\xfe",size\n1,2,3\n')
    else:
        pyarrow.parquet.write_table(pyarrow.table({"account": ["1"]}), path, store_schema=False)
        path.write_bytes(path.read_bytes().replace(b"account", b"acc\xfe\xffnt"))
    with pytest.raises(MalformedError, match=r"(?i)utf-8"):
        read_orders(path, honest.day.world.policy)


def test_a_ledger_with_text_that_is_none(honest: HonestDay, tmp_path: Path) -> None:
    honest.ledger(tmp_path / "ledger.db", 1)
    path = tmp_path / "ledger.db"
    data = path.read_bytes()
    assert b"CREATE TABLE forks" in data
    path.write_bytes(data.replace(b"CREATE TABLE forks", b"CREATE TABLE \x8e\xff\xfe\xfd("))
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_DAMAGED


@pytest.mark.parametrize(
    "damage",
    ["record = 'text'", "record = x'00'", "time_ms = 'soon'", "time_ms = -1", "envelope = 1.5"],
)
def test_an_intake_log_with_values_of_other_types(
    honest: HonestDay, tmp_path: Path, damage: str
) -> None:
    world, path = honest.day.world, tmp_path / "intake.db"
    terms = Terms(world.policy)
    signed = honest.day.signed[0]
    with Intake(path, terms, world.router) as intake:
        intake.submit(signed.orders, signed.envelopes)
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE entries SET {damage} WHERE sequence = 3")  # noqa: S608  # above
    connection.close()
    with Intake(path, terms, world.router) as intake, pytest.raises(LedgerError) as caught:
        intake.take(0, 64)
        intake.envelopes(range(64))
    assert caught.value.code is Reason.LEDGER_DAMAGED
