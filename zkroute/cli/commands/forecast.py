"""``zkroute forecast``: a snapshot for the next epoch, with the loads its nodes are to expect."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, nodes_option, pass_terminal, speaking
from zkroute.cli.outputs import require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.errors import MalformedError, UsageError


@click.command("forecast")
@click.argument("batches", type=FilePath, nargs=-1, required=True)
@nodes_option
@click.option(
    "--output",
    "-o",
    type=FilePath,
    default="nodes.json",
    show_default=True,
    help="The snapshot to write, in canonical .json; replaces an earlier one.",
)
@speaking
@pass_terminal
def command(terminal: Terminal, batches: tuple[Path, ...], nodes: Path, output: Path) -> None:
    """Forecast each node's work from the folders of past BATCHES of one chain.

    Writes the --nodes as the next epoch's snapshot, each node with its forecast, for a policy
    with forecast_weight. A snapshot is public: unless the policy publishes loads anyway, the
    forecasts tell others something of them. Needs the extra zkroute[forecast].
    """
    from zkroute.cli.past_loads import past_loads
    from zkroute.forecast.loads import with_forecasts
    from zkroute.formats.documents import read_snapshot

    if output.suffix != ".json":
        raise UsageError(f"{output}: a snapshot is written as canonical JSON; name it .json")
    require_free(output, _is_snapshot)
    snapshot = read_snapshot(nodes)
    loads, from_private = past_loads(batches, snapshot)
    later = with_forecasts(snapshot, loads)
    write_output(output, later.canonical_bytes(), _is_snapshot)
    count = len(batches)
    past = f"{count} past batches" if count > 1 else "one past batch"
    terminal.say(f"epoch {later.epoch}, forecast from {past}")
    terminal.table(
        ("slot", "node", "last load", "forecast"),
        [
            (slot, node.name, history[-1] if history else 0, node.forecast)
            for slot, (node, history) in enumerate(zip(later.nodes, loads, strict=True))
        ],
    )
    terminal.say(f"snapshot digest {later.digest.hex()}")
    terminal.say(f"written to {output}")
    if from_private:
        terminal.note(
            "these forecasts come from loads that no header shows; publish them knowingly"
        )
    terminal.answer(
        {
            "file": str(output),
            "epoch": later.epoch,
            "digest": later.digest.hex(),
            "from_private_loads": from_private,
            "forecasts": {node.name: node.forecast for node in later.nodes},
        }
    )


def _is_snapshot(data: bytes) -> bool:
    """Whether a file's bytes are a canonical snapshot, as this command writes them."""
    from zkroute.model.snapshot import snapshot_from_canonical

    try:
        snapshot_from_canonical(data)
    except MalformedError:
        return False
    return True
