"""Files that commands of settlement write: what somebody may still need is never replaced."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.floor import START_MS, Floor, floor
from zkroute.cli.artefacts import read_key
from zkroute.cli.batches import load_batch
from zkroute.cli.intake_input import envelopes_of
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MismatchError
from zkroute.formats.slice import read_slice

__all__ = ["floor"]

DISCLOSING = ("disclose", "make", "batches/0", "--to", "The Authority", "--purpose", "case 7")


def statement(floor: Floor, name: str, output: str, nodes: str = "nodes.toml") -> tuple[str, ...]:
    if not (floor.path / "node.key").exists():
        floor.must("router", "new", "node.key")
    return (
        "telemetry", "sign", "--node", name, "--node-key", "node.key", "--nodes", nodes,
        "--time-ms", str(START_MS), "-o", output,
    )  # fmt: skip


def names(floor: Floor) -> list[str]:
    snapshot = json.loads((floor.path / "batches/0/snapshot.json").read_text())
    return [node["name"] for node in snapshot["nodes"]]


def gathering(floor: Floor, output: str) -> tuple[str, ...]:
    files = []
    for name in names(floor):
        files.append(f"{name}.statement")
        floor.must(*statement(floor, name, files[-1]))
    return ("telemetry", "gather", *files, "-o", output)


def writing(floor: Floor, verb: str, output: str) -> tuple[str, ...]:
    """A command that would write its answer to this file."""
    config = ("--config", "observer.toml")
    if not (floor.path / "observer.toml").exists():
        floor.must("settle", "init", "-o", "observer.toml")
        floor.must("settle", "accept", "batches/0", *config)
    words: dict[str, tuple[str, ...]] = {
        "disclose": (*DISCLOSING, "--sequence", "2", "-o", output),
        "statement": statement(floor, names(floor)[0], output),
        "telemetry": gathering(floor, output) if verb == "telemetry" else (),
        "forecast": ("forecast", "batches/0", "-o", output),
        "export": ("settle", "export", output, *config),
        "node": ("settle", "init", "-o", output),
        "inclusion": ("inclusion", "prove", "batches/0", "--sequence", "4", "-o", output),
    }
    return words[verb]


VERBS = ("disclose", "statement", "telemetry", "forecast", "export", "node", "inclusion")


@pytest.mark.parametrize("verb", VERBS)
def test_no_file_of_another_kind_is_replaced(floor: Floor, verb: str) -> None:
    folder = floor.path / "there.json"
    folder.mkdir(exist_ok=True)
    shutil.copy(floor.path / "key.json", floor.path / "mine.json")
    log = floor.path / "disclosures.log"
    before = log.read_bytes() if log.exists() else b""
    answer = floor.refused(*writing(floor, verb, "mine.json"))
    assert answer["error"] == "usage"
    assert "mine.json is there already" in answer["message"]
    answer = floor.refused(*writing(floor, verb, "there.json"))
    assert "there.json is a folder" in answer["message"]
    assert (floor.path / "mine.json").read_bytes() == (floor.path / "key.json").read_bytes()
    assert not list(folder.iterdir())
    assert (log.read_bytes() if log.exists() else b"") == before


@pytest.mark.parametrize("verb", VERBS)
def test_what_can_be_made_again_is_replaced(floor: Floor, verb: str) -> None:
    words = writing(floor, verb, f"{verb}.json")
    floor.must(*words)
    again = floor.run(*words)
    assert again[0] == (2 if verb in ("disclose", "export", "node") else 0), again


def test_statements_of_nodes_keep_apart(floor: Floor) -> None:
    one, other = names(floor)[:2]
    floor.must(*statement(floor, one, "one.statement"))
    taken = floor.refused(*statement(floor, other, "one.statement"))
    assert "there already" in taken["message"]
    into = gathering(floor, f"{one}.statement")
    assert "one of the statements" in floor.refused(*into)["message"]


def test_proofs_of_another_batch_are_kept(floor: Floor) -> None:
    words = ("inclusion", "prove", "batches/1", "--sequence", 31, "-o", "of-one.bin")
    floor.must(*words)
    other = ("inclusion", "prove", "batches/0", "--sequence", 3, "-o", "of-one.bin")
    assert "there already" in floor.refused(*other)["message"]


def test_orders_together_have_a_file_of_their_own(floor: Floor) -> None:
    prove = ("inclusion", "prove", "batches/0", "--sequence")
    single = floor.path / floor.must(*prove, 3)["proofs"][0]["file"]
    alone = single.read_bytes()
    together = floor.must(*prove, "3,10-12", "--together")["proofs"][0]["file"]
    assert together == "batches/0/inclusion/3,10-12.together.bin"
    assert floor.must(*prove, "3,11-12", "--together")["proofs"][0]["file"] != together
    assert floor.must(*prove, 3, "--together")["proofs"][0]["file"].endswith("/3.bin")
    assert single.read_bytes() == alone


def test_names_of_many_orders_stay_short_and_distinct() -> None:
    folder = BatchFolder(Path("batch"))
    files = [
        folder.inclusion(list(range(start, 4000, step))) for start in (0, 1) for step in (2, 3)
    ]
    assert len(set(files)) == 4
    assert all(len(file.name) < 100 for file in files)
    assert files[0].name.startswith("0-3998.")
    assert folder.inclusion(range(5, 9)).name == "5-8.together.bin"
    assert folder.inclusion([2**40]).name == f"{2**40}.bin"


def test_forks_are_written_once(floor: Floor) -> None:
    config = ("--config", "seeing.toml")
    floor.must("settle", "init", "-o", "seeing.toml")
    floor.must("settle", "accept", "batches/0", *config)
    forks = ("settle", "forks", *config, "-o", "evidence")
    code, out, _ = floor.run(*forks)
    assert code == 0
    assert "no forks" in out
    assert floor.must(*forks)["forks"] == []
    assert not (floor.path / "evidence").exists()
    floor.must("route", "--intake", "intake.db", "--time-ms", START_MS + 1, "-o", "fork")
    seen = floor.refused("settle", "accept", "fork", "--proof", "batches/0/proof.bin", *config)
    assert seen["error"] == "fork"
    (name,) = floor.must(*forks)["forks"]
    assert floor.must(*forks)["forks"] == [name]
    assert floor.must("receipt", "evidence", name)["kind"] == "fork"
    (floor.path / name).write_text("{}")
    assert "there already" in floor.refused(*forks)["message"]
    assert (floor.path / name).read_text() == "{}"


def bare_copy(floor: Floor, name: str) -> Path:
    """The first batch without its slices, in another folder."""
    made = floor.path / name
    shutil.copytree(floor.path / "batches/0", made)
    shutil.rmtree(made / "slices")
    return made


def test_slices_are_signed_by_the_log_that_lies_there(floor: Floor) -> None:
    copy = bare_copy(floor, "signed")
    cut = floor.must("slice", "signed")["slices"]
    assert all(part["signed"] is not False for part in cut)
    part = floor.slice(0, floor.busiest)[1]
    assert (floor.path / part).read_bytes() == (copy / "slices" / Path(part).name).read_bytes()
    floor.must("slice", "signed", "--node", floor.busiest)


def test_unsigned_slices_are_said_to_be_and_replace_no_signed_one(floor: Floor) -> None:
    bare_copy(floor, "unsigned")
    log = floor.path / "intake.db"
    log.rename(floor.path / "elsewhere.db")
    try:
        code, out, _ = floor.run("slice", "unsigned")
        assert code == 0
        assert "name it with --intake" in out
        file = floor.path / "unsigned/slices" / f"{floor.busiest}.slice"
        assert not read_slice(file).envelopes
        before = {path: path.read_bytes() for path in (floor.path / "batches/0/slices").iterdir()}
        refused = floor.refused("slice", "batches/0")
        assert "is signed" in refused["message"]
        assert all(path.read_bytes() == data for path, data in before.items())
        assert floor.must("slice", "unsigned", "--intake", "elsewhere.db")
        assert read_slice(file).envelopes
        file.write_bytes(b"notes")
        other = floor.refused("slice", "unsigned", "--intake", "elsewhere.db")
        assert "there already" in other["message"]
        assert file.read_bytes() == b"notes"
    finally:
        (floor.path / "elsewhere.db").rename(log)


def test_another_log_signs_nothing(floor: Floor) -> None:
    bare_copy(floor, "bare")
    floor.must(
        "receipt", "issue", "0.signed", "--intake", "other.db", "--receipts", "other-receipts"
    )
    for batch in ("bare", "batches/1"):
        refused = floor.refused("slice", batch, "--intake", "other.db")
        assert refused["error"] == "mismatch"
        assert "is not the intake log" in refused["message"]
    assert not (floor.path / "bare/slices").exists()


def test_a_batch_without_a_log_has_no_signatures(floor: Floor) -> None:
    folder = floor.path / "plain"
    folder.mkdir()
    for name in ("key.json", "nodes.toml", "router.key"):
        shutil.copy(floor.path / name, folder)
    lines = (floor.path / "orders.csv").read_text().splitlines()
    (folder / "orders.csv").write_text("\n".join(lines[:2]) + "\n")
    plain = Floor(folder)
    data = {"ZKROUTE_DATA_DIR": str(floor.path / "data")}
    plain.must("route", **data)
    refused = plain.refused("slice", "batches/0", "--intake", floor.path / "intake.db", **data)
    assert "did not take its orders from an intake log" in refused["message"]
    code, out, _ = plain.run("slice", "batches/0", **data)
    assert code == 0
    assert "--intake" not in out
    cut = plain.must("slice", "batches/0", **data)["slices"]
    assert sorted((part["orders"], part["signed"]) for part in cut if part["orders"]) == [
        (1, False)
    ]
    assert {part["signed"] for part in cut if not part["orders"]} == {None}
    assert [line.split()[2] for line in out.splitlines() if " 0 " in line] == ["-"] * (len(cut) - 1)


def test_orders_that_are_not_the_logs_get_no_signature_of_it(floor: Floor) -> None:
    """An order held since before the log has the number of another one in it."""
    key = read_key(floor.path / "key.json")
    batch = load_batch(BatchFolder(floor.path / "batches/0"), key).committed
    log = floor.path / "intake.db"
    assert len(envelopes_of(log, key, batch)) == 30
    records = batch.routed.orders.records.copy()
    records["salt"][3] ^= 1
    documents = batch.routed.documents
    at = batch.routed.source[3]
    altered = documents.records.copy()
    altered[at] = records[3]
    routed = replace(batch.routed, documents=replace(documents, records=altered))
    found = envelopes_of(log, key, replace(batch, routed=routed))
    assert len(found) == 29
    assert int(batch.routed.sequence[3]) not in found
    with pytest.raises(MismatchError):
        envelopes_of(
            log, key, replace(batch, header=replace(batch.header, intake=bytes(31) + b"1"))
        )


def test_what_shows_orders_is_its_owners_alone(floor: Floor) -> None:
    floor.must("slice", "batches/0")
    floor.must("inclusion", "prove", "batches/0", "--sequence", 1)
    floor.must(*DISCLOSING, "--sequence", "1", "-o", "case.json")
    private = [*floor.path.glob("batches/0/slices/*"), *floor.path.glob("batches/0/inclusion/*")]
    assert len(private) >= 3
    for path in (*private, floor.path / "case.json"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_node_gets_the_orders_to_settle(floor: Floor, tmp_path: Path) -> None:
    name = names(floor)[0]
    floor.must("slice", "batches/0")
    part = f"batches/0/slices/{name}.slice"
    config = tmp_path / "node.toml"
    floor.must("settle", "init", "--node", name, "-o", config)
    accept = ("settle", "accept", "batches/0", "--config", config)
    output = tmp_path / "to-settle.csv"
    assert floor.refused(*accept, "--orders-to", output)["error"] == "usage"
    answer = floor.must(*accept, "--slice", part, "--orders-to", output)
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == answer["orders"] > 0
    key = read_key(floor.path / "key.json")
    routed = load_batch(BatchFolder(floor.path / "batches/0"), key).committed.routed
    listed = dict(zip(routed.sequence.tolist(), routed.orders.price.tolist(), strict=True))
    for row in rows:
        assert int(row["price"].replace(".", "")) == listed[int(row["sequence"])]
    assert output.stat().st_mode & 0o077 == 0
    before = output.read_bytes()
    assert floor.must(*accept, "--slice", part, "--orders-to", tmp_path / "again.csv")["again"]
    assert (tmp_path / "again.csv").read_bytes() == before
    assert (
        "not replaced" in floor.refused(*accept, "--slice", part, "--orders-to", output)["message"]
    )
