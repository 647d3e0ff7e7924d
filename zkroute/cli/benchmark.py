"""The benchmark of one batch: steps in this process, start-up in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from circuits.statement import smallest_log_rows
from prover.blinding import blinding_count, random_scalars
from prover.commit import BlindedColumn
from prover.prove import prove
from prover.state import CommittedBatch
from prover.trace.orders import order_columns
from verifier.verify import verify
from zkroute.algebra.engine import Column
from zkroute.algebra.verification import fastest_arithmetic, using_arithmetic
from zkroute.atomic import write_atomic
from zkroute.cli.batches import save_batch
from zkroute.cli.order_input import is_trade_file
from zkroute.cli.rehearsal import Desk
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import KEY, BatchFolder
from zkroute.errors import UsageError, ZkrouteError
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.formats.srs_file import store_srs
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.order import Orders, read_orders, read_trades
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.flow import generate_flow
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

Figure = int | float | str | None | dict[str, float]


def run_benchmark(
    terminal: Terminal,
    count: int,
    nodes: int,
    orders_file: Path | None,
    repeat: int,
    starts: bool = True,
) -> dict[str, Figure]:
    """The figures of one batch of ``count`` orders over ``nodes`` nodes; seconds are the best of
    ``repeat``, those of ``stages`` are of the fastest proof. Without ``starts`` no processes are
    started and their figures are None."""
    policy = parse_policy(trades_policy(nodes), "benchmark policy")
    snapshot = parse_snapshot(made_up_nodes(nodes), "benchmark nodes")
    orders = _orders(policy, count, orders_file)
    terminal.note("preparing: SRS, key, and one proof made and verified that is not timed")
    desk = Desk.new(policy, snapshot, smallest_log_rows(policy, count))
    batch = desk.commit(orders)
    proof = prove(desk.proving_key, snapshot, batch)
    fastest = fastest_arithmetic().name
    for arithmetic in (fastest, "reference"):
        with using_arithmetic(arithmetic):
            _verify(desk, batch, proof)
    terminal.note("timing")
    parameters = node_parameters(policy, snapshot, 0)
    idle = [0] * policy.slots
    route_s = _best(repeat, lambda: route(policy, parameters, idle, orders))
    commit_s = _best(repeat, _commitment(desk, batch))
    prove_s, stages = min((_staged(desk, batch) for _ in range(repeat)), key=lambda proof: proof[0])
    with using_arithmetic(fastest):
        verify_s = _best(repeat, lambda: _verify(desk, batch, proof))
    with using_arithmetic("reference"):
        verify_reference_s = _best(repeat, lambda: _verify(desk, batch, proof))
    peak = peak_megabytes()
    cold = warm = None
    if starts:
        terminal.note("starting 'zkroute prove' with an empty cache, then again")
        cold, warm = _starts(desk, orders)
    return {
        "orders": count,
        "nodes": nodes,
        "rows": 1 << desk.proving_key.key.log_rows,
        "kernel": desk.proving_key.engine.name,
        "route_s": round(route_s, 4),
        "commit_s": round(commit_s, 4),
        "prove_s": round(prove_s, 4),
        "orders_per_s": round(count / prove_s, 1),
        "verify_s": round(verify_s, 4),
        "verify_reference_s": round(verify_reference_s, 4),
        "proof_bytes": len(proof),
        "header_bytes": len(encode_header(batch.header)),
        "peak_rss_mb": peak,
        "cold_start_s": cold,
        "warm_start_s": warm,
        "stages": {f"{stage}_s": round(seconds, 4) for stage, seconds in stages.items()},
    }


def peak_megabytes() -> float | None:
    """The most memory this process has had, in units of 10^6 bytes; None where it is not told."""
    try:
        import resource  # Windows has no such module
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_bytes = peak if sys.platform == "darwin" else 1024 * peak
    return round(in_bytes / 1e6, 1)


def _orders(policy: Policy, count: int, path: Path | None) -> Orders:
    if path is None:
        return generate_flow(policy, count)
    if is_trade_file(path):
        return read_trades(path, policy, count=count, skip_unlisted=True)
    orders = read_orders(path, policy)
    if len(orders) < count:
        raise UsageError(f"{path} has {len(orders)} orders, but {count} are to be timed")
    return orders.take(slice(0, count))


def _commitment(desk: Desk, batch: CommittedBatch) -> Callable[[], object]:
    """Commits to the order and assignment columns, as ``route`` does for the header."""
    circuit = desk.proving_key.circuit
    columns = order_columns(circuit, batch.routed)

    def commit() -> object:
        return desk.proving_key.committer.columns(
            [
                BlindedColumn(
                    Column(columns[column.name], column.bits),
                    circuit.shape.log_rows,
                    tuple(random_scalars(blinding_count(circuit.lowered, column))),
                )
                for column in circuit.order_columns
            ]
        )

    return commit


def _verify(desk: Desk, batch: CommittedBatch, proof: bytes) -> None:
    verify(desk.proving_key.key, batch.header, proof, desk.acceptance())


class StageClock:
    """Seconds of each stage by name, told of each as it begins."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._stage: str | None = None
        self._entered = 0.0

    def enter(self, stage: str) -> None:
        """A stage begins, perhaps not for the first time, and the one before it is over."""
        self.stop()
        self._stage = stage

    def stop(self) -> None:
        """The last stage is over."""
        now = self._clock()
        if self._stage is not None:
            seconds = self.seconds.get(self._stage, 0.0)
            self.seconds[self._stage] = seconds + now - self._entered
        self._stage, self._entered = None, now


def _staged(desk: Desk, batch: CommittedBatch) -> tuple[float, dict[str, float]]:
    """Seconds of one proof, and of its stages."""
    stages = StageClock()
    started = time.perf_counter()
    prove(desk.proving_key, desk.snapshot, batch, stages.enter)
    stages.stop()
    return time.perf_counter() - started, stages.seconds


def _best(repeat: int, action: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _starts(desk: Desk, orders: Orders) -> tuple[float, float]:
    """Seconds of a first process in a fresh cache, and of a second one, each proving a batch."""
    with tempfile.TemporaryDirectory(prefix="zkroute-bench-") as name:
        base = Path(name)
        store_srs(desk.proving_key.committer.srs, base / "data" / "srs")
        write_atomic(base / KEY, encode_key(desk.proving_key.key))
        seconds = []
        for number in range(2):
            folder = BatchFolder(base / str(number))
            save_batch(folder, desk.commit(orders), desk.snapshot)
            seconds.append(_start(base, folder))
        return round(seconds[0], 3), round(seconds[1], 3)


def _start(base: Path, folder: BatchFolder) -> float:
    environment = os.environ | {
        "ZKROUTE_CACHE_DIR": str(base / "cache"),
        "ZKROUTE_DATA_DIR": str(base / "data"),
    }
    command = [sys.executable, "-m", "zkroute.cli", "prove", str(folder.path), "--quiet"]
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603  our own program with paths made here
        [*command, "--key", str(base / KEY)], env=environment, capture_output=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise ZkrouteError(
            f"'zkroute prove' failed: {done.stderr.decode(errors='replace').strip()}"
        )
    return seconds
