"""Every party's verbs, over one small day: signed orders to receipts, slices, ledgers, evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.settlement.floor import START_MS, Floor, floor
from zkroute.cli.workspace import BatchFolder

__all__ = ["floor"]


def test_batches_come_from_the_intake(floor: Floor) -> None:
    header = json.loads((floor.path / "batches/1/header.json").read_text())
    assert header["first_sequence"] == 30
    assert header["intake"] != "00" * 32
    assert (floor.path / "batches/1/intake.bin").stat().st_size == 20 + 32 * 30
    cut = json.loads((floor.path / "slices.json").read_text())["slices"]
    assert sum(part["orders"] for part in cut) == 30
    assert all(part["signed"] is (True if part["orders"] else None) for part in cut)


def test_node_accepts_its_batches(floor: Floor) -> None:
    name = floor.busiest
    for batch in range(2):
        words = ("settle", "accept", f"batches/{batch}", *floor.slice(batch, name))
        answer = floor.must(*words, *floor.node(name))
        assert answer["batch"] == batch
        assert not answer["again"]
        assert floor.must(*words, *floor.node(name))["again"]
    status = floor.must("settle", "status", *floor.node(name))
    assert (status["batches"], status["forks"]) == (2, 0)
    code, out, _ = floor.run("settle", "status", *floor.node(name))
    assert code == 0
    assert "2 batches, whole and linked" in out


def test_node_refuses_with_a_code(floor: Floor) -> None:
    name = floor.busiest
    floor.must("settle", "init", "--node", name, "-o", "strict.toml")
    text = (floor.path / "strict.toml").read_text()
    accept = ("settle", "accept", "batches/0", "--config", "strict.toml")
    assert floor.refused(*accept)["error"] == "slice-missing"
    other = floor.slice(1, name)
    assert floor.refused(*accept, *other)["error"] == "slice-mismatch"
    later = ("settle", "accept", "batches/1", "--config", "strict.toml", *other)
    assert floor.refused(*later)["error"] == "stale"
    assert floor.refused("settle", "init", "-o", "strict.toml")["error"] == "usage"
    assert floor.refused("settle", "init", "--node", "nobody", "-o", "x")["error"] == "usage"
    registered = text.replace("strict.ledger", "other.ledger").replace('"any"', '"registered"')
    (floor.path / "other.toml").write_text(registered)
    answer = floor.refused(
        "settle", "accept", "batches/0", "--config", "other.toml", *floor.slice(0, name)
    )
    assert answer["error"] == "trader-unknown"


def test_listed_traders_are_known(floor: Floor) -> None:
    key = (floor.path / "trader.pub").read_text().strip()
    traders = {str(account): [key] for account in range(2000)}
    document = {"format": "zkroute-traders", "version": 1, "accounts": traders}
    (floor.path / "traders.json").write_text(json.dumps(document))
    name = floor.busiest
    floor.must("settle", "init", "--node", name, "--traders", "traders.json", "-o", "listed.toml")
    text = (floor.path / "listed.toml").read_text()
    assert 'signatures = "registered"' in text
    floor.must("settle", "accept", "batches/0", "--config", "listed.toml", *floor.slice(0, name))
    floor.must("receipt", "issue", "0.signed", "--traders", "traders.json")


def test_observer_exports_and_imports(floor: Floor) -> None:
    for name in ("one", "two"):
        floor.must("settle", "init", "-o", f"{name}.toml")
    for batch in range(2):
        answer = floor.must("settle", "accept", f"batches/{batch}", "--config", "one.toml")
        assert answer["orders"] is None
    assert floor.must("settle", "export", "one.jsonl", "--config", "one.toml")["batches"] == 2
    assert floor.must("settle", "import", "one.jsonl", "--config", "two.toml")["batches"] == 2
    states = [floor.must("settle", "status", "--config", f"{name}.toml") for name in ("one", "two")]
    assert states[0]["link"] == states[1]["link"]
    (floor.path / "two.ledger.db.checkpoint").unlink()
    lost = floor.refused("settle", "status", "--config", "two.toml")
    assert lost["error"] == "ledger-rolled-back"
    restore = ("settle", "checkpoint", "--config", "two.toml", "--head")
    assert floor.refused(*restore, "00" * 32)["error"] == "ledger-rolled-back"
    assert floor.run(*restore, "short")[0] == 2
    floor.must(*restore, states[0]["header"])
    floor.must("settle", "status", "--config", "two.toml")


def test_trader_follows_an_order(floor: Floor) -> None:
    check = ("receipt", "check", "receipts/40.json", "batches/1")
    missing = floor.refused(*check, "--evidence", "demand.json")
    assert missing["error"] == "missing"
    shown = floor.must("receipt", "evidence", "demand.json")
    assert shown["kind"] == "not-shown"
    proof = floor.must("inclusion", "prove", "batches/1", "--sequence", 40)["proofs"][0]
    assert proof["bytes"] <= 200
    row = floor.must("inclusion", "check", proof["file"], "batches/1")["rows"][0]
    assert row["sequence"] == 40
    with_proof = (*check, "--inclusion", proof["file"])
    assert floor.must(*with_proof)["outcome"] == "included"
    full = (*with_proof, "--after", "batches/0", "--orders", "1.signed")
    assert floor.must(*full)["outcome"] == "included"
    early = ("receipt", "check", "receipts/40.json", "batches/0")
    assert floor.refused(*early)["error"] == "pending"
    other = floor.refused(*with_proof, "--orders", "0.signed")
    assert "does not have the order" in other["message"]
    altered = json.loads((floor.path / "receipts/40.json").read_text()) | {"time_ms": 1}
    (floor.path / "altered.json").write_text(json.dumps(altered))
    assert floor.refused("receipt", "check", "altered.json", "batches/1")["error"] == (
        "receipt-invalid"
    )
    assert not floor.must("receipt", "compare", "receipts/3.json", "receipts/4.json")["contradict"]
    compare = ("receipt", "compare", "receipts/40.json", "altered.json", "--evidence", "lie.bin")
    assert floor.refused(*compare)["error"] == "receipt-invalid"
    assert not (floor.path / "lie.bin").exists()


def test_many_inclusions(floor: Floor) -> None:
    made = floor.must("inclusion", "prove", "batches/0", "--sequence", "3,10-12", "--together")
    assert len(made["proofs"]) == 1
    rows = floor.must("inclusion", "check", made["proofs"][0]["file"], "batches/0")["rows"]
    assert sorted(row["sequence"] for row in rows) == [3, 10, 11, 12]
    assert len(floor.must("inclusion", "prove", "batches/0", "--sequence", "3-5")["proofs"]) == 3
    wrong = floor.refused("inclusion", "check", made["proofs"][0]["file"], "batches/1")
    assert wrong["error"] == "inclusion-invalid"
    for text in ("x", "5-3", "1-99999", ""):
        assert floor.refused("inclusion", "prove", "batches/0", "--sequence", text)["error"] == (
            "usage"
        )
    assert floor.refused("inclusion", "prove", "batches/0", "--sequence", 40)["error"] == "usage"
    both = ("inclusion", "prove", "batches/0", "--sequence", "1,2", "-o", "x.bin")
    assert floor.refused(*both)["error"] == "usage"


def test_regulator_sees_what_was_chosen(floor: Floor) -> None:
    make = ("disclose", "make", "batches/0", "--to", "The Authority", "--purpose", "case 7")
    node = floor.busiest
    floor.must(*make, "--sequence", "2,5", "--field", "price", "--node", node, "-o", "d.json")
    found = floor.must("disclose", "check", "d.json", "batches/0")
    assert [set(row) for row in found["orders"]] == [{"sequence", "digest", "price"}] * 2
    assert len(found["nodes"]) == 1
    assert found["documents"] == {}
    floor.must(*make, "--sequence", 2, "--documents", "-o", "e.json")
    assert list(floor.must("disclose", "check", "e.json", "batches/0")["documents"]) == ["2"]
    lines = floor.must("disclose", "log")["lines"]
    assert [line["purpose"] for line in lines] == ["case 7"] * 2
    assert floor.refused("disclose", "check", "d.json", "batches/1")["error"] == (
        "inclusion-invalid"
    )
    for words in (
        (),
        ("--sequence", 77),
        ("--node", "nobody"),
        ("--sequence", 2, "--field", "secret"),
    ):
        assert floor.refused(*make, *words, "-o", "f.json")["error"] == "usage"
    assert not (floor.path / "f.json").exists()
    assert len(floor.must("disclose", "log")["lines"]) == 2
    bad = ("disclose", "make", "batches/0", "--to", "a\nb", "--purpose", "x", "--sequence", 2)
    assert floor.refused(*bad, "-o", "g.json")["error"] == "usage"


def test_keys_are_protected_and_handed_over(floor: Floor) -> None:
    secret = {"ZKROUTE_PASSPHRASE": "correct horse"}
    floor.must("router", "new", "next.key", "--passphrase", **secret)
    assert (floor.path / "next.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    assert floor.refused("router", "new", "next.key")["error"] == "usage"
    chain = json.loads((floor.path / "batches/0/header.json").read_text())["chain"]
    words = ("router", "handover", "next.key", "--chain", chain, "--from-batch", 2)
    assert floor.refused(*words)["error"] == "usage"
    wrong = floor.refused(*words, **{"ZKROUTE_PASSPHRASE": "wrong"})
    assert "does not open" in wrong["message"]
    answer = floor.must(*words, **secret)
    assert answer["new"] == (floor.path / "next.pub").read_text().strip()
    pem = (floor.path / "router.key").read_text()
    floor.must(*words, "-o", "same.json", ZKROUTE_ROUTER_KEY=pem, **secret)
    assert (floor.path / "same.json").read_bytes() == (floor.path / "handover.json").read_bytes()
    nothing = {"ZKROUTE_PASSPHRASE": ""}
    words = ("router", "protect", "router.key", "-o", "guarded.key")
    assert floor.refused(*words, **nothing)["message"] == "an empty passphrase protects nothing"
    floor.must("router", "protect", "router.key", "-o", "guarded.key", **secret)
    floor.must("router", "protect", "guarded.key", "--remove", "-o", "open.key", **secret)
    assert (floor.path / "open.key").read_bytes() == (floor.path / "router.key").read_bytes()
    floor.must(
        "receipt", "check", "receipts/3.json", "batches/0", "--handover", "handover.json",
        "--inclusion", inclusion_of(floor, 3),
    )  # fmt: skip


def inclusion_of(floor: Floor, sequence: int) -> str:
    made = floor.must("inclusion", "prove", "batches/0", "--sequence", sequence)
    file: str = made["proofs"][0]["file"]
    return file


def test_snapshot_signed_by_its_nodes(floor: Floor) -> None:
    snapshot = json.loads((floor.path / "batches/0/snapshot.json").read_text())
    names = [node["name"] for node in snapshot["nodes"]]
    public = {}
    for name in names:
        public[name] = floor.must("router", "new", f"{name}.nodekey")["public"]
        floor.must(
            "telemetry", "sign", "--node", name, "--node-key", f"{name}.nodekey",
            "--time-ms", START_MS - 5, "-o", f"{name}.statement",
        )  # fmt: skip
    files = [f"{name}.statement" for name in names]
    assert floor.must("telemetry", "gather", *files)["statements"] == len(names)
    assert floor.refused("telemetry", "gather", *files[1:])["error"] == "mismatch"
    wrong = ("telemetry", "sign", "--node", "nobody", "--node-key", "trader.key", "-o", "x")
    assert floor.refused(*wrong)["error"] == "usage"
    floor.must("settle", "init", "-o", "signed.toml")
    text = (floor.path / "signed.toml").read_text()
    text = text.replace('["nodes.toml"]', "[]")
    lines = [f'{name} = "{key}"' for name, key in public.items()]
    (floor.path / "signed.toml").write_text(text + "\n".join(lines) + "\n")
    accept = ("settle", "accept", "batches/0", "--config", "signed.toml")
    assert floor.refused(*accept)["error"] == "snapshot-unknown"
    assert floor.refused(*accept, "--snapshot", "nodes.toml")["error"] == "usage"
    floor.must(*accept, "--snapshot", "nodes.toml", "--telemetry", "telemetry.json")


CONFIGURATIONS = {
    "unknown key": ("routers =", "rooters ="),
    "not TOML": ("chain =", "chain"),
    "another digest": ('key_digests = ["', 'key_digests = ["0000'),
    "no digests": ("key_digests =", "# key_digests ="),
    "another chain": ('chain = "', 'chain = "x'),
    "missing file": ("key.json", "none.json"),
    "number for text": ('ledger = "plain.ledger.db"', "ledger = 7"),
    "no such choice": ('signatures = "', 'signatures = "x'),
    "text for list": ("snapshots = [", 'snapshots = "x" # ['),
    "no srs": ("srs = [", "srs = [] # ["),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configuration_with_a_mistake(floor: Floor, name: str) -> None:
    if not (floor.path / "plain.toml").exists():
        floor.must("settle", "init", "-o", "plain.toml")
    old, new = CONFIGURATIONS[name]
    text = (floor.path / "plain.toml").read_text()
    assert old in text
    (floor.path / "mistaken.toml").write_text(text.replace(old, new, 1))
    answer = floor.refused("settle", "status", "--config", "mistaken.toml")
    assert answer["error"] in ("malformed", "mismatch", "usage")
    assert "mistaken.toml" in answer["message"] or "none.json" in answer["message"]


def test_no_secret_is_shown(floor: Floor) -> None:
    """Neither keys nor orders reach what commands print."""
    shown = "".join(
        floor.run(*words)[1]
        for words in (
            ("settle", "status", *floor.node(floor.busiest)),
            ("inspect", "router.key"),
            ("disclose", "log"),
        )
    )
    secret = (floor.path / "router.key").read_text().splitlines()[1]
    assert secret not in shown


def test_slices_of_two_nodes_never_share_a_file() -> None:
    folder = BatchFolder(Path("batch"))
    names = ["a", "a.b", "a_b", "a/b", "a:b", "a/../b", "a..b", "a.", "a-b", "a/b/", "A", "A.b"]
    names.append(folder.slice("a/b").stem)
    files = [folder.slice(name) for name in names]
    assert len({str(file).lower() for file in files}) == len(names)
    assert all(file.parent == Path("batch/slices") for file in files)
    assert folder.slice("frankfurt-1").name == "frankfurt-1.slice"
