"""Proof bytes: every flipped bit, every mutated, moved or borrowed element is refused."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.soundness.honest_proofs import (
    NAMES,
    SIZE,
    element,
    flip,
    kinds,
    points,
    proof,
    replaced,
    scalars,
    scene,
)
from tests.support.scenes import chained_scene
from verifier.errors import Code, VerificationError
from verifier.verify import verify
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    add_g1,
    compress_g1,
    decompress_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS

SAMPLE = {"round robin": 2, "notional by seven": 9}
"""One in so many elements is tried in the quick runs, every one in the slow ones."""


def refused(name: str, data: bytes, *, pairing: bool = False) -> Code:
    """The code of the refusal; fails if the proof is accepted."""
    found = scene(name).verdict(data, pairing=pairing)
    assert found is not None
    assert found in (Code.PROOF_MALFORMED, Code.OPENING_INVALID)
    return found


def test_the_unchanged_proofs_are_accepted() -> None:
    for name in NAMES:
        for number in (0, 1):
            assert scene(name).verdict(proof(name, number), pairing=True) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_in_a_sample_of_elements_is_refused(name: str) -> None:
    rng = random.Random(1)
    for index in range(0, len(kinds(name)), SAMPLE[name]):
        position = SIZE * index + rng.randrange(SIZE)
        refused(name, flip(proof(name), position, rng.randrange(8)))


def test_the_pairing_refuses_flipped_bits_too() -> None:
    """As the sweeps judge by the trapdoor: the same through the real pairing, here and there."""
    name = "round robin"
    last = len(kinds(name)) - 1
    for index in (0, kinds(name).index("s"), last - 2, last - 1, last):
        refused(name, flip(proof(name), SIZE * index + 31, 0), pairing=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_in_every_byte_is_refused(name: str) -> None:
    rng = random.Random(2)
    for position in range(len(proof(name))):
        refused(name, flip(proof(name), position, rng.randrange(8)))


@pytest.mark.slow
def test_every_flipped_bit_is_refused() -> None:
    name = "round robin"
    stages = Counter(
        refused(name, flip(proof(name), position, bit))
        for position in range(len(proof(name)))
        for bit in range(8)
    )
    assert stages[Code.OPENING_INVALID] > 0.6 * stages.total()


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_has_one_length(name: str) -> None:
    data = proof(name)
    wrong = [
        b"",
        data[:-1],
        data[1:],
        data + b"\0",
        b"\0" + data,
        data[:-SIZE],
        data[SIZE:],
        data + data[-SIZE:],
        data + data,
        bytes(10_000_000),
    ]
    for each in wrong:
        assert refused(name, each) is Code.PROOF_MALFORMED
    assert refused(name, bytes(len(data))) is Code.PROOF_MALFORMED
    assert refused(name, b"\xff" * len(data)) is Code.PROOF_MALFORMED


def test_the_proof_of_another_policy_has_no_place_here() -> None:
    for name, other in (NAMES, NAMES[::-1]):
        assert refused(name, proof(other)) is Code.PROOF_MALFORMED


INFINITY = compress_g1(None)


@pytest.mark.parametrize("name", NAMES)
def test_infinity_is_refused_in_every_slot(name: str) -> None:
    """Aztec's zero bug and fflonk PAR-03-006: points at infinity must not verify anything."""
    data = proof(name)
    for index in points(name):
        assert refused(name, replaced(data, index, INFINITY)) is Code.PROOF_MALFORMED
        assert refused(name, replaced(data, index, bytes(SIZE))) is Code.PROOF_MALFORMED
    everywhere = data
    for index in points(name):
        everywhere = replaced(everywhere, index, INFINITY)
    assert refused(name, everywhere) is Code.PROOF_MALFORMED


def test_both_openings_at_infinity_are_refused() -> None:
    name = "round robin"
    last = len(kinds(name)) - 1
    data = replaced(replaced(proof(name), last - 1, INFINITY), last, INFINITY)
    assert refused(name, data) is Code.PROOF_MALFORMED


