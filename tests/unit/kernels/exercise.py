"""Every method of a compiled engine, called once."""

from __future__ import annotations

import numpy as np

from tests.unit.kernels.portable.samples import R, Words, values, words
from zkroute.algebra.engine import Column, Engine, Program

IDENTITY = Program(np.array([[0, 0, 0, 1], [5, 0, 0, 0]], np.int32), registers=1, outputs=1)


def exercise(engine: Engine, scalars: Words) -> list[object]:
    """Calls every method once; the results of those that return plain values."""
    vector = engine.load(scalars)
    size = len(scalars)
    log_size = size.bit_length() - 1
    engine.add(vector, vector)
    engine.scale(vector, 3)
    engine.concatenate([vector, engine.slice(vector, 1, 3)])
    coefficients = engine.interpolate_from_coset(engine.multiply(vector, vector), 5)
    again = engine.evaluate_on_coset(coefficients, log_size, 5)
    quotient = engine.divide_by_linear(engine.interpolate(vector), 9)
    points = engine.fixed_base_powers(engine.inverse(vector))
    bases = engine.load_points(engine.lagrange_points(points))
    return [
        engine.to_integers(again),
        engine.evaluate(quotient, 4),
        engine.running_sum(vector)[1],
        engine.to_integers(engine.run(IDENTITY, [vector], [])[0]),
        engine.to_integers(engine.linear_combination([vector, quotient], [1, 2])),
        engine.multi_scalar_multiplication(bases, [Column(scalars, 254), Column(scalars, 254)]),
    ]


def scalars_of(size: int) -> Words:
    return words([value or 3 for value in values(R, size)])
