"""Orders for a batch, from order files, trade files, or a plain number of them."""

from __future__ import annotations

from pathlib import Path

from zkroute.errors import UsageError
from zkroute.model.text_columns import read_text_columns
from zkroute.model.trades import TRADE_COLUMNS


def count_orders(text: str) -> int:
    """The number itself, or how many orders the file of that name has."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    path = Path(text)
    if not path.is_file():
        raise UsageError(
            f"{text}: no such order file; give --orders a file or a number, or the row class "
            "itself with --rows"
        )
    return read_text_columns(path).count


def is_trade_file(path: Path) -> bool:
    """Whether a file has the columns of trades rather than of orders."""
    return set(TRADE_COLUMNS) <= set(read_text_columns(path).columns)