def point_mutants(data: bytes, other: bytes, index: int) -> list[bytes]:
    """Valid encodings of wrong points."""
    point = decompress_g1(element(data, index), "point", allow_infinity=False)
    mutants = [
        compress_g1(negate_g1(point)),
        compress_g1(add_g1(point, GENERATOR_G1)),
        compress_g1(add_g1(point, point)),
        compress_g1(GENERATOR_G1),
        element(other, index),
    ]
    return [mutant for mutant in mutants if mutant != element(data, index)]


def scalar_mutants(data: bytes, other: bytes, index: int) -> list[bytes]:
    """Canonical encodings of wrong scalars."""
    scalar = int.from_bytes(element(data, index), "big")
    wrong = {(scalar + 1) % MODULUS, scalar - 1, -scalar % MODULUS, 0, 1, MODULUS - 1}
    wrong |= {int.from_bytes(element(other, index), "big")}
    return [value.to_bytes(SIZE, "big") for value in sorted(wrong - {scalar}) if value >= 0]


def mutate(name: str, step: int) -> Counter[Code]:
    """Every ``step``-th mutant of all elements."""
    data, other = proof(name), proof(name, 1)
    mutants = [
        replaced(data, index, mutant)
        for index, kind in enumerate(kinds(name))
        for mutant in (point_mutants if kind == "p" else scalar_mutants)(data, other, index)
    ]
    return Counter(refused(name, mutant) for mutant in mutants[::step])


@pytest.mark.parametrize("name", NAMES)
def test_wrong_elements_in_valid_encodings_are_refused(name: str) -> None:
    """Also elements of another valid proof of the same header."""
    stages = mutate(name, 5 * SAMPLE[name])
    assert stages[Code.OPENING_INVALID] > 0.6 * stages.total()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_wrong_elements_in_valid_encodings_are_refused(name: str) -> None:
    mutate(name, 1)


@pytest.mark.parametrize("name", NAMES)
def test_exchanged_neighbours_are_refused(name: str) -> None:
    data = proof(name)
    for index in range(0, len(kinds(name)) - 1, SAMPLE[name]):
        first, second = element(data, index), element(data, index + 1)
        if first != second:
            refused(name, replaced(replaced(data, index, second), index + 1, first))


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_two_valid_proofs_do_not_make_one(name: str) -> None:
    """Splices here and there: rounds of one proof with rounds of another."""
    first, second = proof(name), proof(name, 1)
    for index in range(1, len(kinds(name)), 5 * SAMPLE[name]):
        refused(name, first[: SIZE * index] + second[SIZE * index :])


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_of_another_batch_is_refused(name: str) -> None:
    other = chained_scene(name, 23, seed=2)
    assert scene(name).verdict(other.prove(other.columns)) is Code.OPENING_INVALID


@pytest.mark.parametrize("name", NAMES)
def test_other_spellings_of_the_same_scalars_are_refused(name: str) -> None:
    for index in scalars(name)[:: SAMPLE[name]]:
        value = int.from_bytes(element(proof(name), index), "big")
        for alias in (value + MODULUS, value + 2 * MODULUS):
            mutant = replaced(proof(name), index, alias.to_bytes(SIZE, "big"))
            assert refused(name, mutant) is Code.PROOF_MALFORMED


@pytest.mark.parametrize("name", NAMES)
def test_other_spellings_of_the_same_points_are_refused(name: str) -> None:
    for index in points(name)[:: SAMPLE[name]]:
        word = int.from_bytes(element(proof(name), index), "big")
        flag, x = word >> 254, word & ((1 << 254) - 1)
        aliases = [other << 254 | x for other in range(4) if other not in (2, 3)]
        if x + FIELD_MODULUS < 1 << 254:
            aliases.append(flag << 254 | (x + FIELD_MODULUS))
        for alias in aliases:
            mutant = replaced(proof(name), index, alias.to_bytes(SIZE, "big"))
            assert refused(name, mutant) is Code.PROOF_MALFORMED
        negated = replaced(proof(name), index, ((flag ^ 1) << 254 | x).to_bytes(SIZE, "big"))
        assert refused(name, negated) is Code.OPENING_INVALID


def test_refusals_before_the_arithmetic_name_the_element() -> None:
    name = "round robin"
    world = scene(name).world
    data = replaced(proof(name), 3, INFINITY)
    with pytest.raises(VerificationError, match=r"witness\[3\].*infinity"):
        verify(world.proving_key.key, scene(name).batch.header, data, scene(name).acceptance)
