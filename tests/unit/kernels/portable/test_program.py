"""The program interpreter against a dictionary of registers, row by row."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.kernels.portable.samples import R, from_montgomery, to_montgomery, values
from zkroute.algebra.engine import Operation, Program
from zkroute.kernels.portable import program as kernels
from zkroute.kernels.portable.engine import PortableEngine

COLUMN, SCALAR, ADD, SUBTRACT, MULTIPLY, STORE = Operation

Instructions = list[tuple[int, int, int, int]]


def array(instructions: Instructions) -> NDArray[np.int32]:
    return np.array(instructions, np.int32).reshape(-1, 4)


def naive(
    instructions: Instructions, outputs: int, columns: list[list[int]], scalars: list[int]
) -> list[list[int]]:
    rows = len(columns[0])
    found = [[0] * rows for _ in range(outputs)]
    for row in range(rows):
        registers: dict[int, int] = {}
        for operation, destination, left, right in instructions:
            if operation == COLUMN:
                registers[destination] = columns[left][(row + right) % rows]
            elif operation == SCALAR:
                registers[destination] = scalars[left]
            elif operation == ADD:
                registers[destination] = (registers[left] + registers[right]) % R
            elif operation == SUBTRACT:
                registers[destination] = (registers[left] - registers[right]) % R
            elif operation == MULTIPLY:
                registers[destination] = registers[left] * registers[right] % R
            else:
                found[destination][row] = registers[left]
    return found


def run(
    instructions: Instructions,
    registers: int,
    outputs: int,
    columns: list[list[int]],
    scalars: list[int],
) -> list[list[int]]:
    vectors = [to_montgomery(column) for column in columns]
    program = Program(array(instructions), registers, outputs)
    return [from_montgomery(each) for each in PortableEngine().run(program, vectors, scalars)]


def test_operation_numbers_are_those_of_the_facade() -> None:
    for operation in Operation:
        assert getattr(kernels, operation.name) == operation


@pytest.mark.parametrize("rows", [1, 2, 127, 128, 129, 300])
@pytest.mark.parametrize("rotation", [0, 1, -1, 5, -300, 1000])
def test_rotations_wrap_around(rows: int, rotation: int) -> None:
    column = values(R, rows)
    instructions: Instructions = [(COLUMN, 0, 0, rotation), (STORE, 0, 0, 0)]
    assert run(instructions, 1, 1, [column], []) == naive(instructions, 1, [column], [])


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    registers, rows = rng.randrange(1, 6), rng.choice([1, 64, 128, 150, 400])
    columns = [values(R, rows, seed) for seed in range(3)]
    scalars = values(R, 8)
    instructions: Instructions = [
        (COLUMN, register, rng.randrange(3), rng.randrange(-3, 4)) for register in range(registers)
    ]
    for _ in range(60):
        operation = rng.choice(list(Operation))
        if operation == COLUMN:
            operands = rng.randrange(3), rng.randrange(-2 * rows, 2 * rows)
        elif operation == SCALAR:
            operands = rng.randrange(8), 0
        else:
            operands = rng.randrange(registers), rng.randrange(registers)
        places = 2 if operation == STORE else registers
        instructions.append((operation, rng.randrange(places), *operands))
    instructions += [(STORE, output, rng.randrange(registers), 0) for output in range(2)]
    found = run(instructions, registers, 2, columns, scalars)
    assert found == naive(instructions, 2, columns, scalars)


def test_a_range_of_rows_leaves_the_others_alone() -> None:
    column = to_montgomery(values(R, 300))
    output = np.zeros_like(column)
    addresses = np.array([column.ctypes.data]), np.array([output.ctypes.data])
    instructions = array([(COLUMN, 0, 0, 1), (STORE, 0, 0, 0)])
    run_rows = partial(kernels.run_range, instructions, addresses[1], addresses[0], 0, 1, 300)
    run_rows(130, 290)
    expected = np.roll(column, -1, axis=0)
    assert np.array_equal(output[130:290], expected[130:290])
    assert not output[:130].any()
    assert not output[290:].any()


GOOD: Instructions = [
    (COLUMN, 0, 1, -1),
    (SCALAR, 1, 0, 0),
    (MULTIPLY, 2, 0, 1),
    (STORE, 0, 2, 0),
]


@pytest.mark.parametrize(
    ("number", "bad"),
    [
        (0, (COLUMN, 0, 2, 0)),
        (0, (COLUMN, 3, 0, 0)),
        (0, (COLUMN, 0, -1, 0)),
        (0, (COLUMN, -1, 0, 0)),
        (1, (SCALAR, 1, 1, 0)),
        (1, (SCALAR, 3, 0, 0)),
        (2, (MULTIPLY, 2, 2, 0)),
        (2, (ADD, 2, 0, 2)),
        (2, (SUBTRACT, 2, 0, 3)),
        (2, (ADD, 3, 0, 0)),
        (2, (6, 2, 0, 0)),
        (2, (-1, 2, 0, 0)),
        (3, (STORE, 1, 2, 0)),
        (3, (STORE, 0, 3, 0)),
        (3, (STORE, 0, -1, 0)),
        (4, (ADD, 2, 0, 0)),
    ],
)
def test_instructions_that_reach_outside_are_found(
    number: int, bad: tuple[int, int, int, int]
) -> None:
    assert kernels.first_invalid(array(GOOD), 3, 1, 2, 1) == -1
    instructions = list(GOOD)
    # number 4 stands for an output that nothing stores
    instructions[min(number, 3)] = bad
    assert kernels.first_invalid(array(instructions), 3, 1, 2, 1) == number
