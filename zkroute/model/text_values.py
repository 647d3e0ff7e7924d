"""Numbers, names and ids out of columns of text, exactly or not at all.

Whole columns are converted at once; only when that fails are single values looked at, to name
the one at fault.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zkroute.model.order import Indices, Words, needs_more_bits
from zkroute.model.text_columns import TextColumns

_WHOLE = r"^(0|[1-9][0-9]{0,19})$"
_DECIMAL = r"^(0|[1-9][0-9]{0,59})(\.[0-9]{1,60})?$"
_PRINTABLE = r"^[!-~]{0,32}$"
_HEXADECIMAL = r"^[0-9a-f]{64}$"


def whole_numbers(columns: TextColumns, field: str, bits: int = 64) -> Words:
    """uint64 values of a column of unsigned whole numbers below 2^bits."""
    texts = columns.columns[field]
    _require_form(columns, field, texts, _WHOLE, "a whole number of 0 or more")
    try:
        values = texts.cast(pa.uint64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        row = next(i for i, text in enumerate(texts.to_pylist()) if int(text) >> 64)
        columns.refuse(row, field, f"{texts[row].as_py()} needs more than {bits} bits")
    _require_width(columns, field, np.stack([values, np.zeros_like(values)], axis=1), bits)
    return np.asarray(values, dtype=np.uint64)


def scaled_decimals(
    columns: TextColumns, field: str, decimals: NDArray[np.int64], bits: int
) -> Words:
    """(n, 2) uint64 words, low word first, of decimals times 10^decimals[row], below 2^bits.

    Digits that the scale would lose are refused; zeros at the end lose nothing.
    """
    texts = columns.columns[field]
    _require_form(columns, field, texts, _DECIMAL, "a decimal number of 0 or more, like 12.50")
    words = np.zeros((columns.count, 2), dtype=np.uint64)
    for places in np.unique(decimals).tolist():
        rows = np.flatnonzero(decimals == places)
        group = texts if len(rows) == len(texts) else texts.take(pa.array(rows))
        words[rows] = _scale_group(columns, field, group, places, rows)
    _require_width(columns, field, words, bits)
    return words


def choices(columns: TextColumns, field: str, names: Sequence[str]) -> Indices:
    """Position of every value in `names`."""
    texts = columns.columns[field]
    found = pc.index_in(texts, value_set=pa.array(names, type=pa.string()))
    if found.null_count:
        row = int(np.argmax(found.is_null().to_numpy(zero_copy_only=False)))
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        columns.refuse(row, field, f"{_short(texts[row].as_py())} is none of {shown}")
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def identifiers(columns: TextColumns, field: str) -> NDArray[np.bytes_]:
    """S32 values of a column of ids: at most 32 printable ASCII characters, no spaces."""
    texts = columns.columns[field]
    _require_form(
        columns, field, texts, _PRINTABLE, "at most 32 printable ASCII characters without spaces"
    )
    return np.array(texts.cast(pa.binary()).to_pylist(), dtype="S32")


def hashes(columns: TextColumns, field: str) -> NDArray[np.uint8]:
    """(n, 32) bytes of a column of 64 lower-case hexadecimal digits."""
    texts = columns.columns[field]
    _require_form(columns, field, texts, _HEXADECIMAL, "64 lower-case hexadecimal digits")
    data = bytes.fromhex("".join(texts.to_pylist()))
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)


def parse_decimal(text: str, places: int) -> int:
    """The whole number text * 10^places, for text of the form digits[.digits].

    Raises ValueError where that is not a whole number.
    """
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > places:
        raise ValueError(f"{text} has {len(fraction)} decimals; the policy keeps {places}")
    return int(whole + fraction.ljust(places, "0"))


def _scale_group(columns: TextColumns, field: str, texts: Any, places: int, rows: Indices) -> Words:
    try:
        scaled = texts.cast(pa.decimal128(38, places))
    except pa.ArrowInvalid:
        return _scale_one_by_one(columns, field, texts.to_pylist(), places, rows)
    words = np.frombuffer(scaled.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    words = words[scaled.offset : scaled.offset + len(scaled)]
    return words if sys.byteorder == "little" else words[:, ::-1]


def _scale_one_by_one(
    columns: TextColumns, field: str, texts: list[str], places: int, rows: Indices
) -> Words:
    """The same for values the fast way refuses: the odd long one, or the one at fault."""
    words = np.zeros((len(texts), 2), dtype=np.uint64)
    for position, text in enumerate(texts):
        try:
            value = parse_decimal(text, places)
        except ValueError as error:
            columns.refuse(int(rows[position]), field, str(error))
        if value >> 128:
            columns.refuse(int(rows[position]), field, f"{_short(text)} is too large")
        words[position] = (value & ((1 << 64) - 1), value >> 64)
    return words


def _require_form(columns: TextColumns, field: str, texts: Any, form: str, what: str) -> None:
    fits = pc.match_substring_regex(texts, form)
    if not pc.all(fits, min_count=0).as_py():
        row = int(np.argmin(fits.to_numpy(zero_copy_only=False)))
        text = texts[row].as_py()
        if re.match(r"^-", text):
            columns.refuse(row, field, f"{_short(text)} is negative")
        shown = f"must be {what}, not {_short(text)}" if text else "is missing"
        columns.refuse(row, field, shown)


def _require_width(columns: TextColumns, field: str, words: Words, bits: int) -> None:
    wide = needs_more_bits(words, bits)
    if wide.any():
        row = int(np.argmax(wide))
        text = _short(columns.columns[field][row].as_py())
        columns.refuse(row, field, f"{text} needs more than {bits} bits as a scaled integer")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
