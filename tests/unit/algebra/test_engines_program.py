"""Every engine against the reference: straight-line programs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.algebra.samples import random_scalars
from zkroute.algebra.engine import Engine, Operation, Program
from zkroute.algebra.scalars import MODULUS


def program(rows: list[tuple[int, int, int, int]], registers: int, outputs: int) -> Program:
    return Program(np.array(rows, dtype=np.int32).reshape(len(rows), 4), registers, outputs)


def run(
    engine: Engine, code: Program, columns: list[list[int]], scalars: list[int]
) -> list[list[int]]:
    loaded = [engine.from_integers(column) for column in columns]
    return [engine.to_integers(output) for output in engine.run(code, loaded, scalars)]


def random_program(rng: random.Random, columns: int, scalars: int, length: int) -> Program:
    """Reads only written registers, overwrites them freely, stores every output last."""
    registers, outputs = 6, 3
    rows: list[tuple[int, int, int, int]] = [
        (Operation.COLUMN, register, rng.randrange(columns), rng.randrange(-9, 10))
        for register in range(registers)
    ]
    for _ in range(length):
        operation = rng.choice(list(Operation)[:5])
        destination = rng.randrange(registers)
        if operation is Operation.COLUMN:
            rows.append((operation, destination, rng.randrange(columns), rng.randrange(-9, 10)))
        elif operation is Operation.SCALAR:
            rows.append((operation, destination, rng.randrange(scalars), 0))
        else:
            left, right = rng.randrange(registers), rng.randrange(registers)
            rows.append((operation, destination, left, right))
    rows += [(Operation.STORE, output, rng.randrange(registers), 0) for output in range(outputs)]
    return program(rows, registers, outputs)


@pytest.mark.parametrize("size", (1, 2, 7, 8, 9, 16, 127, 128, 129, 256, 1000))
def test_random_programs(engine: Engine, reference: Engine, rng: random.Random, size: int) -> None:
    for _ in range(3):
        columns = [random_scalars(rng, size) for _ in range(4)]
        scalars = [*random_scalars(rng, 3), -1, MODULUS + 5]
        code = random_program(rng, len(columns), len(scalars), 40)
        assert run(engine, code, columns, scalars) == run(reference, code, columns, scalars)


@pytest.mark.parametrize("size", (1, 8, 100, 128, 300))
def test_rotations_wrap_around(engine: Engine, rng: random.Random, size: int) -> None:
    column = random_scalars(rng, size)
    for rotation in (0, 1, -1, 7, 8, -8, 13, -size, size, size + 1, -size - 1, 5 * size + 3):
        code = program([(Operation.COLUMN, 0, 0, rotation), (Operation.STORE, 0, 0, 0)], 1, 1)
        expected = [column[(row + rotation) % size] for row in range(size)]
        assert run(engine, code, [column], []) == [expected]


@pytest.mark.parametrize("operation", (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY))
@pytest.mark.parametrize("registers", ((0, 0, 1), (1, 0, 1), (0, 0, 0), (1, 1, 0), (2, 1, 1)))
def test_a_destination_may_be_an_operand(
    engine: Engine,
    reference: Engine,
    rng: random.Random,
    operation: Operation,
    registers: tuple[int, int, int],
) -> None:
    destination, left, right = registers
    code = program(
        [
            (Operation.COLUMN, 0, 0, 0),
            (Operation.COLUMN, 1, 1, 0),
            (operation, destination, left, right),
            (Operation.STORE, 0, destination, 0),
            (Operation.STORE, 1, 0, 0),
        ],
        3,
        2,
    )
    columns = [random_scalars(rng, 150), random_scalars(rng, 150)[::-1]]
    assert run(engine, code, columns, []) == run(reference, code, columns, [])


def test_a_stored_value_outlives_its_register(engine: Engine) -> None:
    code = program(
        [
            (Operation.COLUMN, 0, 0, 0),
            (Operation.STORE, 1, 0, 0),
            (Operation.SCALAR, 0, 0, 0),
            (Operation.STORE, 0, 0, 0),
        ],
        1,
        2,
    )
    assert run(engine, code, [[5, 6, 7]], [-1]) == [[MODULUS - 1] * 3, [5, 6, 7]]


def test_a_later_store_wins(engine: Engine) -> None:
    code = program(
        [
            (Operation.COLUMN, 0, 0, 0),
            (Operation.STORE, 0, 0, 0),
            (Operation.MULTIPLY, 0, 0, 0),
            (Operation.STORE, 0, 0, 0),
        ],
        1,
        1,
    )
    assert run(engine, code, [[5, 6, 7]], []) == [[25, 36, 49]]


def test_a_long_chain_stays_canonical(engine: Engine, reference: Engine) -> None:
    # lazily reduced engines accumulate here what they forget to reduce
    rows = [(Operation.COLUMN, 0, 0, 0), (Operation.COLUMN, 1, 1, 0)]
    rows += [(Operation.ADD, 0, 0, 0), (Operation.SUBTRACT, 1, 1, 0)] * 100
    rows += [(Operation.STORE, 0, 0, 0), (Operation.STORE, 1, 1, 0)]
    columns = [[MODULUS - 1, 0, 1, MODULUS - 2] * 50, [0, MODULUS - 1, 1, 2] * 50]
    code = program(list(rows), 2, 2)
    assert run(engine, code, columns, []) == run(reference, code, columns, [])


def test_columns_are_not_modified(engine: Engine, rng: random.Random) -> None:
    values = random_scalars(rng, 200)
    vector = engine.from_integers(values)
    code = program(
        [
            (Operation.COLUMN, 0, 0, 0),
            (Operation.MULTIPLY, 0, 0, 0),
            (Operation.STORE, 0, 0, 0),
        ],
        1,
        1,
    )
    engine.run(code, [vector], [])
    assert engine.to_integers(vector) == values


def test_columns_of_unequal_length_raise(engine: Engine) -> None:
    code = program([(Operation.COLUMN, 0, 0, 0), (Operation.STORE, 0, 0, 0)], 1, 1)
    columns = [engine.from_integers([1, 2]), engine.from_integers([1, 2, 3])]
    with pytest.raises(ValueError):
        engine.run(code, columns, [])
    with pytest.raises(ValueError):
        engine.run(code, [], [])
