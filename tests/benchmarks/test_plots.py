"""Plots come out of what the command line writes, the same file every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def batch(orders: int, nodes: int, prove_s: float, kernel: str = "ifma") -> dict[str, Any]:
    figures = {"kernel": kernel, "orders": orders, "nodes": nodes, "prove_s": prove_s}
    figures |= {"commit_s": prove_s / 9, "verify_s": 0.01, "peak_rss_mb": 100.0}
    return figures | {"stages": {"trace_s": prove_s / 4, "quotient_s": prove_s / 2}}


BATCHES = [
    batch(1024, 64, 0.3),
    batch(2048, 64, 0.5),
    batch(2048, 64, 0.4),
    batch(2048, 4, 0.39),
    batch(1024, 64, 0.6, "portable"),
]


def test_plots_are_drawn_from_lines(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'bench' is not installed")
    from tests.benchmarks import plots

    lines = tmp_path / "figures.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in BATCHES))
    figures = plots.read_figures(lines)
    assert len(figures) == len(BATCHES) - 1
    of_orders = plots.lines_of(figures, "orders", "nodes")["ifma kernels, 64 nodes"]
    assert [each["prove_s"] for each in of_orders] == [0.3, 0.4]
    written = plots.draw(figures, tmp_path / "plots")
    assert [path.name for path in written] == [
        "orders.svg",
        "nodes.svg",
        "stages.svg",
        "memory.svg",
    ]
    drawn = [path.read_bytes() for path in written]
    assert all(b"<svg" in text and text.endswith(b"</svg>\n") for text in drawn)
    assert b"portable kernels, 64 nodes" in drawn[0]
    again = plots.draw(figures, tmp_path / "plots")
    assert [path.read_bytes() for path in again] == drawn
