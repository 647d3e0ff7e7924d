"""Fields of header and key move every challenge, the signature none; rounds keep their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from circuits.instance import Figures
from tests.attacks.challenges import ORDER, challenges_of, drawn, honest, scene
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.schedule import Schedule

UNBOUND = {"signature"}
"""It signs the digest of everything else, and the argument does not use it."""


def other(name: str, value: Any) -> Any:
    """Another value of a field."""
    if name in {"g2_tau", "work_before", "work_after"}:
        return GENERATOR_G2 if name == "g2_tau" else GENERATOR_G1
    match value:
        case int():
            return value + 1
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case str():
            return value + "x"
        case Figures():
            return replace(value, placed_count=(value.placed_count or 0) + 1)
    return (GENERATOR_G1, *value[1:])  # points


@pytest.mark.parametrize("name", [each.name for each in fields(Header)])
def test_a_header_field_moves_every_challenge(name: str) -> None:
    header = scene().batch.header
    known = drawn(honest())
    found = drawn(honest(), replace(header, **{name: other(name, getattr(header, name))}))
    moved = {challenge for challenge in ORDER if found[challenge] != known[challenge]}
    assert moved == (set() if name in UNBOUND else set(ORDER))


@pytest.mark.parametrize("name", [each.name for each in fields(VerifyingKey)])
def test_a_key_field_moves_every_challenge(name: str) -> None:
    key = scene().world.proving_key.key
    known = drawn(honest())
    changed = replace(key, **{name: other(name, getattr(key, name))})
    found = challenges_of(changed, scene().batch.header, honest())
    assert all(found[challenge] != known[challenge] for challenge in ORDER)


def test_rounds_are_called_in_turn_and_once() -> None:
    proof = honest()
    rounds: list[Callable[[Schedule], object]] = [
        lambda schedule: schedule.witness(proof.witness),
        lambda schedule: schedule.helpers(proof.helpers, proof.slice_digests),
        lambda schedule: schedule.accumulator(proof.accumulator),
        lambda schedule: schedule.quotient(proof.quotient),
        lambda schedule: schedule.evaluations(proof.evaluations, proof.evaluations_next),
        lambda schedule: schedule.openings(proof.opening, proof.opening_next),
    ]
    for number in range(len(rounds) + 1):
        schedule = Schedule(scene().world.proving_key.key, scene().batch.header)
        for due in rounds[:number]:
            due(schedule)
        for other_round in [*rounds[:number], *rounds[number + 1 :]]:
            with pytest.raises(RuntimeError, match="is due"):
                other_round(schedule)
