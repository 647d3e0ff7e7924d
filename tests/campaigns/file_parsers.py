"""Parsers that read files or requests: orders, reference strings, ledgers, exports, HTTP."""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import sqlite3
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tests.campaigns.mutations import (
    Mutator,
    any_bytes,
    csv_text,
    json_document,
    json_line,
    toml_text,
)
from tests.campaigns.opened import HonestDay
from tests.campaigns.parsers import Parser, holds, sealed
from tests.support.ptau_builder import build
from tests.support.traders import encode_traders
from zkroute.algebra.engine import engine
from zkroute.formats.disclosure import decode_disclosure
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.formats.ledger_export import ExportStart, read_export
from zkroute.formats.ptau import import_ptau
from zkroute.formats.slice import encode_slice
from zkroute.formats.srs_file import encode_srs, read_srs
from zkroute.formats.telemetry import encode_telemetry
from zkroute.model.order import Orders, orders_from_bytes, read_orders, read_trades
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.srs import StructuredReferenceString, check_powers, new_development
from zkroute.service.requests import Submission, read_submission
from zkroute.settlement.checkpoint import read_checkpoint
from zkroute.settlement.configuration_file import NodeFile, read_configuration
from zkroute.settlement.disclosure import Choice
from zkroute.settlement.disclosure_log import append_disclosure, read_disclosure_log
from zkroute.settlement.exchange import export_ledger, import_ledger
from zkroute.settlement.intake import Intake, Terms
from zkroute.settlement.ledger import Ledger

ORDERS_CSV = b"""\
time_ms,account,client_order_id,intent,tier,instrument,order_type,side,size,price,margin,payload
5,18446744073709551615,first,open,retail,BTC-PERP,limit,buy,0.0001,12.50,0,
6,2,second,close,institutional,ETH-PERP,market,sell,2814.0655,281476.55,79228.95,hi
7,2,,liquidation,retail,SOL-PERP,limit,sell,3,4.00,1.50,"a, ""b"\"\"
"""
TRADES_CSV = b"""\
exchange_ts_ms,recv_ts_ns,market,instrument,trade_id,taker_side,price,qty,exec_type
1680652700452,1,usdm,BTCUSDT,3535186032,sell,28145.10,0.002,MARKET
1680652700453,2,cm,BTCUSD_PERP,77,buy,28145.1,3,MARKET
1680652700454,3,spot,ETHUSDT,3535186033,buy,1900.50000000,0.12345000,
"""


def file_reader(path: Path, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    """Writes the bytes to a file that its owner alone can read, and reads that."""
    path.touch(0o600)

    def read_data(data: bytes) -> Any:
        path.write_bytes(data)
        return read(path)

    return read_data


def order_parsers(honest: HonestDay, folder: Path) -> list[Parser]:
    """Order and trade files in all their forms; salts are drawn anew at every reading."""
    policy = honest.day.world.policy

    def told(orders: Orders) -> Hashable:
        records = orders.records.copy()
        records["salt"] = 0
        return records.tobytes()

    def is_exact(orders: Orders, _: bytes) -> bool:
        return told(orders_from_bytes(orders.records.tobytes(), policy, "again")) == told(orders)

    def parser(
        name: str, file: str, data: bytes, mutate: Mutator, share: float, read: Any = read_orders
    ) -> Parser:
        reader = file_reader(folder / file, lambda path: read(path, policy))
        return Parser(name, [data], reader, told, share, is_exact, mutate=mutate)

    table = pa.csv.read_csv(
        io.BytesIO(ORDERS_CSV),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(
                ORDERS_CSV.decode().split("\n", 1)[0].split(","), pa.string()
            )
        ),
    )
    parquet = io.BytesIO()
    pa.parquet.write_table(table, parquet)
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()

    def trades(path: Path, _: Any) -> Orders:
        return read_trades(path, policy, skip_unlisted=True)

    return [
        parser("orders (CSV)", "orders.csv", ORDERS_CSV, csv_text, 2),
        parser(
            "orders (CSV, gzip)",
            "orders.csv.gz",
            gzip.compress(ORDERS_CSV, mtime=0),
            any_bytes,
            2,
        ),
        parser("orders (JSON Lines)", "orders.jsonl", lines, json_line, 2),
        parser("orders (Parquet)", "orders.parquet", parquet.getvalue(), any_bytes, 2),
        parser("trades (CSV)", "trades.csv", TRADES_CSV, csv_text, 2, trades),
    ]


