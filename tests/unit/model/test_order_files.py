"""Orders from CSV, Parquet and JSON Lines: the same orders, to the last decimal."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.order_file_samples import (
    POLICY,
    RICH,
    RICH_HEADER,
    csv_file,
    good_table,
    good_text,
    json_lines,
    parquet_file,
)
from tests.unit.model.test_policy import SMALL
from zkroute.errors import MalformedError
from zkroute.model.order import EMPTY_PAYLOAD, Orders, read_orders
from zkroute.model.policy import parse_policy
from zkroute.model.text_values import parse_decimal


def assert_good(orders: Orders) -> None:
    assert orders.class_index.tolist() == [0, 3, 1]
    assert orders.side.tolist() == [1, 2, 2]
    assert orders.account.tolist() == [2**64 - 1, 2, 2]
    assert orders.size.tolist() == [1, 2**48 - 1, 30000]
    assert orders.price.tolist() == [1250, 2**48 - 1, 400]
    assert orders.margin.tolist() == [[0, 0], [2**64 - 1, 2**32 - 1], [1500000, 0]]
    assert orders.time_ms.tolist() == [5, 6, 7]
    assert orders.records["client_order_id"].tolist() == [b"first", b"second", b""]
    assert [bytes(payload) for payload in orders.records["payload_sha256"]] == [
        EMPTY_PAYLOAD,
        hashlib.sha256(b"hi").digest(),
        hashlib.sha256(b'a, "b"').digest(),
    ]
    assert orders.records["intent"].tolist() == [b"any"] * 3


@pytest.mark.parametrize("name", ["orders.csv", "orders.CSV", "orders.csv.gz"])
def test_csv(tmp_path: Path, name: str) -> None:
    assert_good(read_orders(csv_file(tmp_path, good_text(), name), POLICY))


def test_csv_with_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    text = "\ufeff" + good_text().replace("\n", "\r\n") + "\r\n"
    assert_good(read_orders(csv_file(tmp_path, text), POLICY))


def test_parquet(tmp_path: Path) -> None:
    assert_good(read_orders(parquet_file(tmp_path, good_table()), POLICY))


@pytest.mark.parametrize("name", ["orders.jsonl", "orders.ndjson"])
def test_json_lines(tmp_path: Path, name: str) -> None:
    assert_good(read_orders(csv_file(tmp_path, json_lines(good_table()), name), POLICY))


def test_what_may_be_left_out(tmp_path: Path) -> None:
    text = "account,side,size,price,tier,instrument\n1,buy,1,1,low,A\n"
    orders = read_orders(csv_file(tmp_path, text), POLICY)
    assert orders.margin.tolist() == [[0, 0]]
    assert bytes(orders.records["payload_sha256"][0]) == EMPTY_PAYLOAD


def test_payload_hash_in_place_of_payload(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    text = f"account,side,size,price,tier,instrument,payload_sha256\n1,buy,1,1,low,A,{digest}\n"
    orders = read_orders(csv_file(tmp_path, text), POLICY)
    assert bytes(orders.records["payload_sha256"][0]).hex() == digest


def test_instruments_with_their_own_decimals(tmp_path: Path) -> None:
    own = SMALL + (
        "[decimals]\nprice = 2\nsize = 4\nmargin = 6\n"
        "[decimals.instruments.B]\nprice = 1\nsize = 5\nmargin = 0\n"
    )
    text = "account,side,size,price,tier,instrument,margin\n"
    text += "1,buy,1.5,2.5,low,A,3\n1,buy,1.5,2.5,low,B,3\n1,buy,0.00001,1,low,B,0\n"
    orders = read_orders(csv_file(tmp_path, text), parse_policy(own, "p"))
    assert orders.size.tolist() == [15000, 150000, 1]
    assert orders.price.tolist() == [250, 25, 10]
    assert orders.margin[:, 0].tolist() == [3_000_000, 3, 0]
    with pytest.raises(MalformedError, match=r"orders\.csv:3: price: 2\.51 has 2 decimals"):
        read_orders(
            csv_file(tmp_path, text.replace("2.5,low,B", "2.51,low,B")), parse_policy(own, "p")
        )


@given(
    whole=st.integers(0, 10**20),
    fraction=st.text("0123456789", max_size=30),
    places=st.integers(0, 18),
)
def test_parse_decimal_is_exact(whole: int, fraction: str, places: int) -> None:
    text = f"{whole}.{fraction}" if fraction else str(whole)
    exact = Fraction(text) * 10**places
    if exact.denominator == 1:
        assert parse_decimal(text, places) == exact
    else:
        with pytest.raises(ValueError, match="decimals; the policy keeps"):
            parse_decimal(text, places)


@settings(max_examples=30, deadline=None)
@given(amounts=st.lists(st.decimals(min_value="0.0001", max_value="1000000", places=4), min_size=1))
def test_columns_of_decimals_agree_with_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]
) -> None:
    text = "account,side,size,price,tier,instrument\n"
    text += "".join(f"1,buy,{amount},1,low,A\n" for amount in amounts)
    orders = read_orders(csv_file(tmp_path_factory.mktemp("d"), text), POLICY)
    assert orders.size.tolist() == [int(amount * 10_000) for amount in amounts]


def test_fee_classes_and_legs(tmp_path: Path) -> None:
    rows = ["1,low,A,buy,1,1,urgent,", "1,low,A,buy,1,1,slow,yes", "1,low,A,buy,1,1,slow,no"]
    orders = read_orders(csv_file(tmp_path, "\n".join([RICH_HEADER, *rows])), RICH)
    assert orders.class_index.tolist() == [1, 0, 0]
    assert orders.is_leg.tolist() == [False, True, False]
