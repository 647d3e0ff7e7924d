"""The ledger: one winner in every place, nothing lost, nothing changed unseen."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.chains import chain, child_of
from tests.support.world import World
from zkroute.protocol.header import Header
from zkroute.settlement import database, ledger_file
from zkroute.settlement.errors import (
    ForkError,
    LedgerError,
    NotNextError,
    Reason,
    SettlementError,
)
from zkroute.settlement.ledger import MAX_FORKS_PER_BATCH, Ledger

PROOF = b"proof"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def fill(path: Path, world: World, headers: list[Header]) -> None:
    with Ledger(path) as ledger:
        for header in headers:
            assert not ledger.append(header, PROOF, world.snapshot).again


def test_keeps_what_it_accepted(path: Path, plain_world: World, like: Header) -> None:
    headers = chain(like, 3)
    fill(path, plain_world, headers)
    with Ledger(path) as ledger:
        assert [entry.header for entry in ledger.entries()] == headers
        assert ledger.head is not None
        assert ledger.head.proof == PROOF
        assert ledger.entry_of(headers[1].digest) == ledger.entry(1)
        assert ledger.snapshot(plain_world.snapshot.digest) == plain_world.snapshot
        assert ledger.snapshot(bytes(32)) is None
        assert ledger.check() == 3
        assert ledger.forks() == []


def test_same_header_with_another_proof_or_signature_is_the_same_batch(
    path: Path, plain_world: World, like: Header
) -> None:
    header = child_of(None, like)
    fill(path, plain_world, [header])
    with Ledger(path) as ledger:
        again = ledger.append(header.signed(bytes(64)), b"another", plain_world.snapshot)
        assert again.again
        assert again.entry.proof == PROOF
        assert ledger.forks() == []


def test_second_child_is_refused_and_both_are_kept(
    path: Path, plain_world: World, like: Header
) -> None:
    headers = chain(like, 3)
    fill(path, plain_world, headers)
    rival = child_of(headers[0], like)
    with Ledger(path) as ledger:
        for _ in range(2):
            with pytest.raises(ForkError):
                ledger.append(rival, b"rival", plain_world.snapshot)
        (fork,) = ledger.forks()
        assert fork.accepted.digest == headers[1].digest
        assert fork.digest == rival.digest
        assert fork.proof == b"rival"
        assert ledger.head is not None
        assert ledger.head.digest == headers[2].digest


@pytest.mark.parametrize("change", [{"batch": 7}, {"previous": bytes([1]) * 32}])
def test_same_parent_or_same_number_alone_is_a_fork_too(
    path: Path, plain_world: World, like: Header, change: dict[str, object]
) -> None:
    headers = chain(like, 2)
    fill(path, plain_world, headers)
    with Ledger(path) as ledger, pytest.raises(ForkError):
        ledger.append(replace(child_of(headers[0], like), **change), PROOF, plain_world.snapshot)


def test_forks_cannot_fill_the_disk(path: Path, plain_world: World, like: Header) -> None:
    fill(path, plain_world, [child_of(None, like)])
    with Ledger(path) as ledger:
        for _ in range(MAX_FORKS_PER_BATCH + 3):
            with pytest.raises(ForkError):
                ledger.append(child_of(None, like), PROOF, plain_world.snapshot)
        assert len(ledger.forks()) == MAX_FORKS_PER_BATCH


def test_only_the_next_batch_is_appended(path: Path, plain_world: World, like: Header) -> None:
    headers = chain(like, 3)
    with Ledger(path) as ledger:
        with pytest.raises(NotNextError, match="batch 0 is due"):
            ledger.append(headers[1], PROOF, plain_world.snapshot)
        ledger.append(headers[0], PROOF, plain_world.snapshot)
        with pytest.raises(NotNextError, match="batch 1 is due"):
            ledger.append(headers[2], PROOF, plain_world.snapshot)
        assert ledger.check() == 1


def test_an_order_is_settled_once(path: Path, plain_world: World, like: Header) -> None:
    headers = chain(like, 2)
    first, second = bytes(31) + b"1", bytes(31) + b"2"
    with Ledger(path) as ledger:
        ledger.append(headers[0], PROOF, plain_world.snapshot, [first, second])
        assert ledger.orders_of(0) == [first, second]
        with pytest.raises(SettlementError) as caught:
            ledger.append(headers[1], PROOF, plain_world.snapshot, [bytes(32), second])
        assert caught.value.code is Reason.ORDER_SETTLED_BEFORE
        assert ledger.orders_of(1) == []
        with pytest.raises(SettlementError):
            ledger.append(headers[1], PROOF, plain_world.snapshot, [bytes(32), bytes(32)])
        assert ledger.check() == 1


def test_old_copy_is_refused_at_the_start(
    path: Path, tmp_path: Path, plain_world: World, like: Header
) -> None:
    headers = chain(like, 3)
    fill(path, plain_world, headers[:2])
    shutil.copy(path, tmp_path / "old.db")
    with Ledger(path) as ledger:
        ledger.append(headers[2], PROOF, plain_world.snapshot)
    shutil.copy(tmp_path / "old.db", path)
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_ROLLED_BACK


def test_old_copy_is_refused_while_running(
    path: Path, tmp_path: Path, plain_world: World, like: Header
) -> None:
    headers = chain(like, 3)
    fill(path, plain_world, headers)
    other = tmp_path / "other.db"
    fill(other, plain_world, headers[:1])
    with Ledger(other) as ledger:
        shutil.copy(path.with_name("ledger.db.checkpoint"), ledger.checkpoint_path)
        with pytest.raises(LedgerError) as caught:
            ledger.append(headers[1], PROOF, plain_world.snapshot)
        assert caught.value.code is Reason.LEDGER_ROLLED_BACK


def test_missing_ledger_or_checkpoint_is_noticed(
    path: Path, plain_world: World, like: Header
) -> None:
    headers = chain(like, 2)
    fill(path, plain_world, headers)
    checkpoint = path.with_name("ledger.db.checkpoint")
    kept = checkpoint.read_bytes()
    checkpoint.unlink()
    with pytest.raises(LedgerError, match="settle checkpoint"):
        Ledger(path)
    with pytest.raises(LedgerError, match="compare the newest batch"):
        Ledger(path, restore_for_head=bytes(32))
    assert not checkpoint.exists()
    Ledger(path, restore_for_head=headers[-1].digest).close()
    assert checkpoint.read_bytes() == kept
    path.unlink()
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_ROLLED_BACK
    assert not path.exists()


def test_other_history_of_the_same_length_is_refused(
    path: Path, tmp_path: Path, plain_world: World, like: Header
) -> None:
    fill(path, plain_world, chain(like, 2))
    other = tmp_path / "other.db"
    fill(other, plain_world, chain(like, 4))
    shutil.copy(other, path)
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_ROLLED_BACK


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batches SET proof = x'00' WHERE height = 1",
        "UPDATE batches SET header = x'00' WHERE height = 2",
        "UPDATE batches SET accepted_ms = accepted_ms + 1 WHERE height = 0",
        "UPDATE batches SET orders = zeroblob(32) WHERE height = 0",
        "UPDATE batches SET digest = zeroblob(32) WHERE height = 1",
        "UPDATE batches SET link = zeroblob(32) WHERE height = 2",
        "UPDATE batches SET parent = x'" + "11" * 32 + "' WHERE height = 0",
        "UPDATE batches SET height = 9 WHERE height = 2",
        "DELETE FROM batches WHERE height = 0",
        "DELETE FROM batches WHERE height = 1",
        "DELETE FROM batches WHERE height = 2",
        "DELETE FROM batches",
        "DROP TABLE batches",
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 1",
    ],
)
def test_edited_ledger_is_refused(
    path: Path, plain_world: World, like: Header, statement: str
) -> None:
    fill(path, plain_world, chain(like, 3))
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError):
        Ledger(path)


def test_swapped_entries_are_refused(path: Path, plain_world: World, like: Header) -> None:
    fill(path, plain_world, chain(like, 3))
    connection = sqlite3.connect(path)
    for old, new in ((1, 7), (2, 1), (7, 2)):
        connection.execute("UPDATE batches SET height = ? WHERE height = ?", (new, old))
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_DAMAGED


def test_flipped_bytes_are_refused(path: Path, plain_world: World, like: Header) -> None:
    fill(path, plain_world, chain(like, 3))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    sound = path.read_bytes()
    with Ledger(path) as ledger:
        entry = ledger.entry(1)
    assert entry is not None
    for field in (entry.header_bytes[:40], entry.digest, entry.link):
        place = sound.index(field)
        for position in range(place, place + len(field), 7):
            path.write_bytes(
                sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :]
            )
            with pytest.raises(LedgerError):
                Ledger(path)
    path.write_bytes(sound)
    Ledger(path).close()


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"\0" * 8192])
def test_other_files_are_no_ledgers(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LedgerError):
        Ledger(path)
    assert path.read_bytes() == content


def test_databases_of_others_are_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (value)")
    connection.close()
    kept = path.read_bytes()
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger(path)
    assert path.read_bytes() == kept


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 4000, b"{}" * 4000])
def test_damaged_checkpoint_is_refused(
    path: Path, plain_world: World, like: Header, content: bytes
) -> None:
    fill(path, plain_world, chain(like, 1))
    path.with_name("ledger.db.checkpoint").write_bytes(content)
    with pytest.raises(LedgerError):
        Ledger(path)


def test_full_disk_changes_nothing(path: Path, plain_world: World, like: Header) -> None:
    headers = chain(like, 2)
    fill(path, plain_world, headers[:1])
    with Ledger(path) as ledger:
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError) as caught:
            ledger.append(headers[1], bytes(100_000), plain_world.snapshot)
        assert caught.value.code is Reason.LEDGER_UNAVAILABLE
        assert ledger.check() == 1
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        assert not ledger.append(headers[1], PROOF, plain_world.snapshot).again


def test_read_only_ledger_changes_nothing(path: Path, plain_world: World, like: Header) -> None:
    headers = chain(like, 2)
    fill(path, plain_world, headers[:1])
    with Ledger(path) as ledger:
        ledger._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(LedgerError) as caught:
            ledger.append(headers[1], PROOF, plain_world.snapshot)
        assert caught.value.code is Reason.LEDGER_UNAVAILABLE
        ledger._connection.execute("PRAGMA query_only = OFF")
        assert ledger.check() == 1


def test_nothing_is_answered_before_the_checkpoint_stands(
    path: Path, plain_world: World, like: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    headers = chain(like, 2)
    fill(path, plain_world, headers[:1])
    with Ledger(path) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr("zkroute.settlement.ledger._write_checkpoint", fail)
            with pytest.raises(LedgerError, match="not yet in the checkpoint"):
                ledger.append(headers[1], PROOF, plain_world.snapshot)
        assert ledger.append(headers[1], PROOF, plain_world.snapshot).again
    with Ledger(path) as ledger:
        assert ledger.check() == 2


def test_checkpoint_can_lie_elsewhere(
    path: Path, tmp_path: Path, plain_world: World, like: Header
) -> None:
    elsewhere = tmp_path / "other disk" / "head"
    with Ledger(path, elsewhere) as ledger:
        ledger.append(child_of(None, like), PROOF, plain_world.snapshot)
    assert elsewhere.exists()
    with pytest.raises(LedgerError, match="no checkpoint"):
        Ledger(path)


def test_parts_left_by_a_killed_process_are_swept(path: Path) -> None:
    left_over = path.with_name(".ledger.db.checkpoint.0123456789abcdef.part")
    left_over.write_bytes(b"half")
    Ledger(path).close()
    assert not left_over.exists()


def test_a_ledger_that_another_process_makes_this_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two questions to an empty file it became a ledger: it is one, not damaged."""
    path = tmp_path / "ledger.db"
    ask = database._pragma

    def ask_slowly(connection: sqlite3.Connection, name: str) -> int:
        answer = ask(connection, name)
        if name == "application_id":
            monkeypatch.setattr(database, "_pragma", ask)
            ledger_file.connect(path).close()
        return answer

    monkeypatch.setattr(database, "_pragma", ask_slowly)
    ledger_file.connect(path).close()
