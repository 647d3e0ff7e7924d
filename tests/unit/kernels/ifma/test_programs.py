"""The interpreter against a loop over rows."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.kernels.ifma.samples import R, scalars, values_of
from zkroute.algebra.engine import Operation, Program
from zkroute.kernels.ifma import programs
from zkroute.kernels.ifma.memory import vector_of
from zkroute.kernels.ifma.program_kernel import CHUNK

SIZES = (1, 5, 8, 9, 16, 8 * CHUNK - 1, 8 * CHUNK, 40 * CHUNK + 3)


def expected(program: Program, columns: list[list[int]], constants: list[int]) -> list[list[int]]:
    rows = len(columns[0])
    outputs = [[0] * rows for _ in range(program.outputs)]
    for row in range(rows):
        registers = [0] * program.registers
        for code, target, left, right in program.operations.tolist():
            if code == Operation.COLUMN:
                registers[target] = columns[left][(row + right) % rows]
            elif code == Operation.SCALAR:
                registers[target] = constants[left] % R
            elif code == Operation.ADD:
                registers[target] = (registers[left] + registers[right]) % R
            elif code == Operation.SUBTRACT:
                registers[target] = (registers[left] - registers[right]) % R
            elif code == Operation.MULTIPLY:
                registers[target] = registers[left] * registers[right] % R
            else:
                outputs[target][row] = registers[left]
    return outputs


def random_program(rng: random.Random, registers: int, length: int) -> Program:
    rows = [(int(Operation.COLUMN), i, i % 3, rng.randrange(-30, 30)) for i in range(registers)]
    for _ in range(length):
        code = rng.choice(list(Operation)[:5])
        target, left, right = (rng.randrange(registers) for _ in range(3))
        if code is Operation.COLUMN:
            left, right = rng.randrange(3), rng.randrange(-10, 10)
        elif code is Operation.SCALAR:
            left, right = rng.randrange(2), 0
        rows.append((int(code), target, left, right))
    rows += [(int(Operation.STORE), i, i % registers, 0) for i in range(4)]
    return Program(np.array(rows, dtype=np.int32), registers, 4)


@pytest.mark.parametrize("size", SIZES)
def test_random_programs(rng: random.Random, size: int) -> None:
    columns = [scalars(rng, size) for _ in range(3)]
    constants = [-1, rng.randrange(R)]
    for registers in (4, 9):
        program = random_program(rng, registers, 40)
        outputs = programs.run(program, [vector_of(column) for column in columns], constants)
        assert [values_of(output) for output in outputs] == expected(program, columns, constants)


@pytest.mark.parametrize("size", SIZES)
def test_every_rotation(size: int) -> None:
    column = list(range(size))
    for shift in (*range(-9, 10), size, -size - 1, 3 * size + 2):
        rows = [(int(Operation.COLUMN), 0, 0, shift), (int(Operation.STORE), 0, 0, 0)]
        program = Program(np.array(rows, dtype=np.int32), 1, 1)
        (output,) = programs.run(program, [vector_of(column)], [])
        assert values_of(output) == [(row + shift) % size for row in range(size)]


def test_no_rows_and_no_operations() -> None:
    program = Program(np.zeros((0, 4), dtype=np.int32), 1, 0)
    assert programs.run(program, [vector_of([1, 2])], []) == []
    (output,) = programs.run(Program(program.operations, 1, 1), [vector_of([])], [])
    assert output.length == 0
    (output,) = programs.run(Program(program.operations, 1, 1), [vector_of([1, 2])], [])
    assert values_of(output) == [0, 0]
