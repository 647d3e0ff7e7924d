"""Progress of long work on stderr with the time left; nothing at all where nobody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zkroute.cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress

    from zkroute.cli.expectation import Expectation

REFRESHES_PER_SECOND = 8


class Forecast:
    """Time left of work in stages, from what each was expected to take and what was seen so far.

    ``seconds`` are the expected seconds of every stage in order; ``clock`` gives the time.
    """

    def __init__(
        self, seconds: Mapping[str, float], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._seconds = dict(seconds)
        self._clock = clock
        self._began = clock()
        self._entered = self._began
        self._expected_before = 0.0
        self._stage: str | None = None

    def enter(self, stage: str) -> None:
        """A stage begins, and the one before it is over."""
        if self._stage is not None:
            self._expected_before += self._seconds.pop(self._stage, 0.0)
        self._stage = stage
        self._entered = self._clock()

    @property
    def pace(self) -> float:
        """How much slower than expected the finished stages were; 1 before there are any."""
        if not self._expected_before:
            return 1.0
        return (self._entered - self._began) / self._expected_before

    @property
    def seconds_left(self) -> float:
        """Of all stages to come and the rest of this one, at the pace so far; never below 0."""
        remaining = sum(self._seconds.values()) * self.pace
        current = self._seconds.get(self._stage or "", 0.0) * self.pace
        return remaining - min(self._clock() - self._entered, current)

    @property
    def fraction(self) -> float:
        """Part of the time that is over, 0 to 1."""
        over = self._clock() - self._began
        return over / (over + self.seconds_left) if over else 0.0


@contextmanager
def showing_stages(terminal: Terminal, expectation: Expectation) -> Iterator[Callable[[str], None]]:
    """Gives a function to call with the name of each stage as it begins."""
    if not terminal.is_watched:
        yield lambda _stage: None
        return
    forecast = Forecast(expectation.stages)
    with _bar() as bar:
        task = bar.add_task("", total=1.0, left="")

        def redraw() -> None:
            left = f"{forecast.seconds_left:.0f} s left"
            bar.update(task, completed=forecast.fraction, left=left)

        def enter(stage: str) -> None:
            forecast.enter(stage)
            bar.update(task, description=stage)
            redraw()

        with _ticking(redraw):
            yield enter


@contextmanager
def showing_fraction(terminal: Terminal, title: str) -> Iterator[Callable[[float], None]]:
    """Gives a function to call with the fraction done, from 0 to 1."""
    if not terminal.is_watched:
        yield lambda _fraction: None
        return
    began = time.perf_counter()
    with _bar() as bar:
        task = bar.add_task(title, total=1.0, left="")

        def advance(fraction: float) -> None:
            passed = time.perf_counter() - began
            left = f"{passed / fraction - passed:.0f} s left" if fraction > 0 else ""
            bar.update(task, completed=fraction, left=left)

        yield advance


def _bar() -> Progress:
    # rich only where somebody watches
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
        refresh_per_second=REFRESHES_PER_SECOND,
        transient=True,
    )


@contextmanager
def _ticking(action: Callable[[], None]) -> Iterator[None]:
    """Calls ``action`` in the background until the block ends."""
    from threading import Event, Thread  # with the rest of what is drawn

    over = Event()

    def run() -> None:
        while not over.wait(1 / REFRESHES_PER_SECOND):
            action()

    thread = Thread(target=run, name="zkroute-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
