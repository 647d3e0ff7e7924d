"""docs/settlement-formats.md has every field, and says what is hashed and signed.

Files are made by the code, and read and recomputed here by what the page says alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.settlement.chains import chain
from tests.support.shared import ROOT
from tests.support.world import World
from zkroute.formats import (
    disclosure,
    evidence,
    handover,
    ledger_export,
    receipt,
    telemetry,
    traders,
)
from zkroute.model.order import ORDER_RECORD
from zkroute.protocol.header import Header
from zkroute.settlement import checkpoint, disclosure_log, ledger_file
from zkroute.settlement.disclosure import Choice, disclose
from zkroute.settlement.errors import ForkError
from zkroute.settlement.exchange import export_ledger
from zkroute.settlement.intake import Intake, Terms
from zkroute.settlement.intake_file import KIND as INTAKE
from zkroute.settlement.ledger import MAX_FORKS_PER_BATCH, Ledger
from zkroute.settlement.order_signatures import sign_orders
from zkroute.settlement.router_keys import sign_handover
from zkroute.settlement.telemetry import gather, sign_statement

PAGE = (ROOT / "docs/settlement-formats.md").read_text(encoding="utf-8")
CHAIN = "test"
ORDERS = [bytes([number]) * 32 for number in range(5)]


def section(title: str) -> str:
    parts = re.split(r"^##+ (.+)\n", PAGE, flags=re.MULTILINE)
    return parts[parts.index(title) + 1]


def fields(title: str, head: str = "field") -> list[str]:
    """Names in the first column of the section's table with this head, in order."""
    body = section(title).split(f"| {head} | type | meaning |\n")[1].split("\n\n")[0]
    return [name for line in body.split("\n")[1:] for name in names(line.split(" | ")[0])]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def columns(title: str) -> dict[str, list[str]]:
    """Table of the database to its columns, as the page lists them."""
    body = section(title).strip().split("| table | column | content |\n")[1].split("\n\n")[0]
    found: dict[str, list[str]] = {}
    for line in body.split("\n")[1:]:
        table, column = (names(cell) for cell in line.strip("|").split(" | ")[:2])
        if table:
            found[table[0]] = []
        found[list(found)[-1]] += column
    return found


def canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def signed(public: str, signature: str, domain: str, document: dict[str, Any]) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    key.verify(bytes.fromhex(signature), domain.encode() + canonical(document))


