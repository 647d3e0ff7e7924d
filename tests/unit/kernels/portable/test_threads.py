"""The shared thread pool: errors, nesting, forks, and how work is cut."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zkroute.errors import UsageError
from zkroute.kernels import _threads
from zkroute.kernels._threads import map_all, ranges, run_all, thread_count


@pytest.fixture(autouse=True)
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "thread_count", lambda: 3)


def test_every_task_runs_once() -> None:
    done: list[int] = []
    run_all([lambda number=number: done.append(number) for number in range(100)])
    assert sorted(done) == list(range(100))
    run_all([])


def test_tasks_run_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=30)
    run_all([meeting.wait] * 3)


def test_the_first_error_ends_the_rest_and_is_raised() -> None:
    done: list[int] = []

    def fail() -> None:
        raise ArithmeticError("seven")

    with pytest.raises(ArithmeticError, match="seven"):
        run_all([fail, *(lambda number=number: done.append(number) for number in range(10_000))])
    assert len(done) < 10_000


def test_tasks_may_run_tasks() -> None:
    done: list[int] = []

    def outer() -> None:
        run_all([lambda: done.append(1)] * 5)

    run_all([outer] * 20)
    assert len(done) == 100


def test_results_stand_in_the_order_of_their_items() -> None:
    assert map_all(lambda number: number * number, range(100)) == [i * i for i in range(100)]
    assert map_all(str, []) == []


def test_several_callers_at_once() -> None:
    def count(_: int) -> int:
        done: list[int] = []
        run_all([lambda: done.append(1)] * 50)
        return len(done)

    with ThreadPoolExecutor(8) as callers:
        assert list(callers.map(count, range(40))) == [50] * 40


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, 1000])
@pytest.mark.parametrize("smallest", [1, 8, 64])
@pytest.mark.parametrize("pieces", [1, 4])
def test_ranges_cover_everything_once(length: int, smallest: int, pieces: int) -> None:
    found = ranges(length, smallest, pieces)
    assert [row for start, stop in found for row in range(start, stop)] == list(range(length))
    assert len(found) <= 3 * pieces
    assert all((stop - start) % smallest == 0 for start, stop in found[:-1])
    assert all(start % smallest == 0 for start, _ in found)


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5", " "])
def test_a_thread_count_that_is_none_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_THREADS", wrong)
    with pytest.raises(UsageError, match="ZKROUTE_THREADS"):
        thread_count.__wrapped__()


def test_thread_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_THREADS", "5")
    assert thread_count.__wrapped__() == 5
    monkeypatch.delenv("ZKROUTE_THREADS")
    assert 1 <= thread_count.__wrapped__() <= (os.cpu_count() or 1)


ROOT = Path(__file__).resolve().parents[4]

SCRIPT = """
import concurrent.futures, multiprocessing, os, sys, threading
from zkroute.algebra.engine import engine

def work(seed):
    portable = engine("portable")
    vector = portable.from_integers(range(seed, seed + 8192))
    return portable.evaluate(portable.multiply(vector, vector), 3)

if __name__ == "__main__":
    before = threading.active_count()
    engine("portable")
    assert threading.active_count() == before, "threads started by an import"
    alone = [work(seed) for seed in range(2)]
    context = multiprocessing.get_context(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(work, range(2))) == alone
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_started_after_the_pool_was_used(method: str, tmp_path: Path) -> None:
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this platform does not fork")
    script = tmp_path / "work.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "ZKROUTE_THREADS": "2", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, script, method], env=environment, check=True, timeout=60)


def test_no_pool_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads._Pool, "executor", None)
    run_all([lambda: None])
    assert _threads._Pool.executor is None
    run_all([lambda: None] * 2)
    assert isinstance(_threads._Pool.executor, concurrent.futures.ThreadPoolExecutor)
