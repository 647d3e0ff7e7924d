"""What the verbs that open parts of a batch have in common."""

from __future__ import annotations

import re
from pathlib import Path

from prover.keygen import ProvingKey
from zkroute.algebra.engine import engine
from zkroute.cli.artefacts import read_key
from zkroute.cli.reference_strings import srs_of_key
from zkroute.errors import UsageError
from zkroute.formats.inclusion import MAX_ROWS

_RANGE = re.compile(r"([0-9]{1,13})(?:-([0-9]{1,13}))?")


def numbers(text: str) -> list[int]:
    """The whole numbers that text like ``7`` or ``12,15-20`` names, ascending, each once."""
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match:
            raise UsageError(f"{part!r} is not a sequence number or a range such as 15-20")
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low or high - low >= MAX_ROWS:
            raise UsageError(f"{part!r}: a range goes up, over at most {MAX_ROWS} numbers")
        found.update(range(low, high + 1))
    if len(found) > MAX_ROWS:
        raise UsageError(f"{len(found)} numbers; at most {MAX_ROWS} at a time")
    return sorted(found)


def proving_key_of(path: Path) -> ProvingKey:
    """The proving key to the verifying key in a file."""
    key = read_key(path)
    return ProvingKey(key, srs_of_key(key), engine())
