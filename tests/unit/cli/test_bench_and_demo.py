"""The verbs that do everything: their answers have exactly the promised fields."""

import json
from pathlib import Path

import pytest

from tests.support.shared import shared_path
from tests.unit.cli.conftest import Desk

FIGURES = [
    "orders",
    "nodes",
    "rows",
    "kernel",
    "route_s",
    "commit_s",
    "prove_s",
    "orders_per_s",
    "verify_s",
    "verify_reference_s",
    "proof_bytes",
    "header_bytes",
    "peak_rss_mb",
    "cold_start_s",
    "warm_start_s",
]


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