def reference_string_parsers(honest: HonestDay, folder: Path) -> list[Parser]:
    """``.ptau`` files and our own."""
    arithmetic = engine()
    srs = new_development(16, arithmetic, "campaign")

    def told(string: StructuredReferenceString) -> Hashable:
        return string.identifier, string.powers.tobytes()

    def read_ptau(path: Path) -> StructuredReferenceString:
        return import_ptau(path, name="made-up", engine=arithmetic)

    return [
        Parser(
            "ptau",
            [build(power=2).encode(), build(power=1).encode()],
            file_reader(folder / "file.ptau", read_ptau),
            told,
            0.25,
            # all of its points are checked: no other string may come out of a damaged file
            is_believed=lambda _: True,
        ),
        Parser(
            "stored SRS",
            [encode_srs(srs)],
            file_reader(folder / "file.srs", read_srs),
            told,
            0.8,
            lambda string, data: encode_srs(string) == data,
            is_believed=lambda string: holds(check_powers, string, arithmetic),
            seal=sealed,
        ),
    ]


def node_parsers(honest: HonestDay, folder: Path) -> list[Parser]:
    """A node's configuration, checkpoint, ledger and export; the router's logs."""
    day, snapshot = honest.day, honest.day.world.snapshot
    honest.ledger(folder / "honest.db", 2)
    checkpoint = (folder / "honest.db.checkpoint").read_bytes()
    with Ledger(folder / "honest.db") as ledger:
        export_ledger(ledger, folder / "honest.jsonl")
    (folder / "ledger.db.checkpoint").write_bytes(checkpoint)
    log = folder / "disclosures.log"
    for data in honest.disclosures:
        append_disclosure(log, decode_disclosure(data, "x"), Choice([3]), 0)
    (folder / "key.json").write_bytes(encode_key(honest.key))
    (folder / "traders.json").write_bytes(
        encode_traders({account: frozenset([day.trader_key]) for account in day.accounts})
    )
    configuration = f"""\
chain = "{day.world.policy.chain}"
node = "{day.node(honest.slot)}"
keys = ["key.json"]
key_digests = ["{honest.key.digest.hex()}"]
routers = ["{day.world.router_key.hex()}"]
srs = ["{honest.key.srs}"]
[orders]
signatures = "registered"
traders = "traders.json"
[telemetry.nodes]
"{snapshot.nodes[0].name}" = "{day.trader_key.hex()}"
""".encode()

    def read_ledger(path: Path) -> Hashable:
        for left_over in ("-wal", "-shm"):
            path.with_name(path.name + left_over).unlink(missing_ok=True)
        (folder / "ledger.db.checkpoint").write_bytes(checkpoint)
        with Ledger(path) as opened:
            entries = tuple(opened.entries())
            opened.forks()
            opened.snapshot(snapshot.digest)
            opened.orders_of(0)
            return entries

    def read_intake(path: Path) -> Hashable:
        for left_over in ("-wal", "-shm"):
            path.with_name(path.name + left_over).unlink(missing_ok=True)
        with Intake(path, Terms(day.world.policy), day.world.router) as intake:
            taken = intake.take(0, 64)
            return taken.orders.records.tobytes(), taken.head, tuple(taken.leaves.leaves)

    def read_parts(path: Path) -> tuple[ExportStart, list[Any]]:
        start, parts = read_export(path)
        return start, list(parts)

    def batches(export: tuple[ExportStart, list[Any]]) -> Hashable:
        start, parts = export
        return start, *(part for part in parts if not isinstance(part, Snapshot))

    def imports(_: Any) -> bool:
        (folder / "new.db").unlink(missing_ok=True)
        (folder / "new.db.checkpoint").unlink(missing_ok=True)
        with Ledger(folder / "new.db") as new:
            return holds(import_ledger, new, folder / "export.jsonl", day.configuration())

    def terms(node_file: NodeFile) -> Hashable:
        return repr(node_file)

    return [
        Parser(
            "node configuration",
            [configuration],
            file_reader(folder / "node.toml", read_configuration),
            terms,
            0.3,
            mutate=toml_text,
        ),
        Parser(
            "checkpoint",
            [checkpoint],
            file_reader(folder / "checkpoint", read_checkpoint),
            lambda found: found,
            3,
            mutate=json_document,
        ),
        Parser(
            "disclosure log",
            [log.read_bytes()],
            file_reader(folder / "log", read_disclosure_log),
            repr,
            2,
            mutate=json_line,
            # a last line that was cut off was never acted on; anything else must be noticed
            is_believed=lambda lines: len(lines) >= len(honest.disclosures),
        ),
        Parser(
            "ledger (SQLite)",
            [(folder / "honest.db").read_bytes()],
            file_reader(folder / "ledger.db", read_ledger),
            lambda entries: entries,
            1,
            is_believed=lambda _: True,
        ),
        Parser(
            "intake log (SQLite)",
            [_database(honest.folder / "intake.db")],
            file_reader(folder / "intake.db", read_intake),
            lambda taken: taken,
            1,
        ),
        Parser(
            "ledger export",
            [(folder / "honest.jsonl").read_bytes()],
            file_reader(folder / "export.jsonl", read_parts),
            batches,
            0.15,
            mutate=json_line,
            is_believed=imports,
        ),
    ]


