"""Where each key of a TOML text stands, so that an error can name the line.

The standard parser gives values without places. This scan runs only over text that parser has
already accepted, so it may be lenient: a key it cannot place is reported with its table's line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""'  # multi-line basic string
    r"|'''.*?'''"  # multi-line literal string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}=\n]",
    re.DOTALL,
)
_KEY_PART = re.compile(r'"((?:\\.|[^"\\])*)"|\'([^\']*)\'|([A-Za-z0-9_-]+)')
_HEADER = re.compile(rf"\[\[?(?:{_KEY_PART.pattern}|[.\s])+")


def key_lines(text: str) -> dict[Path, int]:
    """Line number (from 1) of every table header and every key that starts a line of `text`.

    Paths hold keys and, for arrays of tables, positions: `("routes", 2, "priority")`.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            table = _header_path(statement, counts)
            if isinstance(table[-1], int):
                lines.setdefault(table[:-1], number)
            lines.setdefault(table, number)
        else:
            path = table
            for part in _key_parts(statement):
                path = (*path, part)
                lines.setdefault(path, number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Line of `path` or of the nearest table around it; None where nothing is known."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header line, and the key part of each assignment, with its line number."""
    number, depth, start, is_value = 1, 0, 0, False
    for token in _TOKEN.finditer(text + "\n"):
        mark = token.group()
        if mark == "\n":
            statement = text[start : token.start()].strip()
            if depth == 0 and not is_value and statement.startswith("["):
                yield number, statement
            if depth == 0:
                start, is_value = token.end(), False
        elif mark == "=" and depth == 0 and not is_value:
            yield number, text[start : token.start()].strip()
            is_value = True
        elif is_value and mark in "[{":
            depth += 1
        elif is_value and mark in "]}":
            depth -= 1
        number += mark.count("\n")


def _key_parts(statement: str) -> list[str]:
    return [basic or literal or bare for basic, literal, bare in _KEY_PART.findall(statement)]


def _header_path(statement: str, counts: dict[Path, int]) -> Path:
    """Path of a header, with the position of the latest entry after each array of tables."""
    is_array = statement.startswith("[[")
    header = _HEADER.match(statement)
    parts = _key_parts(header.group() if header else "")
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if is_array and position == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
