"""The lock file: one holder at a time, threads and processes alike, nothing left behind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.lock_holder import held
from zkroute.errors import UsageError
from zkroute.lock import alone


def test_one_thread_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    def enter(_: int) -> None:
        nonlocal inside, most
        with alone(tmp_path / "lock", "counting", 60.0):
            inside += 1
            time.sleep(0.0005)
            most = max(most, inside)
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(100)))
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_a_second_holder_is_told_what_the_first_does(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        held(lock),
        pytest.raises(UsageError, match="lock: another process is counting"),
        alone(lock, "counting", 0.0),
    ):
        pass
    with alone(lock, "counting", 0.0):
        assert lock.exists()
    assert not lock.exists()


def test_an_error_inside_frees_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), alone(tmp_path / "lock", "dividing", 0.0):
        _ = 1 // 0
    assert list(tmp_path.iterdir()) == []
