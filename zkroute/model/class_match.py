"""Conditions on what an order says, as routes and margin rules write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zkroute.model.document import Table
from zkroute.model.policy_parts import CLASS_FIELDS, CLASS_NAME_LENGTH

ClassMatch = tuple[tuple[str, ...] | None, ...]
"""Per field of `CLASS_FIELDS` the names that fit, or None for any."""


def read_class_match(fields: Table) -> ClassMatch:
    """The class conditions of a `match` table; other keys are left for the caller."""
    return tuple(fields.names_or_all(field, CLASS_NAME_LENGTH) for field in CLASS_FIELDS)


def class_match_document(match: ClassMatch) -> dict[str, object]:
    """The class conditions in their canonical form."""
    return dict(zip(CLASS_FIELDS, map(list_or_star, match), strict=True))


def class_digits(match: ClassMatch, positions: Sequence[Mapping[str, int]]) -> list[Sequence[int]]:
    """Per dimension the positions that fit; `positions` has those of all its names."""
    return [
        range(len(known)) if allowed is None else [known[name] for name in allowed]
        for known, allowed in zip(positions, match, strict=True)
    ]


def combinations(digits: Sequence[Sequence[int]], counts: Sequence[int]) -> int:
    """A number whose bit i stands for combination i: those whose every digit is allowed.

    Combination i is the mixed-radix index with `counts` values per digit, the first digit slowest.
    """
    fits, stride = 1, 1
    for allowed, count in zip(reversed(digits), reversed(counts), strict=True):
        inner, fits = fits, 0
        for digit in allowed:
            fits |= inner << (digit * stride)
        stride *= count
    return fits


def set_bits(number: int) -> list[int]:
    """Positions of the bits that are one, ascending; linear in the distance from first to last."""
    if not number:
        return []
    first = (number & -number).bit_length() - 1
    digits = bin(number >> first)[:1:-1]
    found, position = [], 0
    while position >= 0:
        found.append(first + position)
        position = digits.find("1", position + 1)
    return found


def list_or_star(names: Sequence[object] | None) -> list[object] | str:
    """A list, or "*" for no condition."""
    return "*" if names is None else list(names)
