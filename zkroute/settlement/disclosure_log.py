"""The router's own record of what it disclosed to whom: written first, linked, never changed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from zkroute.atomic import PRIVATE_MODE
from zkroute.errors import MalformedError
from zkroute.formats.disclosure import Disclosure, encode_disclosure
from zkroute.formats.files import read_private_bytes
from zkroute.formats.strict_json import hexadecimal, load_object
from zkroute.lock import alone
from zkroute.model.document import canonical
from zkroute.settlement.disclosure import Choice

LINE_DOMAIN = b"zkroute/disclosure-log/v1"
START = bytes(32)
MAX_LOG_BYTES = 1 << 28
MAX_LINE_BYTES = 1 << 20
LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class LogLine:
    """One disclosure as the log has it."""

    number: int
    document: dict[str, object]
    link: bytes
    """Hash of this line and all before it."""


def append_disclosure(path: Path, disclosure: Disclosure, choice: Choice, batch: int) -> LogLine:
    """The log's new line, on disk; only then may the disclosure leave the house.

    Raises MalformedError where the log was altered, UsageError where another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    with alone(lock, "writing the disclosure log", LOCK_SECONDS):
        lines, length = _read(path)
        previous = lines[-1].link if lines else START
        document: dict[str, object] = {
            "number": len(lines),
            "time_ms": disclosure.made_ms,
            "batch": batch,
            "header": disclosure.header.hex(),
            "recipient": disclosure.recipient,
            "purpose": disclosure.purpose,
            "sequence": sorted(set(choice.sequence)),
            "columns": sorted(set(choice.columns)),
            "slots": sorted(set(choice.slots)),
            "documents": choice.with_documents,
            "file": hashlib.sha256(encode_disclosure(disclosure)).hexdigest(),
        }
        link = _link(previous, document)
        line = canonical({**document, "link": link.hex()}) + b"\n"
        _append(path, length, line)
    return LogLine(len(lines), document, link)


def read_disclosure_log(path: Path) -> list[LogLine]:
    """All lines of the log, each linked to the one before. Raises MalformedError for a log that
    was altered; a last line cut off while it was written was never acted on, and is left out."""
    return _read(path)[0]


def bytes_cut_off(path: Path) -> int:
    """Length of what stands behind the log's last whole line: the beginning of a line that was
    cut off while it was written, or later by somebody."""
    return path.stat().st_size - _read(path)[1]


def _read(path: Path) -> tuple[list[LogLine], int]:
    """The log's lines, and how many bytes they take."""
    if not path.exists():
        return [], 0
    data = read_private_bytes(path, MAX_LOG_BYTES)
    whole = data[: data.rfind(b"\n") + 1]
    lines: list[LogLine] = []
    previous = START
    for number, text in enumerate(whole.split(b"\n")[:-1]):
        source = f"{path}:{number + 1}"
        table = load_object(text, source, MAX_LINE_BYTES)
        link = hexadecimal(table, "link", 32)
        document = {key: value for key, value in table.values.items() if key != "link"}
        if document.get("number") != number or link != _link(previous, document):
            raise MalformedError(f"{source}: the disclosure log was altered here or before")
        lines.append(LogLine(number, document, link))
        previous = link
    return lines, len(whole)


def _link(previous: bytes, document: dict[str, object]) -> bytes:
    return hashlib.sha256(LINE_DOMAIN + previous + canonical(document)).digest()


def _append(path: Path, length: int, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), PRIVATE_MODE)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(length)
        file.seek(length)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
