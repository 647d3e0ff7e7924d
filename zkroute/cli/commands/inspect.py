"""``zkroute inspect``: what a file of zkroute is and says."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("inspect")
@click.argument("file", type=FilePath)
@key_option
@click.option("--gates", is_flag=True, help="Of a key: every rule of its circuit as a sentence.")
@speaking
@pass_terminal
def command(terminal: Terminal, file: Path, key: Path, gates: bool) -> None:
    """Show a header, proof, key, policy, node snapshot, SRS or .ptau FILE, or a batch's folder.

    What kind of file it is shows from its content. A proof can only be read with its --key.
    Secrets are never shown.
    """
    from zkroute.cli.inspection import inspect_file

    inspected = inspect_file(file, key)
    terminal.say(f"{file}: {inspected.kind}")
    for name, value in inspected.facts.items():
        terminal.say(f"  {name.replace('_', ' ')}: {value}")
    for table in inspected.tables:
        terminal.table(table.titles, table.rows, table.caption)
    if gates:
        for sentence in inspected.sentences:
            terminal.say(f"  {sentence}")
    terminal.answer(inspected.document(gates))
