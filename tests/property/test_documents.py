"""Damaged policies and snapshots: read or refused with our own error, never a traceback."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from zkroute.errors import MalformedError, ZkrouteError
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.policy import parse_policy, policy_from_canonical
from zkroute.model.snapshot import parse_snapshot, snapshot_from_canonical

PIECES = ["[", "]", '"', "'", "=", "\n", "#", "{", "}", ",", "0", "9" * 30, "é", "\0", "true", "x."]


def _damaged(rng: random.Random, text: str) -> str:
    for _ in range(rng.randint(1, 3)):
        position = rng.randrange(len(text))
        kind = rng.choice(["cut", "insert", "copy"])
        if kind == "cut":
            text = text[:position] + text[position + rng.randint(1, 30) :]
        elif kind == "insert":
            text = text[:position] + rng.choice(PIECES) + text[position:]
        else:
            start = rng.randrange(len(text))
            text = text[:position] + text[start : start + rng.randint(1, 60)] + text[position:]
    return text


@pytest.mark.parametrize(
    ("parse", "text"), [(parse_policy, EXAMPLE_POLICY), (parse_snapshot, EXAMPLE_NODES)]
)
def test_damaged_texts(parse: Callable[[str, str], object], text: str) -> None:
    rng = random.Random(5)
    refused = 0
    for _ in range(500):
        try:
            parse(_damaged(rng, text), "file.toml")
        except MalformedError as error:
            assert str(error).startswith("file.toml")
            refused += 1
    assert refused > 250


@pytest.mark.parametrize(
    ("parse", "read", "text"),
    [
        (parse_policy, policy_from_canonical, EXAMPLE_POLICY),
        (parse_snapshot, snapshot_from_canonical, EXAMPLE_NODES),
    ],
)
def test_damaged_canonical_bytes_are_never_another_spelling(
    parse: Callable[[str, str], Any], read: Callable[[bytes], Any], text: str
) -> None:
    rng = random.Random(6)
    data = parse(text, "file.toml").canonical_bytes()
    assert read(data).canonical_bytes() == data
    for _ in range(1000):
        changed = bytearray(data)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        try:
            assert read(bytes(changed)).canonical_bytes() == bytes(changed)
        except ZkrouteError:
            continue


def test_the_largest_policies_are_read_in_reasonable_time() -> None:
    names = [f"i{number}" for number in range(4096)]
    quoted = ", ".join(f'"{name}"' for name in names)
    text = (
        'name = "n"\nchain = "c"\nslots = 4096\n[classes]\nintents = ["a"]\ntiers = ["a"]\n'
        f'instruments = [{quoted}]\norder_types = ["a"]\n[[segments]]\nname = "s"\n'
    )
    text += "".join(
        f'[[routes]]\nmatch = {{ instrument = ["{name}"] }}\nsegment = "s"\n' for name in names
    )
    start = time.perf_counter()
    policy = parse_policy(text, "p")
    assert len(policy.combination_routes(0)) == 4096
    assert policy_from_canonical(policy.canonical_bytes()).digest == policy.digest
    assert time.perf_counter() - start < 10
