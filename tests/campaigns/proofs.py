"""Mutated proofs: none may be accepted, and most must get as far as the algebra.

    python -m tests.campaigns.proofs --campaign-size 100000

Three mutants in four are wrong points and scalars in valid encodings, so that reading them finds
nothing wrong: what refuses them is the pairing. Each is judged by ``verify`` with compiled
arithmetic; one in 500 by the reference too, which must say the same.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache

from tests.soundness.honest_proofs import (
    NAMES,
    SIZE,
    element,
    flip,
    points,
    proof,
    replaced,
    scalars,
    scene,
)
from verifier.errors import Code, VerificationError
from verifier.verify import verify
from zkroute.algebra.groups import (
    GENERATOR_G1,
    PointG1,
    add_g1,
    compress_g1,
    decompress_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import fastest_arithmetic, using_arithmetic

REFERENCE_EVERY = 500
PROOFS = 4
"""Honest proofs of each header, to mutate and to borrow from."""

Mutation = Callable[[random.Random, str, bytes, bytes], bytes]
"""Takes the name, a proof and another one of the same header."""


@cache
def point_of(encoding: bytes) -> PointG1:
    return decompress_g1(encoding, "point", allow_infinity=False)


def wrong_point(rng: random.Random, name: str, data: bytes, other: bytes) -> bytes:
    """Moved, doubled, negated, random, or borrowed from anywhere."""
    index = rng.choice(points(name))
    point = point_of(element(data, index))
    borrowed = point_of(element(rng.choice((data, other)), rng.choice(points(name))))
    wrong = rng.choice(
        (
            lambda: negate_g1(point),
            lambda: add_g1(point, GENERATOR_G1),
            lambda: add_g1(point, negate_g1(GENERATOR_G1)),
            lambda: add_g1(point, point),
            lambda: add_g1(point, borrowed),
            lambda: borrowed,
            lambda: multiply_g1(GENERATOR_G1, rng.randrange(1, MODULUS)),
        )
    )()
    return replaced(data, index, compress_g1(wrong if wrong is not None else GENERATOR_G1))


def wrong_scalar(rng: random.Random, name: str, data: bytes, other: bytes) -> bytes:
    """A neighbour, an edge, random, or borrowed from anywhere."""
    index = rng.choice(scalars(name))
    value = int.from_bytes(element(data, index), "big")
    borrowed = int.from_bytes(element(other, rng.choice(scalars(name))), "big")
    wrong = rng.choice(
        (value + 1, value - 1, -value, 2 * value, 0, 1, -1, borrowed, rng.randrange(MODULUS))
    )
    return replaced(data, index, (wrong % MODULUS).to_bytes(SIZE, "big"))


def swapped(rng: random.Random, name: str, data: bytes, _: bytes) -> bytes:
    """Two elements of one kind change places."""
    one, other = rng.sample(rng.choice((points, scalars))(name), 2)
    first, second = element(data, one), element(data, other)
    return replaced(replaced(data, one, second), other, first)


def compensated(rng: random.Random, name: str, data: bytes, _: bytes) -> bytes:
    """Two changes that would cancel if their challenges were equal or known."""
    if rng.random() < 0.5:
        one, other = rng.sample(points(name), 2)
        shift = multiply_g1(GENERATOR_G1, rng.randrange(1, 1 << 16))
        changes = ((one, shift), (other, negate_g1(shift)))
        for index, by in changes:
            moved = add_g1(point_of(element(data, index)), by)
            data = replaced(data, index, compress_g1(moved if moved is not None else GENERATOR_G1))
        return data
    one, other = rng.sample(scalars(name), 2)
    step = rng.randrange(1, MODULUS)
    for index, by in ((one, step), (other, -step)):
        value = (int.from_bytes(element(data, index), "big") + by) % MODULUS
        data = replaced(data, index, value.to_bytes(SIZE, "big"))
    return data


def spliced(rng: random.Random, name: str, data: bytes, other: bytes) -> bytes:
    """The beginning of one proof and the end of another."""
    cut = SIZE * rng.randrange(1, len(data) // SIZE)
    return data[:cut] + other[cut:]


def crossed(rng: random.Random, name: str, data: bytes, other: bytes) -> bytes:
    """Each element from one proof or another of the same header."""
    chosen = (rng.choice((data, other)) for _ in range(len(data) // SIZE))
    return b"".join(element(source, index) for index, source in enumerate(chosen))


def flipped(rng: random.Random, name: str, data: bytes, _: bytes) -> bytes:
    return flip(data, rng.randrange(len(data)), rng.randrange(8))


def garbled(rng: random.Random, name: str, data: bytes, _: bytes) -> bytes:
    """A random word, or another length."""
    if rng.random() < 0.5:
        return replaced(data, rng.randrange(len(data) // SIZE), rng.randbytes(SIZE))
    return rng.choice((data[: rng.randrange(len(data))], data + rng.randbytes(SIZE)))


MUTATIONS: dict[Mutation, int] = {
    wrong_point: 7,
    wrong_scalar: 7,
    swapped: 2,
    compensated: 2,
    spliced: 1,
    crossed: 1,
    flipped: 4,
    garbled: 1,
}
"""How often each is drawn."""


def mutant(rng: random.Random, name: str) -> tuple[str, bytes]:
    """The mutation's name and a proof that is none of the honest ones."""
    honest = [proof(name, number) for number in range(PROOFS)]
    while True:
        (mutation,) = rng.choices(list(MUTATIONS), weights=list(MUTATIONS.values()))
        data, other = rng.sample(honest, 2)
        made = mutation(rng, name, data, other)
        if made not in honest:
            return mutation.__name__, made


def judged(name: str, data: bytes, arithmetic: str) -> Code | None:
    """Why it is refused; None if it is accepted."""
    with using_arithmetic(arithmetic):
        try:
            verify(
                scene(name).world.proving_key.key,
                scene(name).batch.header,
                data,
                scene(name).acceptance,
            )
        except VerificationError as error:
            return error.code
    return None


def campaign(seed: int, count: int) -> Counter[tuple[str, Code | None]]:
    """How often each mutation had which answer; both arithmetics agree where both were asked."""
    rng = random.Random(seed)
    fastest = fastest_arithmetic().name
    answers: Counter[tuple[str, Code | None]] = Counter()
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        kind, data = mutant(rng, name)
        answer = judged(name, data, fastest)
        if number % REFERENCE_EVERY == 0 and judged(name, data, "reference") is not answer:
            raise AssertionError(f"two verdicts on a mutant by {kind}: {data.hex()}")
        if answer is None:
            print(f"ACCEPTED, {name}, by {kind}: {data.hex()}", flush=True)
        answers[kind, answer] += 1
    return answers


def share_of_the_algebra(answers: Counter[tuple[str, Code | None]]) -> float:
    """Of the mutants, those that reading had nothing against."""
    reached = sum(count for (_, code), count in answers.items() if code is not Code.PROOF_MALFORMED)
    return reached / answers.total()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.proofs")
    parser.add_argument("--campaign-size", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    began = time.monotonic()
    answers = campaign(seed, options.campaign_size)
    print(f"seed {seed}: {answers.total()} mutants in {time.monotonic() - began:.0f} s")
    for (kind, code), count in sorted(answers.items(), key=lambda each: -each[1]):
        print(f"{count:8}  {kind:14} {code.value if code else 'ACCEPTED'}")
    print(f"{share_of_the_algebra(answers):.1%} reached the algebra")
    accepted = sum(count for (_, code), count in answers.items() if code is None)
    print(f"{accepted} accepted")
    return int(accepted > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
