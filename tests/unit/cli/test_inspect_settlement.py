"""inspect: the files of traders, nodes, regulators and auditors, and nothing private of them."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Desk
from tests.unit.cli.figures import FIGURES

NODE = "frankfurt-1"
CHAIN = "example-perpetuals"
RECIPIENT = ("--to", "The Authority", "--purpose", "case 7")
KINDS = {
    "orders.csv": "orders",
    "trader.pub": "router's public key",
    "orders.signed": "signed orders",
    "receipts/3.json": "receipt",
    "intake.db": "intake log",
    "batches/0/intake.bin": "leaves of an intake log",
    "batches/0/slices/frankfurt-1.slice": "slice of a batch",
    "batches/0/inclusion/3.bin": "inclusion proof",
    "case.json": "disclosure",
    "disclosures.log": "log of disclosures",
    "demand.json": "evidence against a router",
    "handover.json": "handover of a router",
    "a.statement": "nodes' statements",
    "traders.json": "traders' keys",
    "node.toml": "configuration of a settlement node",
    "ledger.db": "ledger",
    "ledger.db.checkpoint": "checkpoint of a ledger",
    "ledger.jsonl": "ledger written out",
    "published/chain.json": "published chain",
    "report.json": "audit report",
    "report.html": "audit report as a page",
    "figures.jsonl": "figures of 'zkroute bench'",
}


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One batch of signed orders with everything that anybody makes of it."""
    made = Desk(tmp_path_factory.mktemp("floor"))
    made.must("init", made.path, "--orders", 30)
    made.must("srs", "new", "--rows", "2^6")
    made.must("keys")
    made.must("router", "new", "trader.key")
    made.must("receipt", "sign", "--trader-key", "trader.key")
    made.must("receipt", "issue", "orders.signed")
    made.must("route", "--intake", "intake.db")
    made.must("prove", "batches/0")
    made.must("slice", "batches/0", "--intake", "intake.db")
    made.must("inclusion", "prove", "batches/0", "--sequence", 3)
    opened = ("--sequence", "3-5", "--node", NODE)
    made.must("disclose", "make", "batches/0", *opened, *RECIPIENT, "-o", "case.json")
    assert made.run("receipt", "check", "receipts/4.json", "batches/0", "--evidence", "demand.json")
    made.must("router", "handover", "trader.key", "--chain", CHAIN, "--from-batch", 1)
    made.must("telemetry", "sign", "--node", NODE, "--node-key", "trader.key", "-o", "a.statement")
    key = (made.path / "trader.pub").read_text().strip()
    listed = {"format": "zkroute-traders", "version": 1, "accounts": {"5": [key], "6": [key]}}
    (made.path / "traders.json").write_text(json.dumps(listed))
    made.must("settle", "init", "--node", NODE)
    made.must("settle", "accept", "batches/0", "--slice", f"batches/0/slices/{NODE}.slice")
    made.must("settle", "export", "ledger.jsonl")
    made.must("publish", "batches/0", "--into", "published")
    reports = ("--report", "report.json", "--html", "report.html")
    audited = ("audit", "published", "--router", "router.pub", *made.accepting, *reports)
    assert made.run(*audited).code == 0
    figures = json.dumps(dict.fromkeys(FIGURES, 1)) + "\n"
    (made.path / "figures.jsonl").write_text(2 * figures)
    return made


@pytest.mark.parametrize("name", KINDS)
def test_every_file_says_what_it_is(floor: Desk, name: str) -> None:
    answer = floor.must("inspect", name)
    assert answer["kind"] == KINDS[name]
    text = floor.run("inspect", name).stdout
    assert text.startswith(f"{name}: {KINDS[name]}\n")
    assert "[" not in text
    assert "None" not in text


def test_facts_agree_with_one_another(floor: Desk) -> None:
    def fact(name: str, field: str) -> object:
        return floor.must("inspect", name)[field]

    digest = fact("batches/0", "digest")
    for name in ("batches/0/slices/frankfurt-1.slice", "batches/0/inclusion/3.bin", "case.json"):
        assert fact(name, "header_digest") == digest
    assert fact("ledger.db", "head") == fact("published/chain.json", "head") == digest
    assert fact("demand.json", "headers") == [digest]
    links = {fact(name, "link") for name in ("ledger.db", "ledger.db.checkpoint", "ledger.jsonl")}
    assert len(links) == 1
    counted = ("ledger.db", "ledger.db.checkpoint", "ledger.jsonl", "published/chain.json")
    assert {fact(name, "batches") for name in (*counted, "report.json")} == {1}
    assert fact("figures.jsonl", "batches") == 2
    chained = ("receipts/3.json", "handover.json", "intake.db", "ledger.jsonl", "node.toml")
    assert {fact(name, "chain") for name in (*chained, "report.json", "demand.json")} == {CHAIN}
    assert fact("receipts/3.json", "sequence") == 3
    assert fact("demand.json", "receipts") == [4]
    for name in ("orders.signed", "intake.db"):
        assert fact(name, "orders") == 30
    assert (fact("intake.db", "last_sequence"), fact("batches/0/intake.bin", "leaves")) == (29, 30)
    assert (fact("case.json", "orders"), fact("case.json", "nodes")) == (3, 1)
    assert fact("case.json", "recipient") == "The Authority"
    assert fact("a.statement", "statements")[0]["node"] == NODE  # type: ignore[index]
    assert (fact("traders.json", "accounts"), fact("traders.json", "keys")) == (2, 2)
    assert fact("node.toml", "node") == NODE
    assert fact("report.json", "valid") is True
    assert fact("orders.csv", "count") == 30


