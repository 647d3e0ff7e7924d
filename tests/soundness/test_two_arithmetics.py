"""The verifier's two arithmetics say the same of every proof and header, with the same code.

Each mutant is prepared by both: the pairing claims must be the same points or the refusals the
same words. Then compiled arithmetic decides by its own pairing, and must say what the trapdoor
says: e(L, [tau]) = e(R, [1]) exactly if [tau]L = R. The reference's pairing, which takes a third of
a second, decides the honest batch and a few of the others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.soundness.honest_proofs import NAMES, SIZE, element, replaced, scene
from tests.soundness.honest_proofs import proof as honest_proof
from tests.support.lying import TAU
from verifier.errors import Code, VerificationError
from verifier.many import Claim, ManyVerificationError, verify_many
from verifier.opening import PairingCheck
from verifier.verify import prepare, verify
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    add_g1,
    compress_g1,
    decompress_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import using_arithmetic, verification_arithmetic
from zkroute.errors import MalformedError, UsageError
from zkroute.protocol.header import Header

Mutant = tuple[Header, bytes]


@pytest.fixture(autouse=True, scope="module")
def _two_arithmetics() -> None:
    try:
        verification_arithmetic("compiled")
    except UsageError as error:
        pytest.skip(str(error))


def honest(name: str, number: int = 0) -> Mutant:
    return scene(name).batch.header, honest_proof(name, number)


Preparation = PairingCheck | tuple[Code, str]


def prepared(arithmetic: str, name: str, mutant: Mutant) -> Preparation:
    """The pairing claim with its sums worked out, or the refusal."""
    key, accept = scene(name).world.proving_key.key, scene(name).acceptance
    with using_arithmetic(arithmetic):
        try:
            return prepare(key, *mutant, accept).worked_out()
        except VerificationError as error:
            return error.code, str(error)


def verdict(arithmetic: str, name: str, mutant: Mutant) -> Code | None:
    """By a pairing."""
    key, accept = scene(name).world.proving_key.key, scene(name).acceptance
    with using_arithmetic(arithmetic):
        try:
            verify(key, *mutant, accept)
        except VerificationError as error:
            return error.code
    return None


def same_verdict(name: str, mutant: Mutant) -> Code | None:
    """What both say."""
    reference = prepared("reference", name, mutant)
    assert prepared("compiled", name, mutant) == reference
    if isinstance(reference, PairingCheck):
        holds = multiply_g1(reference.left.point(), TAU) == reference.right.point()
        expected = None if holds else Code.OPENING_INVALID
    else:
        expected = reference[0]
    assert verdict("compiled", name, mutant) is expected
    return expected


def word(value: int) -> bytes:
    return (value % (1 << 256)).to_bytes(SIZE, "big")


def flipped_bit(rng: random.Random, name: str) -> Mutant:
    header, proof = honest(name)
    data = bytearray(proof)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return header, bytes(data)


def other_element(rng: random.Random, name: str) -> Mutant:
    """A neighbour, an edge, a random word, or a wrong value in a valid encoding."""
    header, proof = honest(name)
    index = rng.randrange(len(proof) // SIZE)
    old = element(proof, index)
    value = int.from_bytes(old, "big")
    flag, x = value >> 254, value & ((1 << 254) - 1)
    words = [
        rng.randbytes(SIZE),
        element(proof, rng.randrange(len(proof) // SIZE)),
        element(honest(name, 1)[1], index),
        *map(word, (0, 1, value + 1, value - 1, MODULUS - 1, MODULUS, value + MODULUS, -value)),
        *map(word, (flag << 254 | FIELD_MODULUS, flag << 254 | (FIELD_MODULUS - 1), value ^ 1)),
        *(word(other << 254 | x) for other in range(4)),
        word(rng.choice((2, 3)) << 254 | rng.randrange(FIELD_MODULUS)),
        compress_g1(None),
        compress_g1(GENERATOR_G1),
    ]
    try:
        point = decompress_g1(old, "element", allow_infinity=False)
        words += map(compress_g1, (add_g1(point, GENERATOR_G1), add_g1(point, point)))
    except MalformedError:
        pass  # a scalar
    return header, replaced(proof, index, rng.choice(words))


def two_wrong(rng: random.Random, name: str) -> Mutant:
    """The first refusal in byte order is the one that counts."""
    header, proof = other_element(rng, name)
    index = rng.randrange(len(proof) // SIZE)
    return header, replaced(proof, index, rng.randbytes(SIZE))


def spliced(rng: random.Random, name: str) -> Mutant:
    header, proof = honest(name)
    other = honest(name, 1)[1]
    cut = SIZE * rng.randrange(1, len(proof) // SIZE)
    return header, proof[:cut] + other[cut:]


def other_length(rng: random.Random, name: str) -> Mutant:
    header, proof = honest(name)
    return header, rng.choice((proof[: rng.randrange(len(proof))], proof + rng.randbytes(SIZE)))


def other_header(rng: random.Random, name: str) -> Mutant:
    """A changed field, signed again, so that it is not the signature that refuses."""
    header, proof = honest(name)
    index = rng.randrange(len(header.columns))
    points = [
        GENERATOR_G1,
        None,
        (1, 3),
        (FIELD_MODULUS + 1, 2),
        negate_g1(header.columns[index]),
        add_g1(header.columns[index], GENERATOR_G1),
    ]
    column = rng.choice(points)
    columns = (*header.columns[:index], column, *header.columns[index + 1 :])
    change: dict[str, object] = rng.choice(
        [
            {"columns": columns},
            {"work_after": rng.choice(points)},
            {"order_count": header.order_count + rng.choice((-1, 1, 1 << 30))},
            {"time_ms": header.time_ms + 1},
            {"slices": rng.randbytes(32)},
            {"intake": rng.randbytes(32)},
            {"batch": header.batch + 1},
        ]
    )
    changed = replace(header, **change)  # type: ignore[arg-type]  # values fit the names beside them
    try:
        return scene(name).sign(changed), proof
    except (OverflowError, ValueError):
        return changed, proof  # such a header has no canonical bytes to sign


def forged(rng: random.Random, name: str) -> Mutant:
    header, proof = honest(name)
    return header.signed(rng.randbytes(64)), proof


KINDS: dict[Callable[[random.Random, str], Mutant], int] = {
    flipped_bit: 5,
    other_element: 8,
    two_wrong: 3,
    spliced: 1,
    other_length: 1,
    other_header: 4,
    forged: 1,
}
"""How often each is drawn."""


def mutants(rng: random.Random, name: str, count: int) -> list[Mutant]:
    kinds = rng.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    return [kind(rng, name) for kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_the_honest_batch(name: str) -> None:
    for number in (0, 1):
        assert same_verdict(name, honest(name, number)) is None
    assert verdict("reference", name, honest(name)) is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_of_mutant_by_both_pairings(kind: Callable[..., Mutant]) -> None:
    name, rng = "round robin", random.Random(kind.__name__)
    found = None
    for _ in range(100):
        mutant = kind(rng, name)
        found = same_verdict(name, mutant)
        if found is not None:
            assert verdict("reference", name, mutant) is found
            break
    assert found is not None


def campaign(name: str, seed: int, count: int) -> Counter[Code | None]:
    return Counter(
        same_verdict(name, mutant) for mutant in mutants(random.Random(seed), name, count)
    )


def test_many_mutants_have_one_verdict() -> None:
    verdicts = campaign("round robin", 1, 220) + campaign("notional by seven", 2, 30)
    assert verdicts.total() == 250
    assert verdicts[Code.OPENING_INVALID] > 50
    assert verdicts[Code.PROOF_MALFORMED] > 50
    assert verdicts[Code.HEADER_MALFORMED] > 0 < verdicts[Code.SIGNATURE_INVALID]
    # a draw may leave everything as it was
    assert verdicts[None] < 12


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_mutants_have_one_verdict(name: str) -> None:
    verdicts = campaign(name, 3, 5_000)
    assert verdicts[Code.OPENING_INVALID] > 1_000 < verdicts[Code.PROOF_MALFORMED]


def test_many_at_once_name_the_same_ones() -> None:
    name = "round robin"
    key, accept = scene(name).world.proving_key.key, scene(name).acceptance
    batches = [honest(name), *mutants(random.Random(4), name, 10), honest(name, 1)]
    expected = {
        position: code
        for position, mutant in enumerate(batches)
        if (code := same_verdict(name, mutant)) is not None
    }
    assert expected
    with using_arithmetic("compiled"), pytest.raises(ManyVerificationError) as caught:
        verify_many([Claim(key, *mutant, accept) for mutant in batches])
    assert {p: error.code for p, error in caught.value.failures.items()} == expected
    with using_arithmetic("compiled"):
        verify_many([Claim(key, *honest(name, number), accept) for number in (0, 1, 0)])
