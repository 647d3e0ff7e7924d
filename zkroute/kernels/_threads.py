"""One pool of threads for all kernels, and ways to cut work into pieces for it.

numba's own threading layers are not all safe to enter from several threads at once, so kernels
work on ranges without the interpreter lock and this pool runs the ranges.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar, cast

from zkroute.errors import UsageError

T = TypeVar("T")
R = TypeVar("R")

_making = threading.Lock()


class _Pool:
    """The executor, made at first use and forgotten in a forked child, whose threads are gone."""

    executor: ThreadPoolExecutor | None = None

    @classmethod
    def get(cls) -> ThreadPoolExecutor:
        with _making:
            if cls.executor is None:
                cls.executor = ThreadPoolExecutor(thread_count(), "zkroute-kernels")
            return cls.executor

    @classmethod
    def forget(cls) -> None:
        global _making  # noqa: PLW0603  another thread may have held it when we were forked
        _making = threading.Lock()
        cls.executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Pool.forget)


@cache
def thread_count() -> int:
    """Threads used for one call: ZKROUTE_THREADS, else the processors this process may use.

    Raises UsageError if ZKROUTE_THREADS is not a positive integer.
    """
    stated = os.environ.get("ZKROUTE_THREADS")
    if stated:
        if not stated.isdecimal() or int(stated) < 1:
            raise UsageError(f"ZKROUTE_THREADS is {stated!r}; it must be a positive integer")
        return int(stated)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(tasks: Sequence[Callable[[], object]]) -> None:
    """Runs every task and returns when all are done; the first error ends the rest.

    The calling thread works too, so that tasks may call this again without waiting for
    themselves, and several threads may call it at once. Put the largest tasks first.
    """
    remaining = deque(tasks)

    def work() -> None:
        while True:
            try:
                task = remaining.popleft()
            except IndexError:
                return
            try:
                task()
            except BaseException:
                remaining.clear()
                raise

    helpers_wanted = min(len(tasks), thread_count()) - 1
    helpers = [_Pool.get().submit(work) for _ in range(helpers_wanted)]
    try:
        work()
    finally:
        started = [helper for helper in helpers if not helper.cancel()]
        for helper in started:
            helper.result()


def map_all(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """What the function gives for each item, in their order; several threads share the items."""
    results: list[R | None] = [None] * len(items)

    def fill(position: int) -> None:
        results[position] = function(items[position])

    run_all([partial(fill, position) for position in range(len(items))])
    return cast("list[R]", results)


def ranges(length: int, smallest: int, pieces_per_thread: int = 1) -> list[tuple[int, int]]:
    """Half-open ranges that cover range(length), none but the last shorter than ``smallest``.

    All but the last are multiples of ``smallest`` long; with one thread's worth of work or less
    there is a single range. Empty for length 0.
    """
    pieces = max(1, min(thread_count() * pieces_per_thread, length // smallest))
    units = -(-length // smallest)
    step = max(1, -(-units // pieces)) * smallest
    return [(start, min(start + step, length)) for start in range(0, length, step)]
