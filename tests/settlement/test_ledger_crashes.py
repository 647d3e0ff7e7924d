"""The ledger under kill -9, races of processes, and disks that fail."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settlement.chains import child_of
from tests.support.shared import ROOT
from tests.support.world import World
from zkroute.formats.header import encode_header
from zkroute.protocol.header import Header
from zkroute.settlement import ledger as ledger_module
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.ledger import Ledger

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to be killed cheaply")

PROOF = bytes(5000)


def in_killed_child(body: Callable[[Callable[[str], None]], None], after: float | None) -> str:
    """What ``body`` acknowledged before it was killed, after so many seconds or by itself."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            body(lambda text: void(os.write(writer, text.encode())))
        finally:
            os._exit(0)
    os.close(writer)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as pipe:
        acknowledged = pipe.read()
    os.waitpid(child, 0)
    return acknowledged


def void(_: object) -> None:
    return None


def append_for_ever(path: Path, world: World, like: Header) -> Callable[..., None]:
    def body(acknowledge: Callable[[str], None]) -> None:
        with Ledger(path) as ledger:
            while True:
                parent = ledger.head
                header = child_of(parent.header if parent else None, like)
                ledger.append(header, PROOF, world.snapshot, [header.digest])
                acknowledge(header.digest.hex() + "\n")

    return body


def kill_repeatedly(path: Path, world: World, like: Header, rounds: int, seed: int) -> int:
    """Kills at random moments; returns how many batches were acknowledged, all of them kept."""
    choices = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(rounds):
        said = in_killed_child(append_for_ever(path, world, like), choices.uniform(0.001, 0.1))
        acknowledged += [line for line in said.split("\n")[:-1] if len(line) == 64]
        with Ledger(path) as ledger:
            ledger.check()
            if acknowledged:
                assert ledger.entry_of(bytes.fromhex(acknowledged[-1])) is not None
    with Ledger(path) as ledger:
        kept = {entry.digest.hex(): entry for entry in ledger.entries()}
        assert set(acknowledged) <= set(kept)
        assert all(entry.is_consistent() for entry in kept.values())
        assert all(ledger.orders_of(entry.height) == [entry.digest] for entry in kept.values())
    return len(acknowledged)


def test_twenty_kills_lose_nothing(tmp_path: Path, plain_world: World, like: Header) -> None:
    assert kill_repeatedly(tmp_path / "ledger.db", plain_world, like, 20, 1)


@pytest.mark.slow
def test_thousand_kills_lose_nothing(tmp_path: Path, plain_world: World, like: Header) -> None:
    acknowledged = kill_repeatedly(tmp_path / "ledger.db", plain_world, like, 1000, 2)
    print(f"1000 kills, {acknowledged} batches acknowledged, none lost")
    # how many are answered between two kills is a matter of the disk
    assert acknowledged > 100


def killed_at_statement(path: Path, number: int, world: World, header: Header) -> str:
    def body(acknowledge: Callable[[str], None]) -> None:
        with Ledger(path) as ledger:
            count = 0

            def trace(_: str) -> None:
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)

            ledger._connection.set_trace_callback(trace)
            ledger.append(header, PROOF, world.snapshot, [header.digest])
            acknowledge("accepted")

    return in_killed_child(body, None)


def test_killed_at_every_statement(tmp_path: Path, plain_world: World, like: Header) -> None:
    path = tmp_path / "ledger.db"
    number, outcomes = 0, []
    while not outcomes or not outcomes[-1][0]:
        number += 1
        with Ledger(path) as ledger:
            head = ledger.head
        header = child_of(head.header if head else None, like)
        said = killed_at_statement(path, number, plain_world, header)
        with Ledger(path) as ledger:
            outcomes.append((said, ledger.entry_of(header.digest) is not None))
            assert (ledger.orders_of(header.batch) == [header.digest]) == outcomes[-1][1]
    assert number > 8
    # nothing before the commit, everything after it, an answer only at the very end
    kept = [is_kept for _, is_kept in outcomes]
    assert not kept[0]
    assert kept == sorted(kept)
    assert kept.count(True) >= 2


