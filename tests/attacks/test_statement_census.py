"""Every field of header and key moves every challenge; the signature moves none."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from circuits.instance import Figures
from tests.attacks.test_frozen_challenges import ORDER, challenges_of, drawn, honest, scene
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

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
