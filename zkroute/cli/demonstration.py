"""The demonstration: a script of the command line's own verbs, run and shown one by one."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shlex
import shutil
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from zkroute.atomic import write_atomic
from zkroute.cli.artefacts import read_header, read_key
from zkroute.cli.order_output import orders_csv
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BATCHES, KEY, POLICY, ROUTER_KEY, BatchFolder
from zkroute.errors import ExitCode, UsageError, ZkrouteError
from zkroute.formats.documents import read_policy
from zkroute.formats.header import encode_header
from zkroute.formats.router_key import read_private_key
from zkroute.routing.flow import generate_flow

BATCH_COUNT = 3
ROWS = "2^9"
START_MS = 1_750_000_000_000
BATCH_MS = 5_000
TAMPERED = "tampered"


@dataclass
class _Script:
    """Runs verbs as a person would, showing each; remembers how long it took."""

    terminal: Terminal
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, *words: str, expected: ExitCode = ExitCode.VALID) -> None:
        """One command; another exit code than expected, or Ctrl-C, ends the demonstration."""
        # the demonstration is itself a verb of this group
        from zkroute.cli.main import command_line

        line = shlex.join(("zkroute", *words))
        self.terminal.say(f"\n$ {line}")
        started = time.perf_counter()
        with self._silence():
            code = command_line.main(list(words), prog_name="zkroute", standalone_mode=False) or 0
        self.seconds[line] = time.perf_counter() - started
        if code != expected:
            raise ZkrouteError(f"the demonstration broke: {line} gave {code}, not {int(expected)}")
        if expected:
            self.terminal.say(f"(refused with exit code {code}, as it must be)")

    @contextlib.contextmanager
    def _silence(self) -> Iterator[None]:
        """A program that reads our answer does not want those of the commands."""
        if not self.terminal.json:
            yield
            return
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield


def run_demonstration(terminal: Terminal, directory: Path, orders: int) -> None:
    """Three chained batches routed, proven and verified, then four cheats refused.

    Raises UsageError where the folder is in use, ZkrouteError where anything goes otherwise than
    it must.
    """
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty; choose another folder, or remove it")
    directory.mkdir(parents=True, exist_ok=True)
    script = _Script(terminal)
    with contextlib.chdir(directory), _own_data_folder():
        script.run("init", ".", "--orders", "20")
        script.run("srs", "new", "--rows", ROWS, "--name", "demonstration")
        script.run("keys", "--rows", ROWS)
        accepting = _accepting()
        for number in range(BATCH_COUNT):
            _one_batch(script, number, orders, accepting)
        _refusals(script, accepting)
        _summary(terminal, script, directory, accepting)


def free_folder() -> Path:
    """A folder name that nothing has yet."""
    names = itertools.chain(["zkroute-demo"], (f"zkroute-demo-{i}" for i in itertools.count(2)))
    return next(path for path in map(Path, names) if not path.exists())


@contextlib.contextmanager
def _own_data_folder() -> Iterator[None]:
    """The SRS stays in the demonstration's folder, not among the user's."""
    before = os.environ.get("ZKROUTE_DATA_DIR")
    os.environ["ZKROUTE_DATA_DIR"] = str(Path("data").absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ["ZKROUTE_DATA_DIR"]
        else:
            os.environ["ZKROUTE_DATA_DIR"] = before


def _accepting() -> tuple[str, ...]:
    """What our verifier accepts."""
    key = read_key(Path(KEY))
    return ("--accept", key.digest.hex(), "--allow-development-srs", key.srs)


def _place(number: int) -> tuple[str, ...]:
    return ("--after", f"{BATCHES}/{number - 1}") if number else ("--start",)


def _one_batch(script: _Script, number: int, orders: int, accepting: tuple[str, ...]) -> None:
    policy = read_policy(Path(POLICY))
    start = START_MS + number * BATCH_MS
    flow = generate_flow(policy, orders, start_ms=start)
    write_atomic(f"orders-{number}.csv", orders_csv(flow, policy).encode("ascii"))
    after = _place(number) if number else ()
    script.run("route", f"orders-{number}.csv", *after, "--time-ms", str(start + BATCH_MS))
    script.run("prove", f"{BATCHES}/{number}")
    script.run("verify", f"{BATCHES}/{number}", *_place(number), *accepting)


def _refusals(script: _Script, accepting: tuple[str, ...]) -> None:
    last, before = f"{BATCHES}/{BATCH_COUNT - 1}", f"{BATCHES}/{BATCH_COUNT - 2}"
    say = script.terminal.say
    say("\nNow cheating. One bit of a value in the proof is flipped:")
    _tamper(last, "flipped-bit", flip_proof=True)
    script.run("verify", f"{TAMPERED}/flipped-bit", *accepting, expected=ExitCode.INVALID_PROOF)
    say("\nThe router swaps two commitments in the header and signs it anew:")
    _tamper(last, "swapped-columns", swap_columns=True)
    script.run("verify", f"{TAMPERED}/swapped-columns", *accepting, expected=ExitCode.INVALID_PROOF)
    say("\nA batch is handed in a second time:")
    script.run("verify", last, "--after", last, *accepting, expected=ExitCode.STALE)
    say("\nA verifier that accepts another key, so another policy:")
    other = ("--accept", "00" * 32)
    script.run("verify", last, "--after", before, *other, expected=ExitCode.MISMATCH)


def _tamper(
    source: str, name: str, *, flip_proof: bool = False, swap_columns: bool = False
) -> None:
    """A copy of a batch's public files with something changed."""
    honest, folder = BatchFolder(Path(source)), BatchFolder(Path(TAMPERED) / name)
    folder.path.mkdir(parents=True)
    shutil.copy(honest.snapshot, folder.snapshot)
    proof = bytearray(honest.proof.read_bytes())
    if flip_proof:
        proof[-65] ^= 1  # the last byte of the last value, before the two opening points
    write_atomic(folder.proof, bytes(proof))
    header = read_header(honest.header)
    if swap_columns:
        first, second, *others = header.columns
        header = replace(header, columns=(second, first, *others))
        header = header.signed(read_private_key(Path(ROUTER_KEY)).sign(header.signed_message))
    write_atomic(folder.header, encode_header(header))


