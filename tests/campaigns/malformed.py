"""Malformed inputs to every parser: a typed refusal or a harmless reading, quickly, nothing else.

    python -m tests.campaigns.malformed --campaign-size 1000000

For every input one of: *refused* with a typed error; *same*: it says what an honest file says in
another spelling; *other*: a well-formed file that says something else and that its own check
(signature, digest, commitment, proof) refuses, or that has no such check because who writes it may
write what it likes, such as a policy. Anything else is a finding.
"""

from __future__ import annotations

import argparse
import random
import resource
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.campaigns.file_parsers import EVERY_FILE, RefusalError
from tests.campaigns.inspected import inspection_parsers
from tests.campaigns.mutations import any_bytes
from tests.campaigns.opened import HonestDay
from tests.campaigns.parsers import (
    Parser,
    document_parsers,
    private_parsers,
    settlement_parsers,
)
from zkroute.errors import ZkrouteError

MOST_SECONDS = 1.0
"""Processor time for one input."""
HANG_SECONDS = 60.0
MOST_MEMORY = 4 << 30
"""Address space beyond what the process has when the campaign begins."""
LEAST_INPUTS = 12


class HangError(Exception):
    """An input took longer than HANG_SECONDS."""


@dataclass
class Tally:
    """What became of one parser's inputs."""

    name: str
    inputs: int = 0
    refused: int = 0
    same: int = 0
    other: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)


def every_parser(honest: HonestDay) -> list[Parser]:
    folder = honest.folder
    made = document_parsers(honest) + private_parsers(honest) + settlement_parsers(honest)
    return made + [
        parser for make in (*EVERY_FILE, inspection_parsers) for parser in make(honest, folder)
    ]


def campaign(parsers: list[Parser], size: int, seed: int, log: bool = False) -> list[Tally]:
    """The tallies of ``size`` inputs, shared out by the parsers' shares, in rounds over all."""
    rng = random.Random(seed)
    tallies = {parser.name: Tally(parser.name) for parser in parsers}
    honest = {parser.name: honest_meanings(parser) for parser in parsers}
    whole = sum(parser.share for parser in parsers)
    wanted = {
        parser.name: max(LEAST_INPUTS, round(size * parser.share / whole)) for parser in parsers
    }
    rounds = max(1, size // 50_000)
    began = time.monotonic()
    with watched():
        for number in range(rounds):
            for parser in parsers:
                count = wanted[parser.name]
                for _ in range(count * (number + 1) // rounds - count * number // rounds):
                    attempt(parser, honest[parser.name], tallies[parser.name], rng)
            if log:
                total = sum(tally.inputs for tally in tallies.values())
                print(f"{total} inputs, {time.monotonic() - began:.0f} s", flush=True)
    return list(tallies.values())


def honest_meanings(parser: Parser) -> set[object]:
    """What the seeds say; each must be read, and be written again as it was."""
    meanings = set()
    for seed in parser.seeds:
        parsed = parser.read(seed)
        assert parser.is_exact(parsed, seed), parser.name
        meanings.add(parser.meaning(parsed))
    return meanings


def attempt(parser: Parser, honest: set[object], tally: Tally, rng: random.Random) -> None:
    """One damaged input, and what became of it."""
    seed = rng.choice(parser.seeds)
    mutate = rng.choice([any_bytes, parser.mutate])
    data = mutate(rng, seed, parser.seeds)
    if rng.random() < 0.1 and data:
        data = any_bytes(rng, data, parser.seeds)
    if parser.seal is not None and rng.random() < 0.8:
        data = parser.seal(data)
    tally.inputs += 1
    before = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        judge(parser, honest, tally, data)
    except (ZkrouteError, RefusalError) as error:
        tally.refused += 1
        if not str(error).isprintable():
            tally.findings.append(f"an error that cannot be shown: {error!r:.200}")
    except Exception as error:
        tally.findings.append(
            f"untyped {type(error).__name__}: {error!s:.200}; input {data!r:.300}"
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.process_time() - before
    tally.slowest = max(tally.slowest, seconds)
    tally.seconds += seconds
    if seconds > MOST_SECONDS:
        tally.findings.append(f"{seconds:.1f} s for {len(data)} bytes {data!r:.300}")


def judge(parser: Parser, honest: set[object], tally: Tally, data: bytes) -> None:
    parsed = parser.read(data)
    if not parser.is_exact(parsed, data):
        tally.findings.append(f"read otherwise than written: {data!r:.300}")
    elif parser.meaning(parsed) in honest:
        tally.same += 1
    elif parser.is_believed(parsed):
        tally.findings.append(f"accepted: {data!r:.300}")
    else:
        tally.other += 1


@contextmanager
def watched() -> Iterator[None]:
    """Memory and time of each input are bounded while this lasts."""

    def give_up(_: int, __: FrameType | None) -> NoReturn:
        raise HangError

    old = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    before = signal.signal(signal.SIGALRM, give_up)
    if pages:
        bound = pages * resource.getpagesize() + MOST_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (bound, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)
        signal.signal(signal.SIGALRM, before)


def table(tallies: list[Tally]) -> str:
    """The tallies as Markdown."""
    rows = ["| parser | inputs | refused | same | other | findings | slowest ms |"]
    rows.append("|---|---|---|---|---|---|---|")
    whole = Tally("all")
    for tally in tallies:
        for name in ("inputs", "refused", "same", "other"):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        whole.findings += tally.findings
        whole.slowest = max(whole.slowest, tally.slowest)
    for tally in [*tallies, whole]:
        rows.append(
            f"| {tally.name} | {tally.inputs:,} | {tally.refused:,} | {tally.same:,} | "
            f"{tally.other:,} | {len(tally.findings)} | {1000 * tally.slowest:.0f} |"
        )
    return "\n".join(rows)


def main() -> int:
    arguments = argparse.ArgumentParser(description="damaged files for every parser")
    arguments.add_argument("--campaign-size", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=secrets.randbits(32))
    chosen = arguments.parse_args()
    memory = Path("/dev/shm")  # noqa: S108  # a disk would be what the campaign waits for
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        parsers = every_parser(HonestDay(Path(name)))
        print(f"seed {chosen.seed}, {len(parsers)} parsers", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tallies = campaign(parsers, chosen.campaign_size, chosen.seed, log=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    print(table(tallies))
    print(f"most memory grew by {grown / 1024:.0f} MiB")
    for tally in tallies:
        print(f"{tally.name}: {1000 * tally.seconds / max(1, tally.inputs):.2f} ms each")
        for finding, count in Counter(tally.findings).most_common(5):
            print(f"  {count} x {finding}")
    return int(any(tally.findings for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
