"""What people get wrong with the verbs of nodes, routers and regulators is said to them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.settlement.floor import START_MS, Floor, floor
from tests.support.shared import ROOT

__all__ = ["floor"]


@pytest.fixture
def observer(floor: Floor, tmp_path: Path) -> tuple[str, str]:
    """Configuration of a new observer that accepted both batches."""
    floor.must("settle", "init", "-o", tmp_path / "seen.toml")
    config = ("--config", str(tmp_path / "seen.toml"))
    for batch in range(2):
        floor.must("settle", "accept", f"batches/{batch}", *config)
    return config


def head_of(floor: Floor, batch: int) -> str:
    entry = floor.must("inspect", f"batches/{batch}/header.json")
    digest: str = entry["digest"]
    return digest


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_wrong_head_makes_no_checkpoint(
    floor: Floor, observer: tuple[str, str], tmp_path: Path, is_lost: bool
) -> None:
    checkpoint = tmp_path / "seen.ledger.db.checkpoint"
    kept = checkpoint.read_bytes()
    if is_lost:
        checkpoint.unlink()
    command = ("settle", "checkpoint", *observer, "--head")
    unknown = floor.refused(*command, "00" * 32)
    assert unknown["error"] == "ledger-rolled-back"
    assert f"{'00' * 32} is not batch 1, the newest here, nor any other" in unknown["message"]
    assert "put back a newer one" in unknown["message"]
    behind = floor.refused(*command, head_of(floor, 0))
    assert "is batch 0 here and not the newest" in behind["message"]
    assert checkpoint.exists() is not is_lost
    floor.must(*command, head_of(floor, 1))
    assert checkpoint.read_bytes() == kept


def test_an_empty_ledger_has_no_head(floor: Floor, tmp_path: Path) -> None:
    floor.must("settle", "init", "-o", tmp_path / "new.toml")
    command = ("settle", "checkpoint", "--config", tmp_path / "new.toml", "--head", "ab" * 32)
    assert f"{'ab' * 32} is not here" in floor.refused(*command)["message"]
    floor.must("settle", "accept", "batches/0", "--config", tmp_path / "new.toml")


def test_nodes_of_one_folder_have_their_own_ledgers(floor: Floor, tmp_path: Path) -> None:
    ledgers = {}
    for name in (
        "node.toml",
        "second.toml",
        "ledger.toml",
        "intake.toml",
        "odd name",
        'sec"ond.toml',
    ):
        ledgers[name] = floor.must("settle", "init", "-o", tmp_path / name)["ledger"]
        answer = floor.must("settle", "status", "--config", tmp_path / name)
        assert answer["ledger"] == ledgers[name]
    assert ledgers["node.toml"] == str(tmp_path / "ledger.db")
    assert ledgers["second.toml"] == str(tmp_path / "second.ledger.db")
    assert len({ledger.lower() for ledger in ledgers.values()}) == len(ledgers)
    floor.must("settle", "accept", "batches/0", "--config", tmp_path / "node.toml")
    again = floor.must("settle", "accept", "batches/0", "--config", tmp_path / "second.toml")
    assert not again["again"]
    (tmp_path / "node.toml").unlink()
    code, out, _ = floor.run("settle", "init", "-o", tmp_path / "node.toml")
    assert code == 0
    assert "goes on with it" in out


def test_export_names_the_link_that_an_import_asks_for(
    floor: Floor, observer: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "own.jsonl"
    answer = floor.must("settle", "export", file, *observer)
    assert answer["link"] == floor.must("settle", "status", *observer)["link"]
    code, out, _ = floor.run("settle", "export", tmp_path / "again.jsonl", *observer)
    assert code == 0
    assert f"link {answer['link']}" in out
    full = floor.refused("settle", "import", file, *observer)
    assert "another file" in full["message"]
    assert "configuration" in full["message"]
    floor.must("settle", "init", "-o", tmp_path / "restored.toml")
    into = ("settle", "import", file, "--config", tmp_path / "restored.toml", "--own-link")
    assert floor.refused(*into, "00" * 32)["error"] == "mismatch"
    assert floor.must(*into, answer["link"])["batches"] == 2


def test_a_list_of_traders_is_read_first(floor: Floor, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    init = ("settle", "init", "-o", tmp_path / "strict.toml", "--traders")
    assert floor.refused(*init, tmp_path / "nope")["error"] == "usage"
    assert floor.refused(*init, tmp_path / "bad.json")["error"] == "malformed"
    assert not (tmp_path / "strict.toml").exists()


def test_strangers_orders_are_kept_out_by_the_list_of_the_nodes(
    floor: Floor, tmp_path: Path
) -> None:
    """One of them would make a node with this list refuse the whole batch."""
    traders = {"format": "zkroute-traders", "version": 1, "accounts": {"1": []}}
    (tmp_path / "traders.json").write_text(json.dumps(traders))
    issue = ("receipt", "issue", "0.signed", "--intake", tmp_path / "intake.db")
    refused = floor.refused(*issue, "--traders", tmp_path / "traders.json")
    assert refused["error"] == "trader-unknown"
    name = floor.busiest
    floor.must(
        "settle", "init", "--node", name, "--traders", tmp_path / "traders.json",
        "-o", tmp_path / "strict.toml",
    )  # fmt: skip
    accept = ("settle", "accept", "batches/0", *floor.slice(0, name))
    strict = floor.refused(*accept, "--config", tmp_path / "strict.toml")
    assert strict["error"] == "trader-unknown"


def test_whole_documents_are_shown(floor: Floor, tmp_path: Path) -> None:
    make = ("disclose", "make", "batches/0", "--to", "The Authority", "--purpose", "case 7")
    file = tmp_path / "d.json"
    floor.must(*make, "--sequence", "2,5", "--documents", "-o", file, "--log", tmp_path / "log")
    fields = floor.must("disclose", "check", file, "batches/0")["document_fields"]
    code, out, _ = floor.run("disclose", "check", file, "batches/0")
    assert code == 0
    rows = (floor.path / "orders.csv").read_text().splitlines()
    titles = rows[0].split(",")
    for number in (2, 5):
        row = dict(zip(titles, rows[1 + number].split(","), strict=True))
        shown = fields[str(number)]
        assert (
            shown.items()
            >= {
                name: row[name] for name in ("client_order_id", "instrument", "side", "account")
            }.items()
        )
        assert float(shown["price"]) == float(row["price"])
        (line,) = [line for line in out.splitlines() if f"document of order {number}:" in line]
        assert all(f"{name} {value}" in line for name, value in shown.items() if value)


@pytest.mark.parametrize("option", ["--to", "--purpose"])
@pytest.mark.parametrize("text", ["", "a\nb", " x", "é", "x" * 200])
def test_what_a_disclosure_cannot_hold_is_a_wrong_option(
    floor: Floor, tmp_path: Path, option: str, text: str
) -> None:
    texts = {"--to": "The Authority", "--purpose": "case 7"} | {option: text}
    words = [word for pair in texts.items() for word in pair]
    refused = floor.refused(
        "disclose", "make", "batches/0", "--sequence", 2, *words,
        "-o", tmp_path / "d.json", "--log", tmp_path / "log",
    )  # fmt: skip
    assert refused["exit_code"] == 2
    assert refused["message"].startswith(f"{option}: ")
    assert not list(tmp_path.iterdir())


def test_missing_and_cut_logs_are_noticed(floor: Floor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    shown = ("disclose", "log", "--log", log)
    assert floor.refused(*shown)["error"] == "usage"
    make = ("disclose", "make", "batches/0", "--to", "X", "--purpose", "y", "--log", log)
    for number in range(2):
        floor.must(*make, "--sequence", number, "-o", tmp_path / f"{number}.json")
    whole = log.read_bytes()
    answer = floor.must(*shown)
    assert (len(answer["lines"]), answer["bytes_cut_off"]) == (2, 0)
    log.write_bytes(whole[:-20])
    code, out, _ = floor.run(*shown)
    assert code == 3
    assert "behind line 1" in out
    assert "cut off" in out
    code, out, _ = floor.run(*shown, "--json")
    answer = json.loads(out)
    assert len(answer["lines"]) == 1
    assert answer["bytes_cut_off"] == len(whole.splitlines(keepends=True)[1]) - 20
    assert floor.refused(*make, "--sequence", 3, "-o", log)["error"] == "usage"
    floor.must(*make, "--sequence", 3, "-o", tmp_path / "3.json")
    assert floor.must(*shown)["bytes_cut_off"] == 0
    log.write_bytes(b"")
    assert "nothing was disclosed" in floor.run(*shown)[1]


def test_statements_of_another_snapshot_are_not_gathered(floor: Floor, tmp_path: Path) -> None:
    text = (floor.path / "nodes.toml").read_text()
    other = tmp_path / "nodes2.toml"
    other.write_text(text.replace("latency_ms = ", "latency_ms = 1", 1))
    assert other.read_text() != text
    floor.must("router", "new", tmp_path / "node.key")
    snapshot = json.loads((floor.path / "batches/0/snapshot.json").read_text())
    files = []
    for node in snapshot["nodes"]:
        files.append(tmp_path / f"{node['name']}.statement")
        floor.must(
            "telemetry", "sign", "--node", node["name"], "--node-key", tmp_path / "node.key",
            "--time-ms", START_MS, "-o", files[-1],
        )  # fmt: skip
    gather = ("telemetry", "gather", *files, "-o", tmp_path / "telemetry.json")
    refused = floor.refused(*gather, "--nodes", other)
    assert refused["error"] == "snapshot-unsigned"
    assert repr(snapshot["nodes"][0]["name"]) in refused["message"]
    assert not (tmp_path / "telemetry.json").exists()
    policy = tmp_path / "policy.toml"
    policy.write_text((floor.path / "policy.toml").read_text().replace('chain = "', 'chain = "x'))
    assert floor.refused(*gather, "--policy", policy)["error"] == "snapshot-unsigned"
    floor.must(*gather)


def test_a_port_in_use_is_a_sentence(floor: Floor, tmp_path: Path) -> None:
    floor.must("settle", "init", "-o", tmp_path / "node.toml")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ("serve", "--config", str(tmp_path / "node.toml"), "--port", str(port))
        ended = subprocess.run(
            [sys.executable, "-m", "zkroute.cli", *words],
            cwd=floor.path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            timeout=120,
        )
    assert ended.returncode == 2
    (line,) = ended.stderr.decode().splitlines()
    assert f"did not start at 127.0.0.1:{port}" in line
    assert "in use" in line
