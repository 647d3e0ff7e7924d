"""Orders from CSV, Parquet and JSON Lines: the same orders, and each mistake at its place."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.test_policy import SMALL
from zkroute.errors import MalformedError, UsageError, ZkrouteError
from zkroute.model.order import EMPTY_PAYLOAD, Orders, read_orders
from zkroute.model.policy import parse_policy
from zkroute.model.text_values import parse_decimal

POLICY = parse_policy(
    SMALL + "[decimals]\nprice = 2\nsize = 4\nmargin = 6\n[widths]\nmargin_bits = 96\n",
    "policy.toml",
)

HEADER = "time_ms,account,client_order_id,tier,instrument,side,size,price,margin,payload"
ROWS = [
    "5,18446744073709551615,first,low,A,buy,0.0001,12.50,0,",
    "6,2,second,high,B,sell,28147497671.0655,2814749767106.55,79228162514264337593543.950335,hi",
    '7,2,,low,B,sell,3,4.000,1.5000000,"a, ""b"""',
]


def csv_file(folder: Path, text: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8") if path.suffix != ".gz" else gzip.compress(text.encode()))
    return path


def good_text() -> str:
    return "\n".join([HEADER, *ROWS]) + "\n"


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


def good_table() -> dict[str, list[object]]:
    return {
        "time_ms": [5, 6, 7],
        "account": [2**64 - 1, 2, 2],
        "client_order_id": ["first", "second", None],
        "tier": ["low", "high", "low"],
        "instrument": ["A", "B", "B"],
        "side": ["buy", "sell", "sell"],
        "size": ["0.0001", "28147497671.0655", "3"],
        "price": [Decimal("12.50"), Decimal("2814749767106.55"), Decimal("4.00")],
        "margin": ["0", "79228162514264337593543.950335", "1.5"],
        "payload": ["", "hi", 'a, "b"'],
    }


def parquet_file(folder: Path, table: dict[str, object]) -> Path:
    path = folder / "orders.parquet"
    arrays = {
        name: pa.array(values, type=pa.uint64() if name == "account" else None)
        for name, values in table.items()
    }
    arrays["tier"] = arrays["tier"].dictionary_encode()
    pa_parquet.write_table(pa.table(arrays), path)
    return path


def test_parquet(tmp_path: Path) -> None:
    assert_good(read_orders(parquet_file(tmp_path, good_table()), POLICY))


def json_lines(table: dict[str, list[object]]) -> str:
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return "\n\n".join(json.dumps(row, default=str) for row in rows)


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.0001", "0.00001", ":2: size: 0.00001 has 5 decimals; the policy keeps 4"),
        ("0.0001", "0", ":2: size: must be above zero"),
        ("0.0001", "0.0000", ":2: size: must be above zero"),
        ("0.0001", "-1", ":2: size: '-1' is negative"),
        ("0.0001", "1e-4", ":2: size: must be a decimal number of 0 or more"),
        ("0.0001", "+1", ":2: size: must be a decimal number"),
        ("0.0001", " 1", ":2: size: must be a decimal number"),
        ("0.0001", "01", ":2: size: must be a decimal number"),
        ("0.0001", "1.", ":2: size: must be a decimal number"),
        ("0.0001", ".5", ":2: size: must be a decimal number"),
        ("0.0001", "\u0661", ":2: size: must be a decimal number"),
        ("0.0001", "nan", ":2: size: must be a decimal number"),
        ("0.0001", "", ":2: size: is missing"),
        ("28147497671.0655", "28147497671.0656", ":3: size: '28147497671.0656' needs more than 48"),
        ("28147497671.0655", "9" * 34, ":3: size: '" + "9" * 34 + "' needs more than 48 bits"),
        ("28147497671.0655", "9" * 60, "is too large"),
        ("28147497671.0655", "9" * 61, ":3: size: must be a decimal number"),
        ("12.50", "0", ":2: price: must be above zero, and the policy's cost is notional"),
        ("12.50", "12.505", ":2: price: 12.505 has 3 decimals; the policy keeps 2"),
        ("543.950335", "543.950336", ":3: margin: '79228162514264337593543.950336' needs more"),
        ("5,184467", "5,-184467", ":2: account: '-18446744073709551615' is negative"),
        ("551615", "551616", ":2: account: 18446744073709551616 needs more than 64 bits"),
        ("6,2,second", "6,2.0,second", ":3: account: must be a whole number"),
        ("5,184467", "x,184467", ":2: time_ms: must be a whole number"),
        ("A,buy", "A,Buy", ":2: side: 'Buy' is none of buy, sell"),
        ("A,buy", "C,buy", ":2: instrument: 'C' is none of A, B"),
        ("high,B", ",B", ":3: tier: '' is none of low, high"),
        ("second", "sec ond", ":3: client_order_id: must be at most 32 printable"),
        ("second", "s" * 33, ":3: client_order_id: must be at most 32 printable"),
        ("7,2,,", "7,2,second,", ":4: client_order_id: 'second' of account 2 was already used at"),
        ("tier,", "tiers,", "orders.csv: column 'tier' is missing"),
        ("payload", "remark", "orders.csv: unknown column 'remark'; the columns known here are"),
        ("payload", "margin", "orders.csv:1: column 'margin' is named twice"),
        ("0.0001,12.50", "0.0001", "orders.csv:2: 9 values, but the header names 10 columns"),
        ("hi\n", "hi,more\n", "orders.csv:3: 11 values, but the header names 10 columns"),
    ],
)
def test_each_mistake_in_csv_is_refused_at_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = good_text()
    assert old in text
    with pytest.raises(MalformedError) as caught:
        read_orders(csv_file(tmp_path, text.replace(old, new, 1)), POLICY)
    assert message in str(caught.value)
    assert "orders.csv" in str(caught.value)


