"""forecast: the next epoch's snapshot from the folders of past batches."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.unit.cli.conftest import Desk
from zkroute.formats.batch import read_batch
from zkroute.formats.documents import read_snapshot


def test_the_last_loads_become_the_next_snapshots_forecasts(desk: Desk, tmp_path: Path) -> None:
    output = tmp_path / "next.json"
    answer = desk.must("forecast", "batches/1", "batches/0", "--output", output)
    last = read_batch(desk.path / "batches/1/batch.private").after.work
    later = read_snapshot(output)
    assert [node.forecast for node in later.nodes] == list(last[: len(later.nodes)])
    assert answer["digest"] == later.digest.hex()
    assert answer["epoch"] == read_snapshot(desk.path / "nodes.toml").epoch + 1
    assert answer["from_private_loads"] is True
    shown = desk.run("forecast", "batches/0", "--output", output).stdout
    assert "forecast from one past batch" in shown
    assert "singapore-2" in shown


def test_what_does_not_belong_together_is_refused(desk: Desk, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(desk.path / "batches/0", again)
    twice = desk.run("forecast", "batches/0", again, "--output", tmp_path / "n.json")
    assert twice.code == 4
    assert "are both batch 0" in twice.stderr
    shutil.copy(desk.path / "batches/1/batch.private", again)
    other = desk.run("forecast", again, "--output", tmp_path / "n.json")
    assert other.code == 4
    assert "opens another header" in other.stderr
    toml = desk.run("forecast", "batches/0", "--output", tmp_path / "n.toml")
    assert toml.code == 2
    assert desk.run("forecast").code == 2
    assert not list(tmp_path.glob("n.*"))
