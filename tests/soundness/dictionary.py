"""A dictionary of commitments to small numbers, for who guesses what a commitment holds."""

from __future__ import annotations

import random

import numpy as np

from prover.blinding import blinding_count, random_scalars
from prover.commit import BlindedColumn
from tests.support.lying import TAU, lying_world
from zkroute.algebra.domain import evaluate_public
from zkroute.algebra.engine import Column
from zkroute.algebra.groups import GENERATOR_G1, multiply_g1

NAME = "round robin"
CANDIDATES = 256
TRIALS = 100


def single_value(value: int, rows: int) -> np.ndarray:
    column = np.zeros((rows, 1), dtype=np.uint64)
    column[0, 0] = value
    return column


def guesses(log_rows: int) -> dict[object, int]:
    """The commitment of every column that holds one small number in its first row."""
    (factor,) = evaluate_public([[1]], log_rows, TAU)
    return {multiply_g1(GENERATOR_G1, value * factor): value for value in range(CANDIDATES)}


def hits(name: str, blinded: bool) -> int:
    """How often a dictionary finds the value behind a commitment to a column of one order."""
    world, rng = lying_world(NAME), random.Random(1)
    circuit = world.proving_key.circuit
    column = circuit.lowered.circuit.specification("orders", name)
    count = blinding_count(circuit.lowered, column) if blinded else 0
    log_rows = circuit.shape.log_rows
    secrets = [rng.randrange(CANDIDATES) for _ in range(TRIALS)]
    points = world.proving_key.committer.columns(
        [
            BlindedColumn(
                Column(single_value(secret, 1 << log_rows), 8),
                log_rows,
                tuple(random_scalars(count)),
            )
            for secret in secrets
        ]
    )
    dictionary = guesses(log_rows)
    return sum(
        dictionary.get(point) == secret for point, secret in zip(points, secrets, strict=True)
    )
