"""Proving a folder of batches: over processes, past a worker that dies, over a cluster."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Desk
from zkroute.cli.many_proofs import Outcome, run_all
from zkroute.errors import UsageError


def routed(desk: Desk, folder: Path, count: int) -> Path:
    for number in range(count):
        desk.must("route", "--output", folder / str(number))
    return folder


def test_a_folder_of_batches_is_proven_by_processes_once(desk: Desk, tmp_path: Path) -> None:
    folder = routed(desk, tmp_path / "all", 3)
    figures = desk.must("prove", folder, "--workers", 2)
    assert [Path(batch["batch"]).name for batch in figures["batches"]] == ["0", "1", "2"]
    assert not any(batch["made_before"] for batch in figures["batches"])
    for number in range(3):
        assert desk.run("verify", folder / str(number), *desk.accepting).code == 0
    again = desk.must("prove", folder, "--workers", 2)
    assert all(batch["made_before"] for batch in again["batches"])


def test_one_bad_batch_does_not_keep_the_others_from_being_proven(
    desk: Desk, tmp_path: Path
) -> None:
    folder = routed(desk, tmp_path / "all", 2)
    (folder / "0" / "batch.private").write_bytes(b"nothing")
    answer = desk.run("prove", folder)
    assert answer.code == 3
    assert "1 of 2 batches proven" in answer.stdout
    assert answer.stderr.startswith(f"zkroute: not proven: {folder}/0: ")
    assert answer.stderr.count("\n") == 1
    assert (folder / "1" / "proof.bin").exists()
    again = desk.run("prove", folder, "--json")
    assert again.code == 3
    document = json.loads(again.stdout)
    assert (document["failed"], document["exit_code"]) == (1, 3)
    assert [batch["made_before"] for batch in document["batches"]] == [False, True]


def test_options_for_folders_are_refused_for_a_batch(desk: Desk) -> None:
    for words in (("--workers", 2), ("--scheduler", "tcp://127.0.0.1:1")):
        answer = desk.run("prove", "batches/0", *words)
        assert answer.code == 2
        assert "are for a folder of batches" in answer.stderr


def test_a_folder_without_batches_is_refused(desk: Desk, tmp_path: Path) -> None:
    answer = desk.run("prove", tmp_path)
    assert answer.code == 2
    assert "holds no batch" in answer.stderr


def dies_once(batch: str, _key: str) -> Outcome:
    """Kills its worker the first time it is asked for the batch called fatal."""
    mark = Path(batch + ".mark")
    if Path(batch).name == "fatal" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return Outcome(batch, 0.05, 1, False)


@contextmanager
def forked_pool() -> Any:
    with ProcessPoolExecutor(2) as executor:
        yield executor


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_worker_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkroute.cli.many_proofs.prove_folder", dies_once)
    batches = [str(tmp_path / name) for name in ("a", "fatal", "b", "c")]
    outcomes = list(run_all(batches, "key", forked_pool))
    assert sorted({outcome.batch for outcome in outcomes}) == sorted(batches)


def always_dies(_batch: str, _key: str) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_workers_that_keep_dying_end_with_a_clear_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zkroute.cli.many_proofs.prove_folder", always_dies)
    with pytest.raises(UsageError, match="died 3 times; 2 batches are left"):
        list(run_all(["x", "y"], "key", forked_pool))


@pytest.mark.slow
def test_a_dask_cluster_proves_the_same(desk: Desk, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    folder = routed(desk, tmp_path / "all", 3)
    environment = {"ZKROUTE_DATA_DIR": str(desk.path / "data")}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, env=environment, dashboard_address=None
    ) as cluster:
        figures = desk.must("prove", folder, "--scheduler", cluster.scheduler_address)
    assert len(figures["batches"]) == 3
    for number in range(3):
        assert desk.run("verify", folder / str(number), *desk.accepting).code == 0


def test_no_scheduler_there_is_said(desk: Desk, tmp_path: Path) -> None:
    folder = routed(desk, tmp_path / "all", 1)
    answer = desk.run("prove", folder, "--scheduler", "tcp://127.0.0.1:1")
    assert answer.code == 2
    assert "cluster" in answer.stderr or "scheduler" in answer.stderr
