"""``zkroute inspect``: what a file of zkroute is and says."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.errors import UsageError


@click.command("inspect")
@click.argument("file", type=FilePath)
@key_option
@click.option("--gates", is_flag=True, help="Of a key: every rule of its circuit as a sentence.")
@click.option(
    "--security", is_flag=True, help="Of a key: its soundness error, term by term, and the curve's."
)
@speaking
@pass_terminal
def command(terminal: Terminal, file: Path, key: Path, gates: bool, security: bool) -> None:
    """Show what a FILE that zkroute reads or writes is and says, or a batch's folder.

    What kind of file it is shows from its content. A proof can only be read with its --key.
    Nothing is verified. Secrets are never shown, and of private files only counts.
    """
    from zkroute.cli.inspection import inspect_file

    inspected = inspect_file(file, key)
    if inspected.kind != "verifying key":
        for option, is_given in (("--gates", gates), ("--security", security)):
            if is_given:
                raise UsageError(f"{file}: {option} is for a verifying key, not: {inspected.kind}")
    terminal.say(f"{file}: {inspected.kind}")
    for name, value in inspected.facts.items():
        terminal.say(f"  {name.replace('_', ' ')}: {_shown(value)}")
    for table in inspected.tables:
        terminal.table(table.titles, table.rows, table.caption)
    if gates:
        for sentence in inspected.sentences:
            terminal.say(f"  {sentence}")
    document = inspected.document(gates)
    if security:
        from zkroute.cli.security import security_of

        facts, listing = security_of(file)
        for name, value in facts.items():
            terminal.say(f"  {name.replace('_', ' ')}: {value}")
        terminal.table(listing.titles, listing.rows, listing.caption)
        document |= {"security": facts | {listing.caption: listing.document()}}
    terminal.answer(document)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
