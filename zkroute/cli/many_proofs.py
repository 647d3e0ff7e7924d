"""Proving every batch of a folder: over processes of this machine, or over a Dask cluster.

A worker loads key and SRS once and keeps them. Each batch is proven by one worker and recorded in
its folder before it counts as done, so a worker that dies loses at most the proof it was making,
and that batch is given to another.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from prover.keygen import ProvingKey
from prover.prove import prove
from zkroute.algebra.engine import engine
from zkroute.atomic import write_atomic
from zkroute.cli.artefacts import read_key
from zkroute.cli.batches import load_batch, record_proof, require_unproven
from zkroute.cli.progress import showing_fraction
from zkroute.cli.reference_strings import srs_of_key
from zkroute.cli.terminal import Terminal, printable
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import UsageError, ZkrouteError

RETRIES = 2
"""How often the batches of a broken pool are given to a new one."""


@dataclass(frozen=True)
class Outcome:
    """What became of one batch; ``error`` is empty where it is proven."""

    batch: str
    seconds: float
    proof_bytes: int
    made_before: bool
    error: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Outcomes:
    """What became of all batches of a folder, in the order of their paths."""

    batches: tuple[Outcome, ...]
    seconds: float
    workers: int | None
    """None on a cluster, which has its own."""

    @property
    def busy_seconds(self) -> float:
        """How long workers were at it, all together."""
        return sum(outcome.seconds for outcome in self.batches)

    @property
    def failed(self) -> list[Outcome]:
        """Those that could not be proven; the others are."""
        return [outcome for outcome in self.batches if outcome.error]

    @property
    def exit_code(self) -> int:
        """That of the first failure, 0 without one."""
        return next((outcome.exit_code for outcome in self.failed), 0)

    def document(self) -> dict[str, object]:
        """The figures for programs."""
        busy, workers = self.busy_seconds, self.workers
        return {
            "batches": [asdict(outcome) for outcome in self.batches],
            "failed": len(self.failed),
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "busy_seconds": round(busy, 3),
            "workers": workers,
            "efficiency": round(busy / (self.seconds * workers), 3) if workers else None,
        }


def batches_in(folder: Path) -> list[Path]:
    """The batch folders directly inside ``folder``, by number where they are named by numbers.

    Raises UsageError if there is none.
    """
    found = [path.parent for path in folder.glob("*/header.json")]
    if not found:
        raise UsageError(f"{folder} holds no batch and no folders with one")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def prove_folder(batch: str, key: str) -> Outcome:
    """Prove one batch in a worker: records the proof, writes it, and says what became of it."""
    folder = BatchFolder(Path(batch))
    started = time.perf_counter()
    try:
        proving_key = _proving_key(key)
        stored = load_batch(folder, proving_key.key)
        proof = stored.proof
        if not proof:
            require_unproven(stored)
            proof = prove(proving_key, stored.snapshot, stored.committed)
            record_proof(folder, proof)
        write_atomic(folder.proof, proof)
    except ZkrouteError as error:
        seconds = time.perf_counter() - started
        return Outcome(batch, seconds, 0, False, str(error), int(error.exit_code))
    return Outcome(batch, time.perf_counter() - started, len(proof), bool(stored.proof))


@lru_cache(maxsize=1)
def _proving_key(key: str) -> ProvingKey:
    """The working key of this worker, made once."""
    verifying_key = read_key(Path(key))
    return ProvingKey(verifying_key, srs_of_key(verifying_key), engine())


def prove_many(
    terminal: Terminal, batches: Sequence[Path], key: Path, workers: int, scheduler: str | None
) -> Outcomes:
    """Prove all batches and say what became of them; one that fails keeps no other from it.

    Raises UsageError where the cluster cannot be reached or the pool keeps breaking.
    """
    make = (lambda: _cluster(scheduler)) if scheduler else (lambda: _processes(workers))
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with showing_fraction(terminal, f"proving {len(batches)} batches") as show:
        for outcome in run_all([str(path.resolve()) for path in batches], str(key.resolve()), make):
            outcomes.append(outcome)
            show(len(outcomes) / len(batches))
    many = Outcomes(
        tuple(sorted(outcomes, key=lambda each: (len(each.batch), each.batch))),
        time.perf_counter() - started,
        None if scheduler else workers,
    )
    _say(terminal, many)
    return many


def _say(terminal: Terminal, many: Outcomes) -> None:
    before = sum(outcome.made_before for outcome in many.batches)
    proven = len(many.batches) - before - len(many.failed)
    known = f", {before} were before" if before else ""
    terminal.say(
        f"{proven} of {len(many.batches)} batches proven in {many.seconds:.1f} s{known}; workers "
        f"were busy {many.busy_seconds:.1f} s"
    )
    for outcome in many.failed:
        click.echo(printable(f"zkroute: not proven: {outcome.batch}: {outcome.error}"), err=True)


def run_all(
    batches: Sequence[str], key: str, make_executor: Callable[[], AbstractContextManager[Executor]]
) -> Iterator[Outcome]:
    """Outcomes as they come; batches of a pool that broke go to a new one, ``RETRIES`` times."""
    waiting = set(batches)
    for _ in range(RETRIES + 1):
        with make_executor() as executor:
            futures = {executor.submit(prove_folder, batch, key): batch for batch in waiting}
            try:
                for future in as_completed(futures):
                    outcome = future.result()
                    waiting.discard(futures[future])
                    yield outcome
            except BrokenProcessPool:
                # the proofs made so far are recorded; a new pool takes the others
                continue
        if not waiting:
            return
    raise UsageError(
        f"worker processes died {RETRIES + 1} times; {len(waiting)} batches are left unproven: "
        "try fewer workers, each needs the memory 'zkroute prove' announces"
    )


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    """Worker processes, started afresh (never forked), that share this machine's processors."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _use_threads, (threads,)) as executor:
        yield executor


def _use_threads(count: int) -> None:
    """In a new worker, before any kernel is loaded."""
    os.environ["ZKROUTE_THREADS"] = str(count)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    """A Dask cluster as an executor; its workers see the same folders under the same paths."""
    try:
        # by name: an optional part, whose calls are untyped where it is installed
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise UsageError(
            "a scheduler needs the optional part 'cluster': pip install 'zkroute[cluster]'"
        ) from None
    try:
        client = distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(retries=RETRIES, pure=False)