def test_lines_are_right_after_blank_lines_and_quoted_line_breaks(tmp_path: Path) -> None:
    rows = [ROWS[0] + '"two\nlines"', "", ROWS[1].replace("sell", "hold")]
    text = "\n".join([HEADER, *rows])
    with pytest.raises(MalformedError, match=r"orders\.csv:5: side"):
        read_orders(csv_file(tmp_path, text), POLICY)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"\n\n\n", b"\xff\xfea\x00", HEADER.encode() + b"\n\xff", b'"a\nb",c\n1,2\n'],
)
def test_files_that_are_no_csv_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(data)
    with pytest.raises(MalformedError, match=r"orders\.csv"):
        read_orders(path, POLICY)


def test_broken_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    whole = gzip.compress(good_text().encode())
    for data in (b"", good_text().encode(), whole[:-9], whole[:30] + b"xxxx" + whole[34:]):
        path.write_bytes(data)
        with pytest.raises(MalformedError, match=r"orders\.csv\.gz"):
            read_orders(path, POLICY)


def test_no_file_and_other_endings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("missing.csv", "missing.parquet", "missing.jsonl", "orders.txt", "folder.csv"):
        with pytest.raises(UsageError, match=name):
            read_orders(tmp_path / name, POLICY)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"account": 1.0}', ":2: account: must be text in quotes or a whole number, not a float"),
        ('{"account": true}', ":2: account: must be text in quotes or a whole number, not true"),
        ('{"account": null}', ":2: account: must be text in quotes or a whole number, not null"),
        ('{"account": [1]}', ":2: account: must be text in quotes or a whole number, not nested"),
        ('{"account": 1, "account": 1}', ":2: not a JSON object: a key is given twice"),
        ("[1]", ":2: not a JSON object"),
        ("{", ":2: not a JSON object"),
        ('{"account": NaN}', ":2: account"),
        ('{"payload": "\\ud800"}', ":2: payload: not valid Unicode"),
        ('{"\\ud800": "1"}', "unknown column '\\ud800'"),
        ('{"account": ' + "9" * 5000 + "}", ":2: not a JSON object"),
        ('{"tier": "low", "instrument": "A", "size": -1}', ":2: size: '-1' is negative"),
        ('{"side": "buy"}', ":2: tier: '' is none of low, high"),
        ('{"colour": "red"}', "unknown column 'colour'"),
        ("[" * 100_000, ":2: not a JSON object"),
    ],
)
def test_each_mistake_in_json_lines_is_refused_at_its_place(
    tmp_path: Path, line: str, message: str
) -> None:
    first = json_lines(good_table()).split("\n", maxsplit=1)[0]
    with pytest.raises(MalformedError) as caught:
        read_orders(csv_file(tmp_path, f"{first}\n{line}\n", "orders.jsonl"), POLICY)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("size", [1.5, 2.0, 3.0], "column 'size' holds double; write it as text"),
        (
            "time_ms",
            np.array([1, 2, 3], dtype="datetime64[ms]"),
            "column 'time_ms' holds timestamp",
        ),
        ("tier", [["low"], ["low"], ["low"]], "column 'tier' holds"),
        ("side", ["buy", None, "sell"], "row 2: side: '' is none of buy, sell"),
        ("size", ["1", "2", "0"], "row 3: size: must be above zero"),
        ("price", [1, -2, 3], "row 2: price: '-2' is negative"),
        ("price", [Decimal("1E-7"), Decimal(1), Decimal(1)], "0.0000001 has 7 decimals"),
    ],
)
def test_each_mistake_in_parquet_is_refused_at_its_place(
    tmp_path: Path, column: str, values: object, message: str
) -> None:
    table = good_table() | {column: values}
    path = tmp_path / "orders.parquet"
    arrays = {
        name: pa.array(v, pa.uint64() if name == "account" else None) for name, v in table.items()
    }
    pa_parquet.write_table(pa.table(arrays), path)
    with pytest.raises(MalformedError) as caught:
        read_orders(path, POLICY)
    assert message in str(caught.value)


