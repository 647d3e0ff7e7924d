"""The verbs that do everything: their answers have exactly the promised fields."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.shared import shared_path
from tests.unit.cli.conftest import Desk
from tests.unit.cli.figures import FIGURES
from zkroute.cli import sweep
from zkroute.cli.benchmark import StageClock
from zkroute.cli.expectation import NANOSECONDS
from zkroute.cli.kernel_cache import Removed, remove_unused_bases, remove_unused_kernels
from zkroute.kernels import _jit
from zkroute.protocol import lagrange_cache

STAGES = [f"{stage}_s" for stage in NANOSECONDS["reference"]]


@pytest.fixture
def _slow_but_ready_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    # a cold start compiles nothing then, so that the test is quick
    monkeypatch.setenv("ZKROUTE_KERNEL", "reference")


@pytest.mark.usefixtures("_slow_but_ready_kernels")
def test_bench_prints_the_promised_figures(desk: Desk) -> None:
    figures = desk.must("bench", "--orders", 20, "--nodes", 4, "--repeat", 1)
    assert list(figures) == FIGURES
    assert (figures["orders"], figures["nodes"], figures["rows"]) == (20, 4, 64)
    assert figures["kernel"] == "reference"
    assert figures["orders_per_s"] == pytest.approx(20 / figures["prove_s"], rel=0.01)
    assert all(figures[name] > 0 for name in FIGURES if name.endswith("_s"))
    assert figures["commit_s"] < figures["prove_s"] < figures["cold_start_s"]
    assert list(figures["stages"]) == STAGES
    assert sum(figures["stages"].values()) == pytest.approx(figures["prove_s"], rel=0.01)


@pytest.mark.usefixtures("_slow_but_ready_kernels")
def test_bench_keeps_a_line_of_every_batch(desk: Desk, tmp_path: Path) -> None:
    lines = tmp_path / "figures.jsonl"
    words = ("--orders", 2, "--nodes", 4, "--repeat", 1, "--no-starts", "--append", lines)
    first = desk.must("bench", *words)
    assert first["cold_start_s"] is None
    assert "quotient_s" in desk.run("bench", *words).stdout
    kept = [json.loads(line) for line in lines.read_text().splitlines()]
    assert kept[0] == first
    assert list(kept[1]) == FIGURES


def test_a_file_that_cannot_be_appended_to_is_said_before_measuring(
    desk: Desk, tmp_path: Path
) -> None:
    answer = desk.run("bench", "--append", tmp_path / "nowhere" / "figures.jsonl")
    assert answer.code == 2
    assert "figures.jsonl" in answer.stderr


@pytest.mark.usefixtures("_slow_but_ready_kernels")
def test_a_sweep_keeps_what_its_processes_say(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "NODE_COUNTS", (4,))
    lines = tmp_path / "figures.jsonl"
    words = ("--sweep", "--orders", 2, "--nodes", 4, "--repeat", 1, "--append", lines)
    batches = desk.must("bench", *words)["batches"]
    assert [(batch["orders"], batch["nodes"]) for batch in batches] == [(2, 4)]
    assert [json.loads(line) for line in lines.read_text().splitlines()] == batches


def test_the_points_of_a_sweep() -> None:
    sizes = [(1024, 64), (2048, 64), (4096, 64)]
    more_nodes = [(4096, 4), (4096, 16), (4096, 256), (4096, 1024)]
    assert sweep.points_of(5000, 64)[:3] == sizes
    assert sweep.points_of(4096, 64) == sizes + more_nodes
    assert sweep.points_of(1 << 18, 4)[-1] == (1 << 16, 1024)


def test_a_sweep_ends_with_the_reason_of_its_process(desk: Desk, tmp_path: Path) -> None:
    words = ("--sweep", "--orders", 2, "--orders-file", tmp_path / "no-orders.csv")
    answer = desk.run("bench", *words)
    assert answer.code == 2
    assert "no-orders.csv" in answer.stderr
    assert "2 orders with 16 nodes: " in answer.stderr


def test_stages_are_timed_from_one_to_the_next() -> None:
    moments = iter((1.0, 3.0, 6.0, 10.0))
    clock = StageClock(lambda: next(moments))
    for stage in ("first", "second", "first"):
        clock.enter(stage)
    clock.stop()
    assert clock.seconds == {"first": 6.0, "second": 3.0}


@pytest.mark.usefixtures("_slow_but_ready_kernels")
def test_bench_takes_real_trades(desk: Desk) -> None:
    trades = shared_path("data", "binance_trades_normalised.csv.gz")
    words = ("--orders", 10, "--nodes", 4, "--repeat", 1, "--orders-file", trades)
    assert desk.must("bench", *words)["orders"] == 10


def test_bench_wants_as_many_orders_as_it_is_to_time(desk: Desk, tmp_path: Path) -> None:
    text = "intent,tier,instrument,order_type,account,side,size,price\n"
    row = "open,retail,usdm:BTCUSDT,limit,1,buy,1,100\n"
    (tmp_path / "orders.csv").write_text(text + row)
    words = ("--orders", 2, "--nodes", 4, "--orders-file", tmp_path / "orders.csv")
    assert desk.run("bench", *words).code == 2


def test_demo_proves_three_batches_and_refuses_four_cheats(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    answer = desk.run("demo", folder, "--orders", 20)
    assert answer.code == 0, answer
    assert answer.stdout.count("$ zkroute prove") == 3
    assert answer.stdout.count("valid: batch") == 3
    assert answer.stdout.count("(refused with exit code") == 4
    assert "Everything is in" in answer.stdout
    for number in range(3):
        assert (folder / f"batches/{number}/proof.bin").exists()
        assert (folder / f"orders-{number}.csv").exists()
    header = json.loads((folder / "batches/2/header.json").read_text())
    assert header["first_sequence"] == 40
    again = desk.run("demo", folder)
    assert again.code == 2
    assert "is not empty" in again.stderr


def test_demo_answers_programs_with_json_alone(desk: Desk, tmp_path: Path) -> None:
    answer = desk.must("demo", tmp_path / "demo", "--orders", 2)
    assert [batch["batch"] for batch in answer["batches"]] == [0, 1, 2]
    fields = ["batch", "orders", "route_s", "prove_s", "verify_s", "proof_bytes"]
    for batch in answer["batches"]:
        assert list(batch) == fields
        assert all(batch[name] == round(batch[name], 4) for name in fields)
    assert answer["refused"] == 4


def test_demo_finds_a_free_folder(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "zkroute-demo").mkdir()
    answer = desk.run("demo", "--orders", 2, folder=tmp_path)
    assert answer.code == 0
    assert (tmp_path / "zkroute-demo-2" / "key.json").exists()


def test_warmup_says_where_the_kernels_are(desk: Desk) -> None:
    answer = desk.must("warmup")
    assert answer["kernel"] in ("ifma", "portable", "reference")
    assert answer["seconds"] > 0


def test_warmup_says_what_it_removed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zkroute.cli.kernel_cache.cache_directory", lambda: tmp_path)
    kept_kernels(tmp_path, "a" * 64, days=31)
    answer = desk.run("warmup")
    assert "removed kernels of 1 other version, unused for 30 days (0.0 MB)" in answer.stdout
    answered = desk.must("warmup")
    assert (answered["removed"], answered["removed_bytes"]) == (0, 0)


def kept_kernels(cache: Path, name: str, days: float) -> Path:
    """Machine code of five bytes that was last used so many days ago."""
    directory = cache / "kernels" / name
    (directory / "portable").mkdir(parents=True)
    (directory / "portable" / "field.nbi").write_bytes(b"12345")
    moment = time.time() - days * 86_400
    os.utime(directory, (moment, moment))
    return directory


def test_only_kernels_that_nobody_uses_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    assert remove_unused_kernels() == Removed()
    unused = kept_kernels(tmp_path, "a" * 64, days=31)
    used = kept_kernels(tmp_path, "b" * 64, days=29)
    stranger = kept_kernels(tmp_path, "notes", days=31)
    elsewhere = kept_kernels(tmp_path / "elsewhere", "c" * 64, days=31)
    link = tmp_path / "kernels" / ("d" * 64)
    link.symlink_to(elsewhere, target_is_directory=True)
    assert remove_unused_kernels() == Removed(1, 5)
    assert not unused.exists()
    assert all(path.exists() for path in (used, stranger, link, elsewhere / "portable"))
    assert remove_unused_kernels() == Removed()


def test_only_bases_that_nobody_reads_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    assert remove_unused_bases() == Removed()
    powers = np.zeros((2, 8), dtype=np.uint64)
    for name in ("read", "unused"):
        lagrange_cache.store_lagrange(name, 1, powers, powers)
    folder = tmp_path / "lagrange"
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    assert lagrange_cache.load_lagrange("read", 1, powers) is not None
    assert remove_unused_bases().count == 1
    assert sorted(path.name for path in folder.iterdir()) == ["read-1.npy", "read-1.sha256"]
    assert lagrange_cache.load_lagrange("unused", 1, powers) is None


def test_using_kernels_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    directory = _jit._kernel_directory.__wrapped__("portable")
    os.utime(directory, (0, 0))
    assert _jit._kernel_directory.__wrapped__("portable") == directory
    assert remove_unused_kernels() == Removed()
    os.utime(directory, (0, 0))
    assert remove_unused_kernels() == Removed(1, 0)
