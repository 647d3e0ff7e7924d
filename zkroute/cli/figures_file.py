"""The file that ``zkroute bench --append`` adds to: a line of JSON for each batch."""

from __future__ import annotations

from zkroute.model.json_text import load_json

_FIGURES = ("orders_per_s", "prove_s")


def are_figures(data: bytes) -> bool:
    """Whether whole lines of figures are what a file holds, or nothing yet."""
    if not data:
        return True
    try:
        first = load_json(data.split(b"\n", 1)[0].decode("ascii"))
    except ValueError:
        return False
    is_one = isinstance(first, dict) and all(name in first for name in _FIGURES)
    return is_one and data.endswith(b"\n")