def _summary(
    terminal: Terminal, script: _Script, directory: Path, accepting: tuple[str, ...]
) -> None:
    rows = []
    for number in range(BATCH_COUNT):
        folder = BatchFolder(Path(BATCHES) / str(number))
        header = read_header(folder.header)
        times = [
            next(
                round(seconds, 4)
                for line, seconds in script.seconds.items()
                if line.startswith(f"zkroute {start}")
            )
            for start in (
                f"route orders-{number}.csv",
                f"prove {BATCHES}/{number}",
                f"verify {BATCHES}/{number}",
            )
        ]
        rows.append((number, header.order_count, *times, folder.proof.stat().st_size))
    titles = ("batch", "orders", "route_s", "prove_s", "verify_s", "proof_bytes")
    terminal.say("")
    terminal.table(titles, rows, "Three batches proven, four cheats refused")
    accepted = shlex.join(accepting)
    terminal.say(f"Everything is in {directory}. To look around:")
    terminal.say(f"  cd {shlex.quote(str(directory))}; export ZKROUTE_DATA_DIR=$PWD/data")
    if shutil.which("zkroute") is None:
        programs = shlex.quote(sysconfig.get_path("scripts"))
        terminal.say(f"  export PATH={programs}:$PATH")
    terminal.say("  zkroute inspect batches/2     what everyone sees of a batch")
    terminal.say("  zkroute inspect key.json      the tables and buses of the proof")
    terminal.say(f"  zkroute verify batches/2 --after batches/1 {accepted}")
    terminal.answer(
        {
            "directory": str(directory),
            "batches": [dict(zip(titles, row, strict=True)) for row in rows],
            "refused": 4,
        }
    )
