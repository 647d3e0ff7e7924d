"""Three good orders in every form of file, and the policies they are for."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from tests.unit.model.test_policy import SMALL
from zkroute.model.policy import parse_policy

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


def json_lines(table: dict[str, list[object]]) -> str:
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return "\n\n".join(json.dumps(row, default=str) for row in rows)


RICH = parse_policy(
    SMALL.replace("slots = 4", "slots = 4\nbundles = true").replace(
        'order_types = ["any"]', 'order_types = ["any"]\nfee_classes = ["slow", "urgent"]'
    ),
    "policy.toml",
)
RICH_HEADER = "account,tier,instrument,side,size,price,fee_class,leg_of_previous"