@pytest.mark.parametrize("point", ["before", "after"])
def test_killed_around_the_checkpoint(
    tmp_path: Path, plain_world: World, like: Header, point: str
) -> None:
    path = tmp_path / "ledger.db"
    write = ledger_module._write_checkpoint
    header = child_of(None, like)

    def dying(*arguments: object) -> None:
        if point == "after":
            write(*arguments)  # type: ignore[arg-type]  # passed through as they came
        os.kill(os.getpid(), signal.SIGKILL)

    def body(acknowledge: Callable[[str], None]) -> None:
        with Ledger(path) as ledger:
            ledger_module._write_checkpoint = dying
            ledger.append(header, PROOF, plain_world.snapshot)
            acknowledge("accepted")

    assert in_killed_child(body, None) == ""
    with Ledger(path) as ledger:
        assert ledger.append(header, PROOF, plain_world.snapshot).again


def copy_of_files(path: Path, target: Path) -> None:
    """What a power cut might leave: ledger and log as they are at this moment."""
    target.mkdir()
    for name in (path.name, path.name + "-wal"):
        source = path.with_name(name)
        if source.exists():
            (target / name).write_bytes(source.read_bytes())


def test_copies_taken_while_writing_open_again(
    tmp_path: Path, plain_world: World, like: Header
) -> None:
    path = tmp_path / "ledger.db"
    header = None
    with Ledger(path) as ledger:
        for number in range(12):
            header = child_of(header, like)
            ledger.append(header, PROOF, plain_world.snapshot)
            copy = tmp_path / f"copy {number}"
            copy_of_files(path, copy)
            (copy / "ledger.db.checkpoint").write_bytes(ledger.checkpoint_path.read_bytes())
            with Ledger(copy / path.name) as recovered:
                assert recovered.head is not None
                assert recovered.head.digest == header.digest


def contend(tmp_path: Path, world: World, like: Header, processes: int, rounds: int) -> None:
    """Exactly one winner in every place, however many processes try."""
    (tmp_path / "header").write_bytes(encode_header(like))
    (tmp_path / "snapshot").write_bytes(world.snapshot.canonical_bytes())
    command = [sys.executable, "-m", "tests.settlement.contender", str(tmp_path / "ledger.db")]
    command += [str(tmp_path / "header"), str(tmp_path / "snapshot"), str(rounds)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        for _ in range(processes)
    ]
    won: dict[str, int] = {}
    for process in running:
        output, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()
        won |= json.loads(output)
    assert sorted(won.values()) == list(range(rounds))
    with Ledger(tmp_path / "ledger.db") as ledger:
        assert {entry.digest.hex(): entry.height for entry in ledger.entries()} == won
        assert all(fork.digest.hex() not in won for fork in ledger.forks())


def test_three_processes_one_winner(tmp_path: Path, plain_world: World, like: Header) -> None:
    contend(tmp_path, plain_world, like, 3, 10)


@pytest.mark.slow
def test_sixteen_processes_one_winner(tmp_path: Path, plain_world: World, like: Header) -> None:
    contend(tmp_path, plain_world, like, 16, 200)


def test_device_without_room_changes_nothing(
    tmp_path: Path, plain_world: World, like: Header
) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "ledger.db"
    first = child_of(None, like)
    with Ledger(path) as ledger:
        ledger.append(first, PROOF, plain_world.snapshot)

    def body(acknowledge: Callable[[str], None]) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        with Ledger(path) as ledger:
            try:
                ledger.append(child_of(first, like), bytes(200_000), plain_world.snapshot)
            except LedgerError as error:
                acknowledge(f"{error.code.value} {ledger.check()}")

    assert in_killed_child(body, None) == f"{Reason.LEDGER_UNAVAILABLE.value} 1"
    with Ledger(path) as ledger:
        assert not ledger.append(child_of(first, like), PROOF, plain_world.snapshot).again