def _database(path: Path) -> bytes:
    """The bytes of a database with everything in its one file."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def request_body(honest: HonestDay, number: int) -> dict[str, Any]:
    """What a router posts to the node of ``honest.slot``."""
    day = honest.day
    return {
        "header": json.loads(encode_header(day.batches[number].header)),
        "proof": base64.b64encode(day.proofs[number]).decode(),
        "slice": base64.b64encode(encode_slice(day.slices[number][honest.slot])).decode(),
    }


def request_parsers(honest: HonestDay, folder: Path) -> list[Parser]:
    """The body of a request: read alone, and posted to a service that waits for batch 1."""
    body = json.dumps(request_body(honest, 1)).encode()
    offered = request_body(honest, 1) | {
        "snapshot": json.loads(honest.day.world.snapshot.canonical_bytes()),
        "telemetry": json.loads(encode_telemetry(honest.telemetry)),
    }

    def told(submission: Submission) -> Hashable:
        header = json.dumps(json.loads(submission.header), sort_keys=True)
        return header, submission.proof, submission.part, repr(submission.snapshot)

    return [
        Parser(
            "request body",
            [body, json.dumps(offered).encode()],
            lambda data: read_submission(data, 1 << 20),
            told,
            1,
            mutate=json_document,
        ),
        Parser(
            "POST /v1/batches",
            [body],
            Posted(honest, folder),
            lambda accepted: accepted,
            0.5,
            mutate=json_document,
            is_believed=lambda _: True,
        ),
    ]


class RefusalError(Exception):
    """The service answered with a refusal; counted like a typed error."""


class Posted:
    """Posts a body; what the service accepted must be, to the byte, the honest batch."""

    def __init__(self, honest: HonestDay, folder: Path) -> None:
        from fastapi.testclient import TestClient

        from zkroute.service.app import create_app

        logging.getLogger("zkroute.service").setLevel(logging.CRITICAL)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.honest, self.path = honest, folder / "posted.db"
        self.start = lambda gate: TestClient(create_app(gate))
        honest.ledger(self.path, 1)
        self.saved = {name: name.read_bytes() for name in folder.glob("posted.db*")}
        self.open()

    def open(self) -> None:
        for name, data in self.saved.items():
            name.write_bytes(data)
        self.ledger = Ledger(self.path)
        self.client = self.start(self.honest.gate(self.ledger))
        self.client.__enter__()

    def reopen(self) -> None:
        self.client.__exit__(None, None, None)
        self.ledger.close()
        for left_over in self.path.parent.glob("posted.db*"):
            left_over.unlink()
        self.open()

    def __call__(self, data: bytes) -> Hashable:
        answer = self.client.post("/v1/batches", content=data)
        found = answer.json()
        if answer.status_code in (400, 409, 413, 422) and found["accepted"] is False:
            raise RefusalError(found["code"])
        assert answer.status_code == 200, (answer.status_code, found)
        entry = self.ledger.head
        assert entry is not None
        accepted = entry.header_bytes, entry.proof, tuple(found["settle"])
        self.reopen()
        return accepted


EVERY_FILE = (order_parsers, reference_string_parsers, node_parsers, request_parsers)