def test_parquet_of_invalid_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    table = pa.table(good_table() | {"account": [1, 2, 3]})
    raw = pa.array([b"\xff", b"hi", b"x"], type=pa.binary()).view(pa.string())
    pa_parquet.write_table(table.set_column(9, "payload", raw), path)
    with pytest.raises(MalformedError, match=r"orders\.parquet: not readable as Parquet"):
        read_orders(path, POLICY)


def test_both_payload_and_its_hash_are_refused(tmp_path: Path) -> None:
    text = good_text().replace("payload", "payload,payload_sha256", 1)
    text = "\n".join(
        line + ("" if number == 0 else "," + "0" * 64)
        for number, line in enumerate(text.strip().split("\n"))
    )
    with pytest.raises(MalformedError, match="give payload or payload_sha256, not both"):
        read_orders(csv_file(tmp_path, text), POLICY)


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


@pytest.mark.parametrize("kind", ["orders.csv", "orders.jsonl", "orders.parquet", "orders.csv.gz"])
def test_damaged_files_give_only_our_errors(tmp_path: Path, kind: str) -> None:
    """A few hundred random damages of each kind of file: read or refused, never a traceback."""
    rng = random.Random(kind)
    if kind == "orders.parquet":
        whole = parquet_file(tmp_path, good_table()).read_bytes()
    elif kind == "orders.jsonl":
        whole = json_lines(good_table()).encode()
    else:
        whole = csv_file(tmp_path, good_text(), kind).read_bytes()
    path = tmp_path / kind
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            position = rng.randrange(len(data))
            damage = rng.choice(["flip", "cut", "insert", "copy"])
            if damage == "flip":
                data[position] ^= 1 << rng.randrange(8)
            elif damage == "cut":
                del data[position : position + rng.randint(1, 8)]
            elif damage == "insert":
                data[position:position] = rng.choice([b"\0", b"\n", b'"', b",", b"\xff", b"9" * 40])
            else:
                data[position:position] = data[: rng.randrange(len(data))]
        path.write_bytes(bytes(data))
        try:
            read_orders(path, POLICY)
        except ZkrouteError:
            continue
