"""What a command says: people read text on stdout and notes on stderr, programs read JSON."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence

import click

STANDARD_OUTPUT = "standard output"
"""As errors name it, in the place of a file."""


@contextlib.contextmanager
def standard_output() -> Iterator[None]:
    """Failures that name no file are named as those of standard output."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or STANDARD_OUTPUT
        raise


class Terminal:
    """Where one run of the command line speaks, and how its options want it to."""

    def __init__(self) -> None:
        self.json = False
        """Whether stdout carries one JSON document and nothing else."""
        self.quiet = False
        """Whether notes and progress are left out."""

    @property
    def is_watched(self) -> bool:
        """Whether a person is looking at stderr and wants to see more than the answer."""
        return not self.quiet and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """A line of the answer, for people."""
        if not self.json:
            _write(f"{printable(text)}\n")

    def note(self, text: str) -> None:
        """A hint or what is being done, on stderr, for who is looking."""
        if self.is_watched:
            click.echo(printable(text), err=True)

    def answer(self, document: Mapping[str, object]) -> None:
        """The answer for programs."""
        if self.json:
            _write(json.dumps(document, indent=2) + "\n")

    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[object]], caption: str = ""
    ) -> None:
        """A table of the answer, for people; numbers to the right."""
        if self.json or not rows:
            return
        # rich takes longer to load than most commands take to run
        from rich import box
        from rich.console import Console
        from rich.table import Table

        # somebody's window has its own width; a pipe has none
        console = Console(width=None if sys.stdout.isatty() else 160)
        table = Table(box=box.SIMPLE_HEAD, title=caption or None, title_justify="left")
        for column, title in enumerate(titles):
            is_number = all(isinstance(row[column], (int, float)) for row in rows)
            table.add_column(title, justify="right" if is_number else "left")
        for row in rows:
            table.add_row(*(_shown(cell) for cell in row))
        # not by rich itself, which ends the program with exit code 1 where nobody reads any more
        with console.capture() as shown:
            console.print(table)
        _write(shown.get())


def _write(text: str) -> None:
    with standard_output():
        click.echo(text, nl=False)


def printable(text: str) -> str:
    """The text with control characters and lone surrogates escaped: they may come from a file."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def _shown(cell: object) -> str:
    from rich.markup import escape  # with the rest of rich

    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.3f}"
    return escape(printable(str(cell)))
