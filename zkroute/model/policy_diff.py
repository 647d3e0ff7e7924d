"""What changed from one policy to another, key by key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zkroute.model.document import canonical
from zkroute.model.policy import Policy


@dataclass(frozen=True)
class Change:
    """One difference: where, as in `segments.fast.breaker` or `routes[2]`, and both values.

    None stands for what only the other policy has.
    """

    place: str
    before: object
    after: object


def policy_changes(before: Policy, after: Policy) -> list[Change]:
    """Every difference between two policies, defaults filled in; empty iff their digests agree.

    Segments are compared by name; routes and margin rules, which have none, by what they say, and
    are numbered from 1 as they stand in the policy that has them.
    """
    return list(_changes("", before.document(), after.document()))


def _changes(place: str, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            inner = f"{place}.{key}" if place else str(key)
            yield from _changes(inner, before.get(key), after.get(key))
    elif _is_tables(before) and _is_tables(after):
        yield from _changed_tables(place, before, after)
    else:
        yield Change(place, before, after)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _changed_tables(place: str, before: object, after: object) -> Iterator[Change]:
    old: list[dict[str, object]] = list(before) if isinstance(before, list) else []
    new: list[dict[str, object]] = list(after) if isinstance(after, list) else []
    if all("name" in item for item in (*old, *new)):
        yield from _changes(place, _by_name(old), _by_name(new))
        names, others = list(_by_name(old)), list(_by_name(new))
        if [name for name in names if name in others] != [name for name in others if name in names]:
            yield Change(f"{place} (order)", names, others)
        return
    matcher = difflib.SequenceMatcher(a=_spelled(old), b=_spelled(new), autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        shared = min(end - start, other_end - other_start)
        for offset in range(shared):
            inner = f"{place}[{start + offset + 1}]"
            yield from _changes(inner, old[start + offset], new[other_start + offset])
        for position in range(start + shared, end):
            yield Change(f"{place}[{position + 1}]", old[position], None)
        for position in range(other_start + shared, other_end):
            yield Change(f"{place}[{position + 1}]", None, new[position])


def _by_name(tables: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {str(table["name"]): table for table in tables}


def _spelled(tables: Sequence[Mapping[str, object]]) -> list[bytes]:
    return [canonical(table) for table in tables]
