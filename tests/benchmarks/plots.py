"""Plots of cost against orders and nodes, from what ``zkroute bench --append`` wrote.

    python -m tests.benchmarks.plots FIGURES.jsonl DIRECTORY

Writes orders.svg, nodes.svg, stages.svg and memory.svg. Needs the extra ``bench``. Of several
lines about the same batch the fastest counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Batch = dict[str, Any]
Point = tuple[str, int, int]
"""Kernel, orders, nodes."""

# the same figures give the same file, with text that can be read and searched
mpl.rcParams["svg.hashsalt"] = "zkroute"
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["axes.grid"] = True
mpl.rcParams["grid.alpha"] = 0.3


def read_figures(path: Path) -> list[Batch]:
    """The fastest line of each kernel, number of orders and number of nodes, in that order."""
    fastest: dict[Point, Batch] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        batch = json.loads(line)
        point = (batch["kernel"], batch["orders"], batch["nodes"])
        if point not in fastest or batch["prove_s"] < fastest[point]["prove_s"]:
            fastest[point] = batch
    return [fastest[point] for point in sorted(fastest)]


def lines_of(batches: Sequence[Batch], varied: str, fixed: str) -> dict[str, list[Batch]]:
    """Per kernel the batches of the value of ``fixed`` at which most were measured, by title."""
    lines = {}
    for kernel in sorted({batch["kernel"] for batch in batches}):
        of_kernel = [batch for batch in batches if batch["kernel"] == kernel]
        values = [batch[fixed] for batch in of_kernel]
        usual = max(sorted(set(values)), key=values.count)
        line = [batch for batch in of_kernel if batch[fixed] == usual]
        title = f"{kernel} kernels, {usual:,} {fixed}"
        lines[title] = sorted(line, key=lambda batch: int(batch[varied]))
    return lines


def cost_per_order(batch: Batch) -> float:
    """Microseconds of proving."""
    return 1e6 * float(batch["prove_s"]) / int(batch["orders"])


def plot_orders(axes: Axes, batches: Sequence[Batch]) -> None:
    """Seconds of routing, committing, proving and verifying against orders."""
    for title, line in lines_of(batches, "orders", "nodes").items():
        orders = [batch["orders"] for batch in line]
        for name, label in (("prove_s", "prove"), ("commit_s", "commit"), ("verify_s", "verify")):
            seconds = [batch[name] for batch in line]
            axes.plot(orders, seconds, marker="o", label=f"{label}: {title}")
    _logarithmic(axes, "orders")
    axes.set_yscale("log")
    axes.set_ylabel("seconds")
    axes.legend()


def plot_nodes(axes: Axes, batches: Sequence[Batch]) -> None:
    """Proving time per order against nodes, from zero."""
    for title, line in lines_of(batches, "nodes", "orders").items():
        nodes = [batch["nodes"] for batch in line]
        cost = [cost_per_order(batch) for batch in line]
        axes.plot(nodes, cost, marker="o", label=title)
    _logarithmic(axes, "nodes")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("microseconds of proving per order")
    axes.legend()


def plot_stages(axes: Axes, batches: Sequence[Batch]) -> None:
    """Where the time of a proof goes, per order, against orders; of the fastest kernels."""
    lines = lines_of(batches, "orders", "nodes")
    title, line = min(lines.items(), key=lambda item: cost_per_order(item[1][-1]))
    positions = range(len(line))
    below = [0.0] * len(line)
    for stage in line[0]["stages"]:
        cost = [1e6 * batch["stages"].get(stage, 0.0) / batch["orders"] for batch in line]
        axes.bar(positions, cost, bottom=below, label=stage.removesuffix("_s"))
        below = [lower + height for lower, height in zip(below, cost, strict=True)]
    axes.grid(visible=False, axis="x")
    axes.set_xticks(positions, [f"{batch['orders']:,}" for batch in line], rotation=30)
    axes.set_xlabel(f"orders ({title})")
    axes.set_ylabel("microseconds of proving per order")
    axes.legend()


def plot_memory(axes: Axes, batches: Sequence[Batch]) -> None:
    """The most memory of a process against orders."""
    for title, line in lines_of(batches, "orders", "nodes").items():
        known = [batch for batch in line if batch["peak_rss_mb"] is not None]
        orders = [batch["orders"] for batch in known]
        axes.plot(orders, [batch["peak_rss_mb"] for batch in known], marker="o", label=title)
    _logarithmic(axes, "orders")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("megabytes")
    axes.legend()


def _logarithmic(axes: Axes, name: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xlabel(name)
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")


PLOTS: dict[str, Callable[[Axes, Sequence[Batch]], None]] = {
    "orders": plot_orders,
    "nodes": plot_nodes,
    "stages": plot_stages,
    "memory": plot_memory,
}


def draw(batches: Sequence[Batch], directory: Path) -> list[Path]:
    """The files written, one per plot."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, plot in PLOTS.items():
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        plot(figure.add_subplot(), batches)
        path = directory / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None})
        written.append(path)
    return written


def main(arguments: list[str]) -> None:
    if len(arguments) != 2:
        sys.exit("usage: python -m tests.benchmarks.plots FIGURES.jsonl DIRECTORY")
    batches = read_figures(Path(arguments[0]))
    if not batches:
        sys.exit(f"{arguments[0]} holds no figures; 'zkroute bench --sweep --append' writes some")
    for path in draw(batches, Path(arguments[1])):
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