@pytest.fixture(scope="module")
def intake(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    path = tmp_path_factory.mktemp("intake") / "intake.db"
    with Intake(path, Terms(world.policy), world.router) as opened:
        yield opened


@pytest.fixture(scope="module")
def receipts(world: World, intake: Intake) -> list[receipt.Receipt]:
    orders = sign_orders(world.orders(3), world.policy, Ed25519PrivateKey.generate())
    return intake.submit(orders.orders, orders.envelopes)


@pytest.fixture
def filled(plain_world: World, like: Header, tmp_path: Path) -> Iterator[Ledger]:
    """Three batches, two of them with orders, and a fork."""
    with Ledger(tmp_path / "ledger.db") as ledger:
        headers = chain(like, 3)
        for header, orders in zip(headers, (ORDERS[:2], [], ORDERS[2:]), strict=True):
            proof = b"proof" + header.digest
            ledger.append(header, proof, plain_world.snapshot, orders, now_ms=1_700)
        with pytest.raises(ForkError):
            ledger.append(chain(like, 1)[0], b"", plain_world.snapshot)
        yield ledger


def test_receipt(receipts: list[receipt.Receipt]) -> None:
    head = digest(b"zkroute/intake-start/v1", receipts[0].chain.encode())
    for each in receipts:
        file = json.loads(receipt.encode_receipt(each))
        assert list(file) == fields("Receipt")
        assert file["digest"].startswith("00")
        assert file["before"] == head.hex()
        sequence, time_ms = (file[name].to_bytes(8, "big") for name in ("sequence", "time_ms"))
        order = bytes.fromhex(file["digest"])
        leaf = digest(b"zkroute/intake-leaf/v1", sequence, order, time_ms)
        head = digest(b"zkroute/intake-log/v1", head, leaf)
        chosen = fields("Receipt")[2:-1]
        assert (chosen[0], chosen[-1]) == ("chain", "before")
        message = {name: file[name] for name in chosen} | {"head": head.hex()}
        signed(file["router"], file["signature"], "zkroute/receipt/v1", message)


def test_evidence(receipts: list[receipt.Receipt], like: Header) -> None:
    kind = evidence.EvidenceKind.FORK
    whole = evidence.Evidence(kind, tuple(receipts[:2]), (like, like), None, b"\1", b"\2")
    file = json.loads(evidence.encode_evidence(whole))
    assert list(file) == fields("Evidence")
    assert list(file["receipts"][0]) == fields("Receipt")
    del file["receipts"], file["headers"]
    bare = evidence.decode_evidence(json.dumps(file).encode(), "evidence")
    assert bare == evidence.Evidence(kind, inclusion=b"\1", record=b"\2")
    table = section("Evidence").split("| kind | receipts |")[1].split("\n\n")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert listed == [each.value for each in evidence.EvidenceKind]


def test_disclosure_and_its_log(world: World, tmp_path: Path) -> None:
    batch = world.commit(world.orders(9))
    path = tmp_path / "disclosures.log"
    choices = [
        Choice([4, 2], ["price"], [1, 0]),
        Choice([3], with_documents=True),
    ]
    before = bytes(32)
    for number, choice in enumerate(choices):
        made = disclose(world.proving_key, batch, choice, "The Authority", "case 7")
        file = disclosure.encode_disclosure(made)
        assert list(json.loads(file)) == fields("Disclosure")
        assert [len(each) for each in made.records] == [ORDER_RECORD.itemsize] * number
        disclosure_log.append_disclosure(path, made, choice, 0)
        data = path.read_bytes().split(b"\n")[number]
        line = json.loads(data)
        assert data == canonical(line)
        assert set(line) == set(fields("Disclosure log"))
        assert line["file"] == digest(file).hex()
        assert (line["number"], line["time_ms"]) == (number, made.made_ms)
        others = canonical({name: value for name, value in line.items() if name != "link"})
        before = digest(b"zkroute/disclosure-log/v1", before, others)
        assert line["link"] == before.hex()
    first, last = map(json.loads, path.read_bytes().splitlines())
    assert [first[name] for name in ("sequence", "columns", "slots", "documents")] == [
        [2, 4],
        ["price"],
        [0, 1],
        False,
    ]
    assert (last["columns"], last["documents"]) == ([], True)


def test_traders() -> None:
    document = dict(zip(fields("Traders"), (traders.FORMAT, 1, {"7": ["ab" * 32]}), strict=True))
    read = traders.decode_traders(json.dumps(document).encode(), "traders")
    assert read == {7: frozenset([b"\xab" * 32])}


def test_signed_snapshot(world: World) -> None:
    key = Ed25519PrivateKey.generate()
    nodes = world.snapshot.nodes
    statements = [sign_statement(node, CHAIN, key, 5, 9) for node in nodes]
    file = json.loads(telemetry.encode_telemetry(gather(world.snapshot, statements)))
    assert list(file) == fields("Signed snapshot")
    assert file["snapshot"] == world.snapshot.digest.hex()
    published = json.loads(world.snapshot.canonical_bytes())["nodes"]
    for statement, entry in zip(file["statements"], published, strict=True):
        assert list(statement) == fields("Signed snapshot", "field of a statement")
        assert statement["node"] == entry["name"]
        message = {name: statement[name] for name in ("issued_ms", "expires_ms")}
        message |= {"chain": CHAIN, "node": {k: v for k, v in entry.items() if k != "forecast"}}
        domain = "zkroute/telemetry-statement/v1"
        signed(statement["signer"], statement["signature"], domain, message)


def test_handover() -> None:
    made = sign_handover(CHAIN, Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), 7)
    file = json.loads(handover.encode_handover(made))
    assert list(file) == fields("Handover")
    message = {name: file[name] for name in ("chain", "from_batch", "new", "old")}
    for who in ("old", "new"):
        signed(file[who], file[f"{who}_signature"], "zkroute/router-handover/v1", message)


def test_ledger(filled: Ledger) -> None:
    with closing(sqlite3.connect(filled.path)) as database:
        assert described(database) == columns("Ledger")
        assert settings(database) == (ledger_file.KIND.application_id, ledger_file.KIND.version)
        link = bytes(32)
        asked = ", ".join(columns("Ledger")["batches"])
        for row in database.execute(f"SELECT {asked} FROM batches ORDER BY height"):  # noqa: S608
            entry = dict(zip(columns("Ledger")["batches"], row, strict=True))
            settled = database.execute(
                "SELECT digest FROM orders WHERE height = ? ORDER BY position", (entry["height"],)
            )
            orders = digest(b"zkroute/ledger-orders/v1", *(each for (each,) in settled))
            assert entry["orders"] == orders
            link = linked(link, entry)
            assert entry["link"] == link
            indented = json.dumps(json.loads(entry["header"]), indent=2) + "\n"
            assert entry["header"] == indented.encode()
        assert database.execute("SELECT count(*) FROM forks").fetchone() == (1,)
    file = json.loads(filled.checkpoint_path.read_bytes())
    below = section("Ledger").split("`ledger.db.checkpoint`")[1]
    assert list(file) == re.findall(r"^\| `(\w+)` \|", below, re.MULTILINE)
    assert (file["batches"], file["link"]) == (3, link.hex())


