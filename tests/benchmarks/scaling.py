"""How proving many batches scales: the same folder by pools of several shapes.

    python -m tests.benchmarks.scaling [--batches 8] [--orders 4096] [--json]

A pool has W workers of T threads. Efficiency is the throughput over W x T times that of one worker
with one thread: 1 where every processor added proves as much as the first. Every worker has loaded
its key and proven one batch before the clock starts; ``zkroute prove --workers`` does not wait, so
that its own ``efficiency`` (how busy the workers were) is another figure.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from circuits.statement import smallest_log_rows
from zkroute.atomic import write_atomic
from zkroute.cli.batches import save_batch
from zkroute.cli.many_proofs import prove_folder, run_all
from zkroute.cli.rehearsal import Desk
from zkroute.cli.workspace import KEY, BatchFolder
from zkroute.formats.key import encode_key
from zkroute.formats.srs_file import store_srs
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.flow import generate_flow

NODES = 64
WAITING_SECONDS = 600.0


@dataclass(frozen=True)
class Measured:
    """One pool and what it took."""

    workers: int
    threads: int
    seconds: float

    def efficiency(self, alone: Measured) -> float:
        """Against one worker with one thread on the same batches."""
        return alone.seconds / (self.seconds * self.workers * self.threads)


def make_batches(base: Path, count: int, orders: int) -> list[Path]:
    """SRS, key and so many routed batches below ``base``."""
    policy = parse_policy(trades_policy(NODES), "benchmark policy")
    snapshot = parse_snapshot(made_up_nodes(NODES), "benchmark nodes")
    desk = Desk.new(policy, snapshot, smallest_log_rows(policy, orders))
    store_srs(desk.proving_key.committer.srs, base / "data" / "srs")
    write_atomic(base / KEY, encode_key(desk.proving_key.key))
    folders = []
    for number in range(count):
        folder = BatchFolder(base / "batches" / str(number))
        save_batch(folder, desk.commit(generate_flow(policy, orders)), snapshot)
        folders.append(folder.path)
    return folders


def prepare_worker(threads: int, data: str) -> None:
    """In a new worker, before any kernel is loaded."""
    os.environ["ZKROUTE_THREADS"] = str(threads)
    os.environ["ZKROUTE_DATA_DIR"] = data


def prove_first(barrier: Barrier, batch: str, key: str) -> str:
    """One batch by every worker: none takes a second before all have one. Returns the error."""
    barrier.wait(WAITING_SECONDS)
    return prove_folder(batch, key).error


@contextmanager
def ready_pool(workers: int, threads: int, base: Path, first: list[Path]) -> Iterator[Executor]:
    """Workers that have loaded the key, and every kernel a proof needs."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        barrier = manager.Barrier(workers)
        preparation = (threads, str(base / "data"))
        with ProcessPoolExecutor(workers, context, prepare_worker, preparation) as executor:
            futures = [
                executor.submit(prove_first, barrier, str(batch), str(base / KEY))
                for batch in first
            ]
            for future in futures:
                if future.result():
                    sys.exit(future.result())
            yield executor


def measure(base: Path, batches: list[Path], workers: int, threads: int) -> Measured:
    """Proves copies of all batches, one more for each worker before."""
    copies = base / f"copies-{workers}-{threads}"
    shutil.copytree(base / "batches", copies / "timed")
    first = [copies / f"first-{number}" for number in range(workers)]
    for folder in first:
        shutil.copytree(batches[0], folder)
    timed = [str(copies / "timed" / batch.name) for batch in batches]
    with ready_pool(workers, threads, base, first) as executor:
        started = time.perf_counter()
        outcomes = list(run_all(timed, str(base / KEY), lambda: nullcontext(executor)))
        seconds = time.perf_counter() - started
    failed = [outcome.error for outcome in outcomes if outcome.error]
    if failed:
        sys.exit(failed[0])
    return Measured(workers, threads, seconds)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scaling")
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--orders", type=int, default=4096)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    processors = os.cpu_count() or 1
    shapes = dict.fromkeys([(1, 1), (1, processors), (processors, 1)])
    with tempfile.TemporaryDirectory(prefix="zkroute-scaling-") as name:
        base = Path(name)
        batches = make_batches(base, options.batches, options.orders)
        measured = [measure(base, batches, *shape) for shape in shapes]
    figures = [
        {
            "workers": each.workers,
            "threads": each.threads,
            "seconds": round(each.seconds, 3),
            "orders_per_s": round(options.batches * options.orders / each.seconds, 1),
            "efficiency": round(each.efficiency(measured[0]), 3),
        }
        for each in measured
    ]
    if options.json:
        print(json.dumps({"batches": options.batches, "orders": options.orders, "pools": figures}))
        return
    for each in figures:
        print("  ".join(f"{name} {value}" for name, value in each.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
