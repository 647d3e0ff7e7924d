"""Programs over whole columns, spread over threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from zkroute.algebra.engine import Operation, Program
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.ifma.memory import (
    Vector,
    aligned,
    block_count,
    clear_unused_lanes,
    empty_vector,
    rows_of,
)
from zkroute.kernels.ifma.program_kernel import CHUNK, interpret
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.vec8 import LANES, LIMBS


def run(program: Program, columns: Sequence[Vector], scalars: Sequence[int]) -> list[Vector]:
    """Outputs of a program over equal-length columns."""
    rows = columns[0].length
    outputs = [empty_vector(rows) for _ in range(program.outputs)]
    if not rows:
        return outputs
    operations = np.array(program.operations, dtype=np.int64, order="C")
    stored = operations[operations[:, 0] == Operation.STORE, 1]
    for index in set(range(program.outputs)).difference(stored.tolist()):
        outputs[index].blocks[:] = 0
    shifted = operations[:, 0] == Operation.COLUMN
    operations[shifted, 3] %= rows
    arguments = (
        operations,
        _addresses(columns),
        rows_of([scalar % MODULUS for scalar in scalars]),
        _addresses(outputs),
    )

    def work(start: int, stop: int) -> None:
        registers = aligned(program.registers * CHUNK, LIMBS, LANES)
        interpret(*arguments, registers, rows, start, stop)

    run_all([partial(work, *piece) for piece in ranges(block_count(rows), CHUNK)])
    for output in outputs:
        clear_unused_lanes(output.blocks, rows)
    return outputs


def _addresses(vectors: Sequence[Vector]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([vector.blocks.ctypes.data for vector in vectors], dtype=np.int64)
