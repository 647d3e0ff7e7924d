"""``zkroute srs``: structured reference strings on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zkroute.cli.options import FilePath, pass_terminal, row_class, speaking
from zkroute.cli.terminal import Terminal

if TYPE_CHECKING:
    from zkroute.protocol.srs import StructuredReferenceString


@click.group("srs")
def command() -> None:
    """Import, make, check and list structured reference strings.

    They are kept in a folder of this user's, ZKROUTE_DATA_DIR/srs if that variable is set.
    """


@command.command("import")
@click.argument("file", type=FilePath)
@click.option("--name", help="A name of your own, for a ceremony that is not known here.")
@speaking
@pass_terminal
def import_command(terminal: Terminal, file: Path, name: str | None) -> None:
    """Check a ceremony's FILE.ptau completely and keep its powers."""
    from zkroute.cli.progress import showing_fraction
    from zkroute.formats.ptau import import_ptau
    from zkroute.formats.srs_file import store_srs

    with showing_fraction(terminal, f"checking {file.name}") as progress:
        srs = import_ptau(file, name=name, progress=progress)
    _answer(terminal, srs, store_srs(srs))


@command.command("new")
@click.option(
    "--rows",
    callback=row_class,
    default="2^12",
    show_default=True,
    help="The largest batch to be proven with it, a power of two.",
)
@click.option("--name", default="development", show_default=True, help="What to call it here.")
@speaking
@pass_terminal
def new_command(terminal: Terminal, rows: int | None, name: str) -> None:
    """Make a string for development: INSECURE, whoever made it can prove anything."""
    from zkroute.algebra.engine import engine
    from zkroute.cli.reference_strings import powers_needed
    from zkroute.errors import UsageError
    from zkroute.formats.srs_file import list_srs, store_srs
    from zkroute.protocol.ceremonies import ceremony_named
    from zkroute.protocol.srs import new_development

    if rows is None:
        raise UsageError("--rows auto means nothing here; give a power of two")
    if ceremony_named(name) is not None:
        raise UsageError(f"{name} is a ceremony; call yours something else")
    if name in {each.name for each in list_srs()}:
        raise UsageError(f"an SRS called {name} is kept here already; choose another --name")
    srs = new_development(powers_needed(rows), engine(), name)
    path = store_srs(srs)
    terminal.say("INSECURE: this machine could have kept the secret; verifiers refuse it unasked")
    _answer(terminal, srs, path)


@command.command("check")
@click.argument("srs")
@speaking
@pass_terminal
def check_command(terminal: Terminal, srs: str) -> None:
    """Check again that a kept SRS (name, identifier or file) is powers of one tau."""
    from zkroute.algebra.engine import engine
    from zkroute.formats.srs_file import find_srs, read_srs
    from zkroute.protocol.srs import check_powers

    path = Path(srs)
    string = read_srs(path) if path.is_file() else find_srs(srs)
    check_powers(string, engine(), srs)
    _answer(terminal, string, None)


@command.command("list")
@speaking
@pass_terminal
def list_command(terminal: Terminal) -> None:
    """List the strings kept on this machine."""
    from zkroute.formats.srs_file import list_srs, srs_folder

    kept = list_srs()
    terminal.table(
        ("name", "kind", "powers", "identifier"),
        [(each.name, each.kind.value, each.count, each.identifier) for each in kept],
    )
    if not kept:
        terminal.say(f"none yet in {srs_folder()}; see 'zkroute srs import' and 'zkroute srs new'")
    terminal.answer(
        {
            "folder": str(srs_folder()),
            "srs": [
                {
                    "name": each.name,
                    "kind": each.kind.value,
                    "powers": each.count,
                    "identifier": each.identifier,
                    "file": str(each.path),
                }
                for each in kept
            ],
        }
    )


def _answer(terminal: Terminal, srs: StructuredReferenceString, path: Path | None) -> None:
    terminal.say(f"{srs.name}: {len(srs.powers):,} powers, checked")
    terminal.say(f"identifier {srs.identifier}")
    document: dict[str, object] = {
        "name": srs.name,
        "kind": srs.kind.value,
        "powers": len(srs.powers),
        "identifier": srs.identifier,
    }
    if path is not None:
        terminal.say(f"kept in {path}")
        document["file"] = str(path)
    terminal.answer(document)
