"""The audit: every batch by itself, in parallel, then the chain they make."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from verifier.errors import Code
from zkroute.audit.batches import Checked, check_batches
from zkroute.audit.findings import Fault, Finding, exit_code_of
from zkroute.audit.folder import PublishedFolder
from zkroute.audit.links import Links, forgotten, unlisted
from zkroute.audit.report import (
    Report,
    node_names,
    policies_in_force,
    snapshots_in_force,
)
from zkroute.audit.swaps import swapped_proofs
from zkroute.audit.terms import Terms
from zkroute.errors import UsageError
from zkroute.formats.chain import Entry

SHARE = 32
"""Most batches a worker takes at a time: one product of pairings decides about all of them."""
SHARES_PER_WORKER = 4
"""So that workers end at about the same time."""
WORTH_A_PROCESS = 256
"""Batches from which on a worker process saves more time than its start takes."""

Task = list[tuple[int, Entry]]
Progress = Callable[[float], None]


def audit(
    path: Path,
    terms: Terms,
    workers: int | None = None,
    progress: Progress = lambda _fraction: None,
) -> Report:
    """Everything that is wrong with the chain published in folder ``path``, or that nothing is.

    Reads public files only, and nothing outside the folder. ``workers`` are processes; None takes
    as many as pay. ``progress`` gets the fraction done.
    Raises UsageError where there is no ``chain.json`` or worker processes die, MalformedError
    where it is no list of batches.

    Soundness: a valid report says that each batch is proven under the keys, routers and snapshots
    of ``terms``, that they follow on each other from batch 0, and that none is missing between. It
    cannot say that there are no newer ones: name a head seen elsewhere in ``terms.heads``.
    """
    started = time.perf_counter()
    folder = PublishedFolder(path)
    published = folder.chain()
    batches: list[Checked] = []
    workers = workers or worthwhile(len(published.batches))
    for done in _check_all(folder, published.chain, terms, published.batches, workers):
        batches += done
        progress(len(batches) / len(published.batches))
    batches.sort(key=lambda batch: batch.position)
    findings = [finding for batch in batches for finding in batch.findings]
    findings = _with_swaps(findings, swapped_proofs(folder, batches, terms))
    findings += Links(folder, batches, terms).findings()
    findings.sort(key=lambda each: (each.position or 0, each.position is None))
    return Report(
        chain=published.chain,
        terms=terms,
        batches=tuple(batches),
        findings=(
            *findings,
            *unlisted(folder, published, batches, terms),
            *forgotten(batches, terms),
        ),
        policies=policies_in_force(folder, batches),
        snapshots=snapshots_in_force(folder, batches),
        nodes=node_names(folder, batches),
        made_ms=int(time.time() * 1000),
        seconds=time.perf_counter() - started,
    )


def _check_all(
    folder: PublishedFolder,
    chain: str,
    terms: Terms,
    entries: Sequence[Entry],
    workers: int,
) -> Iterator[list[Checked]]:
    tasks = _tasks(entries, workers)
    if workers == 1 or len(tasks) == 1:
        for task in tasks:
            yield check_batches(folder, chain, terms, task)
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    beginning = (str(folder.path.resolve()), threads)
    with ProcessPoolExecutor(min(workers, len(tasks)), context, _begin, beginning) as executor:
        started = [executor.submit(_check_here, chain, terms, task) for task in tasks]
        try:
            for each in as_completed(started):
                yield each.result()
        except BrokenProcessPool:
            raise UsageError(
                "a worker process died, perhaps for want of memory; try fewer --workers"
            ) from None


_opened: dict[str, PublishedFolder] = {}
"""In a worker process: the folder it works on, so that keys are read and rebuilt once."""


def _begin(path: str, threads: int) -> None:
    """In a new worker, before any kernel is loaded."""
    os.environ["ZKROUTE_THREADS"] = str(threads)
    _opened["folder"] = PublishedFolder(Path(path))


def _check_here(chain: str, terms: Terms, task: Task) -> list[Checked]:
    return check_batches(_opened["folder"], chain, terms, task)


def worthwhile(batches: int) -> int:
    """How many worker processes pay for so many batches."""
    return max(1, min(os.cpu_count() or 1, batches // WORTH_A_PROCESS))


def _tasks(entries: Sequence[Entry], workers: int) -> list[Task]:
    numbered = list(enumerate(entries))
    even = -(-len(numbered) // (workers * SHARES_PER_WORKER))
    size = SHARE if workers == 1 else max(1, min(SHARE, even))
    return [numbered[start : start + size] for start in range(0, len(numbered), size)]


def _with_swaps(findings: Sequence[Finding], swapped: dict[int, int]) -> list[Finding]:
    """The findings, with proofs that do not hold named as the other batch's where they are."""
    return [
        Finding(
            Fault.PROOF_SWAPPED.value,
            exit_code_of(Fault.PROOF_SWAPPED),
            f"its proof is that of batch {swapped[each.position]}",
            each.position,
            each.batch,
        )
        if each.code == Code.OPENING_INVALID.value and each.position in swapped
        else each
        for each in findings
    ]
