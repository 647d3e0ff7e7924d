"""The interpreter of straight-line programs: one kernel for all of them, eight rows at a time.

Rows are taken in chunks of a few blocks, so that an operation is decoded once for many rows and
all registers of a chunk stay in the cache. Registers hold loose elements.
"""

from __future__ import annotations

from typing import Any

from zkroute.algebra.engine import Operation
from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import scalar_field as field
from zkroute.kernels.ifma.blocks import (
    broadcast,
    load,
    load_across,
    load_from,
    load_word,
    store,
    store_to,
)
from zkroute.kernels.ifma.lanes import raw_add, raw_subtract

CHUNK = 16
"""Blocks worked on by one operation at a time."""

_COLUMN, _SCALAR, _ADD, _SUBTRACT, _MULTIPLY, _STORE = (int(code) for code in Operation)


@jit
def _copy_lanes(registers: Any, at: int, columns: Any, column: int, first: int, rows: int) -> None:
    """Elements ``first`` ... ``first`` + 7 of a column, one by one, wrapping around at ``rows``."""
    words = columns[column]
    for lane in range(8):
        index = (first + lane) % rows
        for limb in range(5):
            source = words + 8 * (40 * (index // 8) + 8 * limb + index % 8)
            registers[at, limb, lane] = load_word(source)


@jit
def _load_columns(
    registers: Any, at: int, columns: Any, column: int, shift: int, rows: int, blocks: Any
) -> None:
    """The blocks of a column moved up by ``shift`` rows, 0 <= shift < rows, from ``at`` on."""
    start, stop = blocks
    for block in range(start, stop):
        first = (8 * block + shift) % rows
        target = at + block - start
        if first + 8 > rows:
            _copy_lanes(registers, target, columns, column, first, rows)
        elif first % 8 == 0:
            store(registers, target, load_from(columns[column], first // 8))
        else:
            store(registers, target, load_across(columns[column], first))


@jit
def _calculate(registers: Any, code: int, at: int, left: int, right: int, count: int) -> None:
    """One operation on registers, for ``count`` blocks."""
    if code == _MULTIPLY:
        for i in range(count):
            one, other = load(registers, left + i), load(registers, right + i)
            store(registers, at + i, field.multiply(one, other))
    elif code == _ADD:
        for i in range(count):
            total = raw_add(load(registers, left + i), load(registers, right + i))
            store(registers, at + i, field.reduce_sum(total))
    else:
        for i in range(count):
            rest = raw_subtract(load(registers, left + i), load(registers, right + i))
            store(registers, at + i, field.reduce(rest))


@jit
def interpret(
    operations: Any,
    columns: Any,
    scalars: Any,
    outputs: Any,
    registers: Any,
    rows: int,
    start: int,
    stop: int,
) -> None:
    """Runs the operations on blocks [start, stop) of columns of ``rows`` elements.

    ``columns`` and ``outputs`` are addresses of blocks, ``scalars`` rows of five limbs;
    ``registers`` has CHUNK blocks for each register. Shifts in the operations are reduced modulo
    ``rows``. Lanes behind the last row are left undefined.
    """
    for block in range(start, stop, CHUNK):
        count = min(CHUNK, stop - block)
        blocks = block, block + count
        for number in range(operations.shape[0]):
            code, target, left, right = operations[number]
            at = CHUNK * target
            if code == _COLUMN:
                _load_columns(registers, at, columns, left, right, rows, blocks)
            elif code == _SCALAR:
                value = broadcast(scalars, left)
                for i in range(count):
                    store(registers, at + i, value)
            elif code == _STORE:
                for i in range(count):
                    store_to(outputs[target], block + i, load(registers, CHUNK * left + i))
            else:
                _calculate(registers, code, at, CHUNK * left, CHUNK * right, count)
