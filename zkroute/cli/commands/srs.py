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
    from zkroute.formats.srs_file import describe_srs, store_srs

    with showing_fraction(terminal, f"checking {file.name}") as progress:
        srs = import_ptau(file, name=name, progress=progress)
    path = store_srs(srs)
    kept = describe_srs(path)
    terminal.say(f"{srs.name}: {len(srs.powers):,} powers, checked")
    terminal.say(f"identifier {srs.identifier}")
    if kept.count > len(srs.powers):
        terminal.say(f"kept in {path} are {kept.count:,} powers of it already, and they stay")
    else:
        terminal.say(f"kept in {path}")
    facts = _facts(srs) | {"powers": kept.count, "powers_in_file": len(srs.powers)}
    terminal.answer(facts | {"file": str(path)})


@command.command("new")
@click.option(
    "--rows",
    callback=row_class(may_be_auto=False),
    default="2^12",
    show_default=True,
    help="The largest batch to be proven with it, a power of two.",
)
@click.option("--name", default="development", show_default=True, help="What to call it here.")
@speaking
@pass_terminal
def new_command(terminal: Terminal, rows: int, name: str) -> None:
    """Make a string for development: INSECURE, whoever made it can prove anything.

    One of this name that is kept here and long enough will do. Where it is too short another is
    made under its name; keys made with the short one still find it.
    """
    from zkroute.algebra.engine import engine
    from zkroute.cli.reference_strings import powers_needed
    from zkroute.errors import UsageError
    from zkroute.formats.srs_file import read_srs, store_srs, strings_by_name
    from zkroute.protocol.ceremonies import ceremony_named
    from zkroute.protocol.srs import SrsKind, new_development

    same_name = [each for each in strings_by_name() if each.name == name]
    kinds = {each.kind for each in same_name}
    if ceremony_named(name) is not None or SrsKind.CEREMONY in kinds:
        raise UsageError(f"{name} is a ceremony; call yours something else with --name")
    before = same_name[0] if same_name else None
    is_made = before is None or before.count < powers_needed(rows)
    if before is None or is_made:
        srs = new_development(powers_needed(rows), engine(), name)
        path = store_srs(srs)
    else:
        path = before.path
        srs = read_srs(path)
    terminal.say("INSECURE: this machine could have kept the secret; verifiers refuse it unasked")
    state = "made" if is_made else "kept here already and long enough"
    terminal.say(f"{srs.name}: {len(srs.powers):,} powers, {state}")
    if before is not None and is_made:
        terminal.say(
            f"it has a new secret: the {before.count:,} powers that were called {name} cannot be "
            "made more, for theirs is gone"
        )
        terminal.say(f"they stay for the keys made with them, as {before.identifier}")
    terminal.say(f"identifier {srs.identifier}")
    terminal.say(f"kept in {path}")
    terminal.answer(_facts(srs) | {"made": is_made, "file": str(path)})


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
    terminal.say(f"{string.name}: {len(string.powers):,} powers, checked")
    terminal.say(f"identifier {string.identifier}")
    terminal.answer(_facts(string))


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


def _facts(srs: StructuredReferenceString) -> dict[str, object]:
    return {
        "name": srs.name,
        "kind": srs.kind.value,
        "powers": len(srs.powers),
        "identifier": srs.identifier,
    }
