"""Strict reading of policy and snapshot documents, and the one canonical form they hash in.

A document is a table of text, whole numbers, lists and tables. People write it as TOML; machines
exchange it as canonical JSON (sorted keys, no spaces, every default filled in). Both go through
`Table`, which refuses whatever it was not asked for.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from zkroute.errors import MalformedError
from zkroute.model.json_text import load_json
from zkroute.model.toml_lines import Path, key_lines, line_of

MAX_DOCUMENT_BYTES = 1 << 24
MAX_SHOWN = 64
"""Characters of a stranger's key that an error repeats."""
BYTE_ORDER_MARK = "\ufeff"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]*")
_TITLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/+ -]{0,126}[A-Za-z0-9._:/+-])?")
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_MISSING: Any = object()


@dataclass
class Table:
    """One table of a document; reading a key checks its type and marks it as known.

    `path` and `source` and `lines` say where the table stands, for errors.
    """

    values: Mapping[str, object]
    source: str
    path: Path = ()
    lines: dict[Path, int] = field(default_factory=dict)
    known: dict[str, None] = field(default_factory=dict)

    def refuse(self, message: str, *key: str | int) -> NoReturn:
        """Raise MalformedError naming source, line and field."""
        path = (*self.path, *key)
        line = line_of(self.lines, path)
        place = f"{self.source}:{line}" if line else self.source
        raise MalformedError(f"{place}: {_spell(path)}{message}")

    def has(self, key: str) -> bool:
        """Whether the writer gave this key."""
        self.known[key] = None
        return key in self.values

    def integer(self, key: str, low: int, high: int, default: int = _MISSING) -> int:
        """The whole number at `key`, within low..high, both included."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f"must be a whole number, not {_show(value)}", key)
        if not low <= value <= high:
            allowed = f"between {low} and {high}" if low < high else str(low)
            self.refuse(f"must be {allowed}, not {_show(value)}", key)
        return value

    def optional_integer(self, key: str, low: int, high: int) -> int | None:
        """The whole number at `key`, within low..high; None where the key is left out."""
        return self.integer(key, low, high) if self.has(key) else None

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """The list of distinct whole numbers at `key`, at least one, each within low..high."""
        values = self._take(key, _MISSING)
        if not isinstance(values, list) or not values:
            self.refuse(f"must be a list of one or more whole numbers, not {_show(values)}", key)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                self.refuse(f"must list whole numbers {low} to {high}, not {_show(value)}", key)
        if len(set(values)) != len(values):
            self.refuse("lists a number twice", key)
        return tuple(values)

    def boolean(self, key: str, default: bool) -> bool:
        """The true or false at `key`."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.refuse(f"must be true or false, not {_show(value)}", key)
        return value

    def name(self, key: str, max_length: int = 64, default: str = _MISSING) -> str:
        """The name at `key`: letters, digits and ._:/+- only, so it prints the same anywhere."""
        return self._check_name(self._take(key, default), max_length, key)

    def title(self, key: str) -> str:
        """The title at `key`: like a name, but spaces are allowed inside it."""
        value = self._take(key, _MISSING)
        if not isinstance(value, str) or not _TITLE.fullmatch(value):
            self.refuse(
                f"must be a title of letters, digits, spaces and ._:/+-, not {_show(value)}", key
            )
        return value

    def choice(self, key: str, choices: Sequence[str], default: str = _MISSING) -> str:
        """The word at `key`, one of `choices`."""
        value = self._take(key, default)
        if not isinstance(value, str) or value not in choices:
            self.refuse(f"must be one of {', '.join(choices)}, not {_show(value)}", key)
        return value

    def names(
        self, key: str, max_length: int = 64, default: Sequence[str] = _MISSING
    ) -> tuple[str, ...]:
        """The list of distinct names at `key`, at least one unless it is the default."""
        if key not in self.values and default is not _MISSING:
            self.known[key] = None
            return tuple(default)
        value = self._take(key, _MISSING)
        if not isinstance(value, list) or not value:
            self.refuse(f"must be a list of one or more names, not {_show(value)}", key)
        names = tuple(self._check_name(item, max_length, key) for item in value)
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            self.refuse(f"names {twice!r} twice", key)
        return names

    def names_or_all(self, key: str, max_length: int = 64) -> tuple[str, ...] | None:
        """A list of names, or None for "*" (which is also what leaving the key out means)."""
        if self.values.get(key, "*") == "*":
            self.known[key] = None
            return None
        if isinstance(self.values[key], str):
            self.refuse(f'must be "*" or a list of names, not {_show(self.values[key])}', key)
        return self.names(key, max_length)

    def table(self, key: str, optional: bool = True) -> Table:
        """The table at `key`; empty where it is left out and `optional`."""
        value = self._take(key, {} if optional else _MISSING)
        if not isinstance(value, dict):
            self.refuse(f"must be a table, not {_show(value)}", key)
        return self._child(value, key)

    def tables(self, key: str, max_count: int, optional: bool = False) -> list[Table]:
        """The tables of the array of tables at `key`: at most `max_count`, one unless `optional`.

        An optional array is left out or holds at least one table in TOML; the canonical form may
        hold an empty list.
        """
        if optional and self.values.get(key, []) == []:
            self.known[key] = None
            return []
        value = self._take(key, _MISSING)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(f"must be an array of tables ([[{key}]])", key)
        if not 1 <= len(value) <= max_count:
            self.refuse(f"has {len(value)} entries; 1 to {max_count} are allowed", key)
        return [self._child(item, key, position) for position, item in enumerate(value)]

    def finish(self) -> None:
        """Refuse any key that was never asked for."""
        for key in self.values:
            if key not in self.known:
                close = difflib.get_close_matches(key[:MAX_SHOWN], self.known, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                known = ", ".join(self.known)
                self.refuse(f"unknown key{hint}; the keys known here are {known}", key)

    def _take(self, key: str, default: object) -> object:
        self.known[key] = None
        if key in self.values:
            return self.values[key]
        if default is _MISSING:
            self.refuse("is missing", key)
        return default

    def _child(self, values: dict[str, object], *key: str | int) -> Table:
        return Table(values, self.source, (*self.path, *key), self.lines)

    def _check_name(self, value: object, max_length: int, key: str) -> str:
        if not isinstance(value, str):
            self.refuse(f"must be a name in quotes, not {_show(value)}", key)
        if not _NAME.fullmatch(value):
            self.refuse(
                f"{_show(value)} is not a name: letters, digits and ._:/+- only, "
                "a letter or digit first",
                key,
            )
        if len(value) > max_length:
            self.refuse(f"{value!r} is longer than {max_length} characters", key)
        return value


def is_name(text: str, max_length: int = 64) -> bool:
    """Whether ``Table.name`` takes the text."""
    return len(text) <= max_length and _NAME.fullmatch(text) is not None


def load_toml(text: str, source: str) -> Table:
    """The table a TOML text holds, with line numbers for its errors.

    A byte order mark, which some editors put first, is passed over.
    Raises MalformedError naming source and line where the text is not TOML or gives a key twice.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    if len(text) > MAX_DOCUMENT_BYTES:
        raise MalformedError(f"{source}: longer than {MAX_DOCUMENT_BYTES} characters")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = f":{place.group(1)}" if place and place.group(1) else ""
        message = _TOML_PLACE.sub("", str(error))
        raise MalformedError(f"{source}{line}: not valid TOML: {message}") from None
    except (RecursionError, ValueError) as error:
        raise MalformedError(f"{source}: not valid TOML: {error}") from None
    return Table(values, source, lines=key_lines(text))


def load_canonical(data: bytes, source: str) -> Table:
    """The table canonical JSON bytes hold.

    Raises MalformedError for anything `canonical` would not write: duplicate keys, floats,
    bytes outside ASCII. Spacing and order are checked by the caller's comparison of
    `canonical(document)` with `data`.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise MalformedError(f"{source}: longer than {MAX_DOCUMENT_BYTES} bytes")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values = dict(pairs)
        if len(values) != len(pairs):
            raise ValueError("a key is given twice")
        return values

    def no_float(text: str) -> NoReturn:
        raise ValueError(f"{text[:40]} is not a whole number")

    try:
        values = load_json(
            data.decode("ascii"),
            object_pairs_hook=unique,
            parse_float=no_float,
            parse_constant=no_float,
        )
    except (RecursionError, ValueError) as error:
        raise MalformedError(f"{source}: not canonical JSON: {error}") from None
    if not isinstance(values, dict):
        raise MalformedError(f"{source}: not a JSON object")
    return Table(values, source)


def canonical(document: Mapping[str, object]) -> bytes:
    """The one byte form of a document: JSON, keys sorted, no spaces, ASCII."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def document_digest(domain: str, data: bytes) -> bytes:
    """32-byte SHA-256 of canonical bytes, separated by document kind (`domain`)."""
    return hashlib.sha256(domain.encode("ascii") + data).digest()


def _spell(path: Path) -> str:
    """`routes[3].match.intent: ` - positions counted from 1, as people count."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if len(part) <= MAX_SHOWN else f"{part[:MAX_SHOWN]}..."
            text += f".{name}" if text else name
    return f"{text}: " if text else ""


def _show(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of {value.bit_length()} bits"
    if value == []:
        return "an empty list"
    kinds = {dict: "a table", list: "a list", bool: str(value).lower(), type(None): "nothing"}
    return kinds.get(type(value), repr(value)[:60])
