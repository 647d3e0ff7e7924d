"""Order files with mistakes: each is refused at its place, in words, and nothing else happens."""

from __future__ import annotations

import gzip
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from tests.unit.model.order_file_samples import (
    HEADER,
    POLICY,
    RICH,
    RICH_HEADER,
    ROWS,
    csv_file,
    good_table,
    good_text,
    json_lines,
    parquet_file,
)
from zkroute.errors import MalformedError, UsageError, ZkrouteError
from zkroute.model.order import read_orders


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


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["slow,yes"], ":2: leg_of_previous: the first order has none before it"),
        (["slow,", "slow,1"], ":3: leg_of_previous: '1' is none of no, yes"),
        (["slow,"] + ["slow,yes"] * 16, ":18: leg_of_previous: is order 17 of a bundle; 16 are"),
        (["fast,"], ":2: fee_class: 'fast' is none of slow, urgent"),
        ([","], ":2: fee_class: '' is none of slow, urgent"),
    ],
)
def test_mistakes_in_legs_and_fee_classes(tmp_path: Path, rows: list[str], message: str) -> None:
    text = "\n".join([RICH_HEADER, *(f"1,low,A,buy,1,1,{row}" for row in rows)])
    with pytest.raises(MalformedError) as caught:
        read_orders(csv_file(tmp_path, text), RICH)
    assert message in str(caught.value)


def test_legs_are_refused_where_the_policy_has_no_bundles(tmp_path: Path) -> None:
    text = f"{HEADER},leg_of_previous\n{ROWS[0]},\n{ROWS[1]},yes\n"
    with pytest.raises(MalformedError, match=r":3: leg_of_previous: rides with .* bundles = true"):
        read_orders(csv_file(tmp_path, text), POLICY)