def linked(before: bytes, entry: dict[str, Any]) -> bytes:
    return digest(
        b"zkroute/ledger-link/v1",
        before,
        entry["height"].to_bytes(8, "big"),
        entry["digest"],
        entry["parent"],
        digest(entry["header"]),
        digest(entry["proof"]),
        entry["orders"],
        entry["accepted_ms"].to_bytes(8, "big"),
    )


def test_ledger_export(filled: Ledger, tmp_path: Path) -> None:
    export_ledger(filled, tmp_path / "ledger.jsonl")
    first, snapshot, *batches = map(json.loads, (tmp_path / "ledger.jsonl").open("rb"))
    assert list(first) == fields("Ledger export")
    assert list(snapshot) == fields("Ledger export", "field of a snapshot's line")
    assert first["batches"] == len(batches) == 3
    link = bytes(32)
    for batch in batches:
        assert list(batch) == fields("Ledger export", "field of a batch's line")
        entry = asdict(entry_at(filled, batch["header"]["batch"]))
        assert batch["proof"] == entry["proof"].hex()
        orders = [bytes.fromhex(each) for each in batch["orders"]]
        written = {
            **entry,
            "header": (json.dumps(batch["header"], indent=2) + "\n").encode(),
            "orders": digest(b"zkroute/ledger-orders/v1", *orders),
            "accepted_ms": batch["accepted_ms"],
        }
        link = linked(link, written)
    assert first["link"] == link.hex()


def entry_at(ledger: Ledger, height: int) -> Any:
    entry = ledger.entry(height)
    assert entry is not None
    return entry


def test_intake_log(intake: Intake, receipts: list[receipt.Receipt]) -> None:
    with closing(sqlite3.connect(intake.path)) as database:
        assert described(database) == columns("Intake log")
        assert settings(database) == (INTAKE.application_id, INTAKE.version)
        lengths = "SELECT length(record), length(envelope) FROM entries"
        found = database.execute(lengths).fetchall()
    assert found == [(ORDER_RECORD.itemsize, 128)] * len(receipts)


def described(database: sqlite3.Connection) -> dict[str, list[str]]:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    return {
        name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
        for (name,) in tables.fetchall()
    }


def settings(database: sqlite3.Connection) -> tuple[int, int]:
    (mark,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert f"application id 0x{mark:X} (`{mark.to_bytes(4, 'big').decode()}`)" in PAGE
    assert f"user version {version}" in PAGE
    return mark, version


@pytest.mark.parametrize(
    ("title", "largest"),
    [
        ("Receipt", receipt.MAX_RECEIPT_BYTES),
        ("Evidence", evidence.MAX_EVIDENCE_BYTES),
        ("Disclosure", disclosure.MAX_DISCLOSURE_BYTES),
        ("Disclosure log", disclosure_log.MAX_LOG_BYTES),
        ("Disclosure log", disclosure_log.MAX_LINE_BYTES),
        ("Traders", traders.MAX_TRADERS_BYTES),
        ("Signed snapshot", telemetry.MAX_TELEMETRY_BYTES),
        ("Handover", handover.MAX_HANDOVER_BYTES),
        ("Ledger", checkpoint.MAX_CHECKPOINT_BYTES),
        ("Ledger export", ledger_export.MAX_LINE_BYTES),
    ],
)
def test_sizes(title: str, largest: int) -> None:
    shown = f"{largest >> 20} MiB" if largest >> 20 else f"{largest >> 10} KiB"
    assert f"at most {shown}" in section(title)


@pytest.mark.parametrize(
    ("title", "module"),
    [
        ("Receipt", receipt),
        ("Evidence", evidence),
        ("Disclosure", disclosure),
        ("Traders", traders),
        ("Signed snapshot", telemetry),
        ("Handover", handover),
        ("Ledger", checkpoint),
        ("Ledger export", ledger_export),
    ],
)
def test_formats_and_versions(title: str, module: Any) -> None:
    assert f"| `format` | text | `{module.FORMAT}` |" in section(title)
    assert f"| `version` | integer | {module.VERSION} |" in section(title)


def test_forks_kept() -> None:
    assert f"at most {MAX_FORKS_PER_BATCH} forks each" in section("Ledger")


def test_every_file_of_the_page_is_in_the_first_table() -> None:
    first = (ROOT / "docs/formats.md").read_text(encoding="utf-8").split("\n## ")[0]
    linked_to = set(re.findall(r"\(settlement-formats\.md#([a-z-]+)\)", first))
    titles = re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)
    assert linked_to == {title.lower().replace(" ", "-") for title in titles}
