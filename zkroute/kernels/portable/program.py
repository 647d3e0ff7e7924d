"""One interpreter kernel for every straight-line program: no circuit is ever compiled.

Rows are taken in blocks small enough that all registers stay in cache, and each instruction runs
over a whole block, so that decoding costs nothing. A register is an address and a stride: a
column is read where it lies, a scalar is read again and again with stride 0, and only results of
arithmetic (and the one block in which a rotation wraps around) are written to the register's own
buffer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import (
    load_from,
    store_to,
)
from zkroute.kernels.portable.field import (
    add_mod_r,
    multiply_mod_r,
    subtract_mod_r,
)
from zkroute.kernels.portable.vector import ELEMENT_BYTES

BLOCK_ROWS = 128

# the values of zkroute.algebra.engine.Operation, compared with them by a test
COLUMN = 0
SCALAR = 1
ADD = 2
SUBTRACT = 3
MULTIPLY = 4
STORE = 5


@jit
def _copy(target: int, source: int, stride: int, count: int) -> None:
    """Elements source, source + stride, ... to consecutive places."""
    for row in range(count):
        store_to(target + row * ELEMENT_BYTES, load_from(source + row * stride))


@jit
def _combine(
    operation: int,
    target: int,
    left: int,
    left_stride: int,
    right: int,
    right_stride: int,
    count: int,
) -> None:
    """Elements from ``target`` = left operation right, ``count`` times."""
    if operation == ADD:
        for row in range(count):
            one, other = load_from(left + row * left_stride), load_from(right + row * right_stride)
            store_to(target + row * ELEMENT_BYTES, add_mod_r(one, other))
    elif operation == SUBTRACT:
        for row in range(count):
            one, other = load_from(left + row * left_stride), load_from(right + row * right_stride)
            store_to(target + row * ELEMENT_BYTES, subtract_mod_r(one, other))
    else:
        for row in range(count):
            one, other = load_from(left + row * left_stride), load_from(right + row * right_stride)
            store_to(target + row * ELEMENT_BYTES, multiply_mod_r(one, other))


@jit
def run_range(
    operations: Any,
    outputs: Any,
    columns: Any,
    scalars: int,
    registers: int,
    rows: int,
    start: int,
    stop: int,
) -> None:
    """Runs a valid program over rows start..stop-1 of ``rows``.

    ``outputs`` and ``columns`` are arrays of the addresses of vectors of ``rows`` elements,
    ``scalars`` is the address of a vector.
    """
    buffers = np.empty((registers * BLOCK_ROWS, 4), np.uint64)
    address = np.zeros(registers, np.int64)
    stride = np.zeros(registers, np.int64)
    for block in range(start, stop, BLOCK_ROWS):
        count = min(BLOCK_ROWS, stop - block)
        for index in range(operations.shape[0]):
            operation = operations[index, 0]
            destination = operations[index, 1]
            left = operations[index, 2]
            right = operations[index, 3]
            own = np.int64(buffers.ctypes.data) + destination * (BLOCK_ROWS * ELEMENT_BYTES)
            if operation == STORE:
                target = outputs[destination] + block * ELEMENT_BYTES
                _copy(target, address[left], stride[left], count)
            elif operation == SCALAR:
                address[destination] = scalars + left * ELEMENT_BYTES
                stride[destination] = 0
            elif operation == COLUMN:
                first = (block + right) % rows
                source = columns[left] + first * ELEMENT_BYTES
                if first + count > rows:
                    before_wrap = rows - first
                    _copy(own, source, ELEMENT_BYTES, before_wrap)
                    after = own + before_wrap * ELEMENT_BYTES
                    _copy(after, columns[left], ELEMENT_BYTES, count - before_wrap)
                    source = own
                address[destination] = source
                stride[destination] = ELEMENT_BYTES
            else:
                _combine(
                    operation,
                    own,
                    address[left],
                    stride[left],
                    address[right],
                    stride[right],
                    count,
                )
                address[destination] = own
                stride[destination] = ELEMENT_BYTES


@jit
def first_invalid(operations: Any, registers: int, outputs: int, columns: int, scalars: int) -> int:
    """Number of the first instruction that cannot be run safely, or -1.

    Every index must lie in its range and every register be written before it is read. An output
    that is never stored counts against an instruction after the last.
    """
    written = np.zeros(registers, np.bool_)
    stored = np.zeros(outputs, np.bool_)
    for index in range(operations.shape[0]):
        operation, destination, left, right = operations[index]
        targets = stored if operation == STORE else written
        valid = COLUMN <= operation <= STORE and 0 <= destination < targets.shape[0]
        if operation == COLUMN:
            valid &= 0 <= left < columns
        elif operation == SCALAR:
            valid &= 0 <= left < scalars
        else:
            valid &= 0 <= left < registers and written[left]
            if operation != STORE:
                valid &= 0 <= right < registers and written[right]
        if not valid:
            return index
        targets[destination] = True
    return -1 if stored.all() else len(operations)
