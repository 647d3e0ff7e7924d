"""Many benchmarks in a row: cost against orders, and against nodes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zkroute.cli.terminal import Terminal
from zkroute.errors import ExitCode, ZkrouteError

SMALLEST_LOG_ORDERS = 10
NODE_COUNTS = (4, 16, 64, 256, 1024)
ORDERS_OF_NODE_COUNTS = 1 << 16
"""Nodes are varied at this many orders, or at as many as the sweep goes to."""


class UnmeasuredError(ZkrouteError):
    """The process that measured one batch failed."""

    def __init__(self, orders: int, nodes: int, done: subprocess.CompletedProcess[bytes]) -> None:
        if done.returncode < 0:
            reason = f"the process was ended by signal {-done.returncode}"
        else:
            reason = done.stderr.decode(errors="replace").strip().removeprefix("zkroute: ")
            self.exit_code = ExitCode(done.returncode)
        super().__init__(f"{orders} orders with {nodes} nodes: {reason}")


def points_of(orders: int, nodes: int) -> list[tuple[int, int]]:
    """Pairs of orders and nodes: powers of two up to ``orders`` with ``nodes`` nodes, then every
    one of ``NODE_COUNTS``."""
    sizes = [1 << log for log in range(SMALLEST_LOG_ORDERS, orders.bit_length())] or [orders]
    fixed = min(orders, ORDERS_OF_NODE_COUNTS)
    points = [(size, nodes) for size in sizes] + [(fixed, count) for count in NODE_COUNTS]
    return list(dict.fromkeys(points))


def run_sweep(
    terminal: Terminal, orders: int, nodes: int, orders_file: Path | None, repeat: int
) -> Iterator[dict[str, Any]]:
    """The figures of every point as they come, each measured in a process of its own, so that
    its memory is its own."""
    points = points_of(orders, nodes)
    for number, (count, node_count) in enumerate(points, 1):
        terminal.note(f"{number} of {len(points)}: {count:,} orders, {node_count:,} nodes")
        yield _measured(count, node_count, orders_file, repeat)


def _measured(orders: int, nodes: int, orders_file: Path | None, repeat: int) -> dict[str, Any]:
    words = ["bench", "--json", "--no-starts", "--orders", str(orders), "--nodes", str(nodes)]
    words += ["--repeat", str(repeat)]
    if orders_file is not None:
        words += ["--orders-file", str(orders_file)]
    done = subprocess.run(  # noqa: S603  our own program with numbers and a path
        [sys.executable, "-m", "zkroute.cli", *words], capture_output=True, check=False
    )
    if done.returncode:
        raise UnmeasuredError(orders, nodes, done)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
