"""From an empty folder to a verified chain, by the commands alone."""

import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.holding import HOLDING_POLICY
from tests.support.shared import shared_path
from tests.unit.cli.conftest import ORDERS, Desk
from zkroute.cli.batches import load_parent, record_child
from zkroute.errors import UsageError
from zkroute.formats.batch import read_batch, write_batch
from zkroute.formats.documents import read_snapshot


def copy(desk: Desk, name: str, source: str = "batches/0") -> Path:
    target = desk.path / "copies" / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(desk.path / source, target)
    return target


def test_init_writes_five_files_and_overwrites_none(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    answer = desk.must("init", folder)
    names = ["nodes.toml", "orders.csv", "policy.toml", "router.key", "router.pub"]
    assert answer["files"] == sorted(path.name for path in folder.iterdir()) == names
    before = (folder / "router.key").read_bytes()
    again = desk.run("init", folder)
    assert again.code == 2
    assert "already has" in again.stderr
    assert (folder / "router.key").read_bytes() == before


def test_private_files_are_their_owners_alone(desk: Desk) -> None:
    if os.name != "posix":
        pytest.skip("modes mean nothing here")
    for name in ("router.key", "batches/0/batch.private"):
        assert stat.S_IMODE((desk.path / name).stat().st_mode) == 0o600
    for name in ("router.pub", "key.json", "batches/0/header.json", "batches/0/proof.bin"):
        assert stat.S_IMODE((desk.path / name).stat().st_mode) & 0o444 == 0o444


def test_the_chain_verifies_link_by_link(desk: Desk) -> None:
    first = desk.must("verify", "batches/0", "--start", *desk.accepting)
    assert first["valid"] is True
    assert (first["batch"], first["first_sequence"], first["orders"]) == (0, 0, ORDERS)
    assert first["place_checked"] is True
    second = desk.must("verify", "batches/1", "--after", "batches/0", *desk.accepting)
    assert (second["batch"], second["first_sequence"]) == (1, ORDERS)


def test_a_header_file_will_do_for_its_folder(desk: Desk) -> None:
    header = "batches/1/header.json"
    words = ("verify", header, "--after", "batches/0/header.json", *desk.accepting)
    assert desk.must(*words)["valid"] is True


def test_an_unchecked_place_is_said(desk: Desk) -> None:
    answer = desk.run("verify", "batches/1", *desk.accepting)
    assert answer.code == 0
    assert "place in the chain was not checked" in answer.stdout
    assert desk.must("verify", "batches/1", *desk.accepting)["place_checked"] is False


def test_keys_are_the_same_for_everyone(desk: Desk, tmp_path: Path) -> None:
    again = desk.must("keys", "--output", tmp_path / "again.json", "--rows", "64")
    assert (tmp_path / "again.json").read_bytes() == (desk.path / "key.json").read_bytes()
    assert again["rows"] == 64


@pytest.mark.parametrize(("orders", "rows"), [("65", 128), ("64", 64), ("orders.csv", 64)])
def test_the_row_class_follows_the_number_of_orders(
    desk: Desk, tmp_path: Path, orders: str, rows: int
) -> None:
    desk.run("srs", "new", "--rows", "2^7", "--name", "larger")
    words = ("keys", "--srs", "larger", "--orders", orders, "--output", tmp_path / "key.json")
    assert desk.must(*words)["rows"] == rows


def test_routing_says_where_the_orders_went(desk: Desk, tmp_path: Path) -> None:
    answer = desk.must("route", "--output", tmp_path / "batch")
    assert sum(node["orders"] for node in answer["nodes"]) == answer["orders"] == ORDERS
    text = desk.run("route", "--output", tmp_path / "other").stdout
    assert "frankfurt-1" in text
    assert "next: zkroute prove" in text


def test_a_batch_is_not_routed_over_another(desk: Desk) -> None:
    before = (desk.path / "batches/0/header.json").read_bytes()
    answer = desk.run("route", "--output", "batches/0")
    assert answer.code == 2
    assert "already holds a batch; to go on from it, add --after batches/0" in answer.stderr
    assert (desk.path / "batches/0/header.json").read_bytes() == before


def test_a_batch_is_proven_once_and_that_proof_written_again(desk: Desk, tmp_path: Path) -> None:
    answer = desk.must("prove", "batches/0", "--output", tmp_path / "proof.bin")
    assert answer["made_before"] is True
    assert (tmp_path / "proof.bin").read_bytes() == (desk.path / "batches/0/proof.bin").read_bytes()


def test_prove_says_what_it_expects_and_what_it_took(desk: Desk, tmp_path: Path) -> None:
    desk.must("route", "--output", tmp_path / "batch")
    answer = desk.run("prove", tmp_path / "batch")
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("expecting about ")
    assert " MB with " in lines[0]
    assert lines[1].startswith("proven in ")
    assert answer.stderr == ""
    desk.must("route", "--output", tmp_path / "other")
    figures = desk.must("prove", tmp_path / "other")
    assert figures["seconds"] > 0
    assert figures["expected_seconds"] > 0
    assert figures["expected_mb"] > 0


def test_next_batches_of_one_batch_are_counted_and_bounded(desk: Desk, tmp_path: Path) -> None:
    parent = copy(desk, "parent")
    private = read_batch(parent / "batch.private")
    assert private.children == 1
    answer = desk.run("route", "--after", parent, "--output", tmp_path / "fork")
    assert answer.code == 2
    assert "are a fork" in answer.stderr
    assert not (tmp_path / "fork").exists()
    another = ("route", "--after", parent, "--again", "--output")
    for number in range(3):
        desk.must(*another, tmp_path / str(number))
    answer = desk.run(*another, tmp_path / "one too many")
    assert answer.code == 2
    assert "go on from one of them" in answer.stderr
    assert not (tmp_path / "one too many").exists()
    assert read_batch(parent / "batch.private").children == 4


def test_a_batch_gets_a_folder_of_its_own(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    answer = desk.run("route", "--output", tmp_path)
    assert answer.code == 2
    assert "holds notes.txt, which is no part of a batch" in answer.stderr
    answer = desk.run("route", "--output", tmp_path / "notes.txt")
    assert answer.code == 2
    assert "is a file" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    # what a run that was cut short leaves is no obstacle
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "batch.private").write_bytes(b"half a story")
    desk.must("route", "--output", tmp_path / "cut")


def forget_proof(batch: Path) -> None:
    """As a copy of the private file that was taken before the batch was proven."""
    private = read_batch(batch / "batch.private")
    write_batch(batch / "batch.private", replace(private, proof=b""))


def test_a_proof_made_while_the_next_batch_is_routed_is_kept(desk: Desk, tmp_path: Path) -> None:
    """And next batches routed at the same time are all counted: each reads the file anew."""
    parent = copy(desk, "routed meanwhile")
    forget_proof(parent)
    (parent / "proof.bin").unlink()
    snapshot = read_snapshot(parent / "snapshot.json")
    first, second = (load_parent(parent, snapshot) for _ in range(2))
    desk.must("prove", parent)
    proof = (parent / "proof.bin").read_bytes()
    record_child(first)
    record_child(second)
    private = read_batch(parent / "batch.private")
    assert private.proof == proof
    assert private.children == 3
    record_child(first)
    with pytest.raises(UsageError, match="go on from one of them"):
        record_child(first)
    assert sorted(path.name for path in parent.glob("*.lock")) == []


def test_an_old_private_file_makes_no_second_proof(desk: Desk) -> None:
    batch = copy(desk, "restored")
    proof = (batch / "proof.bin").read_bytes()
    forget_proof(batch)
    for arguments in (("prove", batch), ("prove", batch, "--check")):
        answer = desk.run(*arguments)
        assert answer.code == 2
        assert "is an old copy" in answer.stderr
    assert (batch / "proof.bin").read_bytes() == proof


def test_orders_come_from_jsonl_too(desk: Desk, tmp_path: Path) -> None:
    lines = (desk.path / "orders.csv").read_text().splitlines()
    names = lines[0].split(",")
    rows = [json.dumps(dict(zip(names, line.split(","), strict=True))) for line in lines[1:]]
    (tmp_path / "orders.jsonl").write_text("\n".join(rows))
    answer = desk.must("route", tmp_path / "orders.jsonl", "--output", tmp_path / "batch")
    assert answer["orders"] == ORDERS


def test_real_trades_become_a_batch(desk: Desk, tmp_path: Path) -> None:
    trades = shared_path("data", "binance_trades_normalised.csv.gz")
    mine = Desk(tmp_path)
    mine.must("init", tmp_path, "--trades", "--node-count", "16")
    assert not (tmp_path / "orders.csv").exists()
    mine.must("srs", "new", "--rows", "2^6")
    mine.must("keys", "--orders", "60")
    words = ("route", trades, "--trades", "--count", 60, "--skip-unlisted")
    answer = mine.run(*words)
    assert answer.code == 0, answer
    assert "derived, not real" in answer.stdout
    mine.must("prove", "batches/0")
    assert mine.must("verify", "batches/0", "--start", *mine.accepting)["orders"] == 60


def test_trade_options_need_trades(desk: Desk) -> None:
    answer = desk.run("route", "--count", "3")
    assert answer.code == 2
    assert "go with --trades" in answer.stderr


def test_held_orders_go_on_to_the_next_batch(tmp_path: Path) -> None:
    mine = Desk(tmp_path)
    mine.must("init", tmp_path, "--orders", "60")
    (tmp_path / "policy.toml").write_text(HOLDING_POLICY)
    mine.must("srs", "new", "--rows", "2^7")
    mine.must("keys", "--rows", "2^7")
    first = mine.must("route", "--time-ms", 1_700_000_000_000)
    assert first["held"] > 0
    assert first["placed"] + first["held"] == 60
    rows = (tmp_path / "orders.csv").read_text().splitlines()
    (tmp_path / "few.csv").write_text("\n".join(rows[:3]))
    words = ("route", "few.csv", "--after", "batches/0", "--time-ms", 1_700_000_009_000)
    text = mine.run(*words, "--output", tmp_path / "shown").stdout
    assert f"{first['held']} more were held by the batch before" in text
    second = mine.must(*words, "--again")
    assert second["taken_over"] == first["held"]
    for number, place in ((0, ("--start",)), (1, ("--after", "batches/0"))):
        mine.must("prove", f"batches/{number}", "--check")
        mine.must("verify", f"batches/{number}", *place, *mine.accepting)
    shown = mine.must("inspect", "batches/1/batch.private")
    assert (shown["held_before"], shown["orders"]) == (first["held"], 2)
