"""go-ethereum's vectors of the precompiles of EIP-196 and EIP-197, and the errors they define."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.points import point_of
from tests.support.shared import shared_path
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    G1_BYTES,
    G2_BYTES,
    add_g1,
    decode_g2,
    encode_g1,
    multiply_g1,
    pairing_product_is_one,
)
from zkroute.errors import MalformedError

PAIR_BYTES = G1_BYTES + G2_BYTES


def vectors(name: str) -> list[dict[str, Any]]:
    path = shared_path("vectors", "go-ethereum", f"bn256{name}.json")
    loaded: list[dict[str, Any]] = json.loads(path.read_text())
    return loaded


def padded(data: bytes, length: int) -> bytes:
    """Call data as a precompile reads it: zeros on the right, excess ignored."""
    return data[:length].ljust(length, b"\0")


def precompile_add(call_data: bytes) -> bytes:
    data = padded(call_data, 128)
    return encode_g1(add_g1(point_of(data[:64]), point_of(data[64:])))


def precompile_multiply(call_data: bytes) -> bytes:
    data = padded(call_data, 96)
    return encode_g1(multiply_g1(point_of(data[:64]), int.from_bytes(data[64:], "big")))


def precompile_pairing(call_data: bytes) -> bytes:
    if len(call_data) % PAIR_BYTES:
        raise MalformedError("call data: not a whole number of pairs")
    pairs = []
    for start in range(0, len(call_data), PAIR_BYTES):
        middle, stop = start + G1_BYTES, start + PAIR_BYTES
        left = point_of(call_data[start:middle])
        pairs.append((left, decode_g2(call_data[middle:stop], "right", allow_infinity=True)))
    return int(pairing_product_is_one(pairs)).to_bytes(32, "big")


PRECOMPILES = {
    "Add": (precompile_add, 16),
    "ScalarMul": (precompile_multiply, 19),
    "Pairing": (precompile_pairing, 14),
}


@pytest.mark.parametrize("name", PRECOMPILES)
def test_every_vector(name: str) -> None:
    precompile, count = PRECOMPILES[name]
    cases = vectors(name)
    assert len(cases) == count
    for case in cases:
        answer = precompile(bytes.fromhex(case["Input"])).hex()
        assert answer == case["Expected"], case["Name"]


@pytest.mark.parametrize("name", PRECOMPILES)
def test_inputs_that_the_eips_refuse(name: str) -> None:
    precompile, _ = PRECOMPILES[name]
    coordinates = {"Add": 4, "ScalarMul": 2, "Pairing": 6}[name]
    data = bytes.fromhex(vectors(name)[0]["Input"])
    for position in range(coordinates):
        start, stop = 32 * position, 32 * position + 32
        value = int.from_bytes(data[start:stop], "big")
        # not canonical, and canonical but off the curve
        for changed in (value + FIELD_MODULUS, (value + 1) % FIELD_MODULUS):
            mutant = data[:start] + changed.to_bytes(32, "big") + data[stop:]
            with pytest.raises(MalformedError):
                precompile(mutant)


def test_pairing_refuses_a_broken_pair() -> None:
    data = bytes.fromhex(vectors("Pairing")[0]["Input"])
    for mutant in (data[:-1], data + b"\0", data[:64]):
        with pytest.raises(MalformedError):
            precompile_pairing(mutant)


def test_pairing_refuses_a_point_outside_the_subgroup() -> None:
    path = shared_path("vectors", "made-here", "bn254_reject.json")
    for case in json.loads(path.read_text())["g2_reject"]:
        (x0, x1), (y0, y1) = (
            (int(pair[0], 16), int(pair[1], 16)) for pair in (case["x"], case["y"])
        )
        data = b"".join(value.to_bytes(32, "big") for value in (1, 2, x1, x0, y1, y0))
        with pytest.raises(MalformedError):
            precompile_pairing(data)
