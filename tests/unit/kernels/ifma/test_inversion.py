"""Division steps against Python's own inverses."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import P, R, edges
from zkroute.kernels.ifma.inversion import BITS, invert_words, words_of


def inverted(value: int, modulus: int) -> int:
    words = np.array(words_of(value), dtype=np.int64)
    inverse_of_modulus = np.uint64(pow(modulus, -1, 1 << BITS))
    invert_words(words, np.array(words_of(modulus), dtype=np.int64), inverse_of_modulus)
    return sum(word << BITS * i for i, word in enumerate(words.tolist()))


@pytest.mark.parametrize("modulus", (R, P))
def test_inverses(modulus: int, rng: random.Random) -> None:
    values = [*edges(modulus), *(rng.randrange(modulus) for _ in range(500))]
    # few or many division steps: powers of two, their neighbours, small and short values
    values += [modulus - (1 << i) for i in range(253)] + [
        (1 << i) + d for i in range(253) for d in (0, 1)
    ]
    values += [rng.randrange(1 << rng.randrange(1, 254)) for _ in range(500)]
    for value in (number % modulus for number in values):
        assert inverted(value, modulus) == (pow(value, -1, modulus) if value else 0)
