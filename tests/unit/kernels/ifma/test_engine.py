"""What the engine refuses before any kernel could read or write out of bounds."""

from __future__ import annotations

import numpy as np
import pytest

from zkroute.algebra.engine import Column, Operation, Program
from zkroute.kernels.ifma.engine import IfmaEngine

LOAD = (Operation.COLUMN, 0, 0, 0)
STORE = (Operation.STORE, 0, 0, 0)


@pytest.mark.parametrize(
    "row",
    [
        (6, 0, 0, 0),
        (-1, 0, 0, 0),
        (Operation.COLUMN, 2, 0, 0),
        (Operation.COLUMN, 0, 1, 0),
        (Operation.COLUMN, -1, 0, 0),
        (Operation.SCALAR, 0, 1, 0),
        (Operation.SCALAR, 2, 0, 0),
        (Operation.ADD, 0, 2, 0),
        (Operation.SUBTRACT, 0, 0, -1),
        (Operation.MULTIPLY, 2, 0, 0),
        (Operation.STORE, 1, 0, 0),
        (Operation.STORE, 0, 2, 0),
    ],
)
def test_programs_that_point_outside(row: tuple[int, int, int, int]) -> None:
    engine = IfmaEngine()
    vector = engine.from_integers([1, 2, 3])
    program = Program(np.array([LOAD, row, STORE], dtype=np.int32), 2, 1)
    with pytest.raises(ValueError):
        engine.run(program, [vector], [7])


def test_unused_operands_and_any_rotation_are_accepted() -> None:
    engine = IfmaEngine()
    vector = engine.from_integers([1, 2, 3])
    rows = [
        (Operation.COLUMN, 1, 0, -100),
        (Operation.SCALAR, 0, 0, 99),
        (Operation.STORE, 0, 1, 99),
    ]
    (output,) = engine.run(Program(np.array(rows, dtype=np.int32), 2, 1), [vector], [7])
    assert engine.to_integers(output) == [3, 1, 2]


@pytest.mark.parametrize(
    "column",
    [
        Column(np.zeros((2, 5), dtype=np.uint64), 254),
        Column(np.zeros((2, 0), dtype=np.uint64), 254),
        Column(np.zeros(2, dtype=np.uint64), 64),
        Column(np.zeros((2, 1), dtype=np.int64), 63),
        Column(np.zeros((2, 4), dtype=np.uint64), 255),
        Column(np.zeros((2, 1), dtype=np.uint64), 0),
    ],
)
def test_columns_of_another_shape(column: Column) -> None:
    engine = IfmaEngine()
    bases = engine.load_points(np.zeros((2, 8), dtype=np.uint64))
    with pytest.raises(ValueError):
        engine.multi_scalar_multiplication(bases, [column])