def test_what_is_private_is_counted_and_not_shown(floor: Desk) -> None:
    row = (floor.path / "orders.csv").read_text().splitlines()[4].split(",")
    price = row[(floor.path / "orders.csv").read_text().splitlines()[0].split(",").index("price")]
    private = ("orders.csv", "orders.signed", "intake.db", "batches/0/slices/frankfurt-1.slice")
    for name in private:
        answer = floor.run("inspect", name)
        assert price not in answer.stdout
        assert "keep it to yourself" in answer.stdout
    assert "The Authority" not in floor.run("inspect", "disclosures.log").stdout


def test_looking_at_a_database_leaves_nothing_beside_it(floor: Desk) -> None:
    names = sorted(path.name for path in floor.path.iterdir())
    for name in ("ledger.db", "intake.db"):
        floor.must("inspect", name)
    assert sorted(path.name for path in floor.path.iterdir()) == names


def test_a_ledger_in_use_is_looked_at_as_it_is_now(floor: Desk, tmp_path: Path) -> None:
    shutil.copy(floor.path / "ledger.db", tmp_path / "used.db")
    with sqlite3.connect(tmp_path / "used.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("DELETE FROM batches")
        connection.commit()
        assert (tmp_path / "used.db-wal").stat().st_size
        answer = floor.must("inspect", tmp_path / "used.db")
        assert (answer["batches"], "head" in answer) == (0, False)


def test_another_programs_database_is_none_of_ours(floor: Desk, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE batches (height INTEGER)")
    answer = floor.run("inspect", tmp_path / "other.db")
    assert answer.code == 2
    assert "none of zkroute's" in answer.stderr
    (tmp_path / "torn.db").write_bytes((floor.path / "ledger.db").read_bytes()[:6000])
    assert floor.run("inspect", tmp_path / "torn.db").code == 3


def test_private_files_laid_open_are_said_so(floor: Desk, tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("modes mean nothing here")
    for name in ("orders.signed", "intake.db", "batches/0/slices/frankfurt-1.slice"):
        shutil.copy(floor.path / name, tmp_path / "open")
        (tmp_path / "open").chmod(0o644)
        answer = floor.run("inspect", tmp_path / "open")
        assert (answer.code, "chmod 600" in answer.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--gates", "--security"])
@pytest.mark.parametrize("name", ["receipts/3.json", "policy.toml", "batches/0/proof.bin"])
def test_only_a_key_has_gates_and_an_error(floor: Desk, name: str, option: str) -> None:
    answer = floor.run("inspect", name, option)
    assert (answer.code, answer.stdout) == (2, "")
    assert f"{name}: {option} is for a verifying key, not: " in answer.stderr


def test_a_protected_key_is_known_without_its_passphrase(
    floor: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "protected.key"
    monkeypatch.setenv("ZKROUTE_PASSPHRASE", "open sesame")
    public = floor.must("router", "new", file, "--passphrase")["public"]
    assert floor.must("inspect", file)["public_key"] == public
    monkeypatch.setenv("ZKROUTE_PASSPHRASE", "another")
    assert floor.run("inspect", file).code == 2
    monkeypatch.delenv("ZKROUTE_PASSPHRASE")
    answer = floor.must("inspect", file)
    assert answer["kind"] == "router's private key"
    assert "protected by a passphrase" in answer["note"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b'{"format":"zkroute-receipt"}', "file", 3),
        (b'{"format":"zkroute-audit","chain":[]}', "file", 3),
        (b'{"format":"zkroute-other"}', "file", 2),
        (b'{"format":["zkroute-receipt"]}', "file", 2),
        (b'{"format":"zkroute-ledger-export"}\n', "file", 3),
        (b'{"link":"","number":0,"recipient":""}\n', "file", 3),
        (b"zkr-slc\0", "file", 3),
        (b"zkr-inc1", "file", 3),
        (b"zkr-int1", "file", 3),
        (b"zkr-sgn1", "file", 3),
        (b"a,b\n1,2\n", "file.csv", 2),
        (b"PAR1", "file.parquet", 3),
        (b'{"a":"b"}\n{"a":"c"}\n', "file.jsonl", 2),
        (b'routers = 5\nchain = "c"\n', "file.toml", 3),
        (b"x" * 64, "file", 3),
        (b"\0" * (1 << 21), "file", 2),
    ],
)
def test_damage_and_strangers_are_refused_in_a_line(
    floor: Desk, tmp_path: Path, content: bytes, name: str, code: int
) -> None:
    path = tmp_path / name
    path.touch(0o600)
    path.write_bytes(content)
    answer = floor.run("inspect", path)
    assert answer.code == code, answer
    assert len(answer.stderr.splitlines()) == 1
    assert str(path) in answer.stderr
