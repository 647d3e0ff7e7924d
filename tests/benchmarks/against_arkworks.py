"""Multiplication and transform of 2^16 by ours and by arkworks, in alternation, with ratios.

    python -m tests.benchmarks.against_arkworks [--log-size 16] [--repeat 7] [--json]

Needs the extra ``bench`` and an otherwise idle machine. Each figure is the best of all runs.
zksnake's build of arkworks computes both on one thread, so that ours is timed on one thread too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.arkworks import PACKAGE, Arkworks
from tests.benchmarks.samples import point_limbs, scalar_limbs
from zkroute.algebra.engine import Column, Engine
from zkroute.algebra.engine import engine as make_engine
from zkroute.kernels._threads import thread_count

Action = Callable[[], Any]


@dataclass
class Best:
    """The fewest seconds of an action's runs; of the fastest one, the processors kept busy."""

    seconds: float = float("inf")
    processors: float = 0.0
    processor_seconds: float = float("inf")
    """The fewest of all threads together, which other work on the machine disturbs least."""

    def run(self, action: Action) -> None:
        busy, started = time.process_time(), time.perf_counter()
        action()
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        if seconds < self.seconds:
            self.seconds, self.processors = seconds, busy / seconds
        self.processor_seconds = min(self.processor_seconds, busy)


@dataclass(frozen=True)
class Comparison:
    """One kind of work done by both."""

    name: str
    ours: Best
    ours_alone: Best
    theirs: Best
    conversion: Best

    @classmethod
    def of(
        cls, name: str, ours: Action, theirs: Action, conversion: Action, repeat: int
    ) -> Comparison:
        made = cls(name, Best(), Best(), Best(), Best())
        ours()  # compiles
        for _ in range(repeat):
            made.ours.run(ours)
            with single_thread():
                made.ours_alone.run(ours)
            made.theirs.run(theirs)
            made.conversion.run(conversion)
        return made

    @property
    def their_work(self) -> float:
        """Seconds of theirs without what only converts Python's integers."""
        return self.theirs.seconds - self.conversion.seconds

    def figures(self) -> dict[str, object]:
        """For programs; ``ratio`` is the one to quote."""
        their_processor_time = self.theirs.processor_seconds - self.conversion.processor_seconds
        return {
            "work": self.name,
            "ours_ms": round(1e3 * self.ours.seconds, 3),
            "ours_one_thread_ms": round(1e3 * self.ours_alone.seconds, 3),
            "arkworks_ms": round(1e3 * self.their_work, 3),
            "arkworks_with_conversion_ms": round(1e3 * self.theirs.seconds, 3),
            "arkworks_processors": round(self.theirs.processors, 2),
            "ratio": round(self.their_work / self.ours.seconds, 2),
            "ratio_with_conversion": round(self.theirs.seconds / self.ours.seconds, 2),
            "ratio_one_thread": round(self.their_work / self.ours_alone.seconds, 2),
            "ratio_one_thread_processor_time": round(
                their_processor_time / self.ours_alone.processor_seconds, 2
            ),
        }


@contextmanager
def single_thread() -> Iterator[None]:
    """Within the block our kernels use one thread."""
    before = os.environ.get("ZKROUTE_THREADS")
    os.environ["ZKROUTE_THREADS"] = "1"
    thread_count.cache_clear()
    try:
        yield
    finally:
        del os.environ["ZKROUTE_THREADS"]
        if before is not None:
            os.environ["ZKROUTE_THREADS"] = before
        thread_count.cache_clear()


def compare_multiplication(
    engine: Engine, arkworks: Arkworks, log_size: int, repeat: int
) -> Comparison:
    """Both multiply the same points by the same scalars, and must agree."""
    limbs, scalars = point_limbs(1 << log_size), scalar_limbs(1 << log_size)
    bases, columns = engine.load_points(limbs), [Column(scalars, 254)]
    theirs, conversion = arkworks.multiplication(arkworks.load_points(limbs), scalars)

    def ours() -> Any:
        return engine.multi_scalar_multiplication(bases, columns)[0]

    if ours() != arkworks.point(theirs()):
        sys.exit("the results differ")
    name = f"multiplication of 2^{log_size} points, 254 bits"
    return Comparison.of(name, ours, theirs, conversion, repeat)


def compare_transform(engine: Engine, arkworks: Arkworks, log_size: int, repeat: int) -> Comparison:
    """Both evaluate the same polynomial on the same domain, in the orders of their own roots."""
    limbs = scalar_limbs(1 << log_size)
    coefficients = engine.load(limbs)
    theirs, conversion = arkworks.transform(limbs)

    def ours() -> Any:
        return engine.evaluate_on_coset(coefficients, log_size, 1)

    if sorted(engine.to_integers(ours())) != sorted(theirs()):
        sys.exit("the results differ")
    return Comparison.of(f"transform of 2^{log_size}", ours, theirs, conversion, repeat)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.against_arkworks")
    parser.add_argument("--log-size", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        arkworks = Arkworks()
    except ImportError:
        sys.exit(f"{PACKAGE} is not installed: pip install 'zkroute[bench]'")
    engine = make_engine()
    comparisons = [
        compare(engine, arkworks, options.log_size, options.repeat).figures()
        for compare in (compare_multiplication, compare_transform)
    ]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if options.json:
        print(json.dumps({"kernel": engine.name, "load": load, "comparisons": comparisons}))
        return
    print(f"{engine.name} kernels on {thread_count()} threads against {arkworks.name}")
    for figures in comparisons:
        for name, value in figures.items():
            print(f"  {name:32} {value}" if name != "work" else value)
    print(f"load of the machine at the end: {load}")


if __name__ == "__main__":
    main(sys.argv[1:])
