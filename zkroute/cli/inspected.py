"""What ``zkroute inspect`` shows of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Listing:
    """A table to show."""

    caption: str
    titles: tuple[str, ...]
    rows: list[tuple[object, ...]]

    def document(self) -> list[dict[str, object]]:
        """The rows as objects."""
        return [dict(zip(self.titles, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Inspected:
    """What is shown of a file."""

    kind: str
    facts: dict[str, object]
    tables: Sequence[Listing] = ()
    sentences: Sequence[str] = field(default=())

    def document(self, with_sentences: bool) -> dict[str, object]:
        """The same for programs."""
        document = {"kind": self.kind} | self.facts
        document |= {table.caption: table.document() for table in self.tables}
        return document | ({"sentences": list(self.sentences)} if with_sentences else {})


Describe = Callable[[Path], Inspected]
"""Finds out what is shown of a file of one kind."""
