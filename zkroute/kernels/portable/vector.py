"""Kernels over ranges of vectors of scalars.

A vector is a C-contiguous uint64 array of shape (n, 4): Montgomery form (radix 2**256), four
little-endian limbs each. Kernels work on rows start..stop-1, so that threads share a vector.
Scalars that are arguments or results are vectors of length one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.portable.element import (
    equal,
    is_zero,
    load,
    load_from,
    store,
    zero,
)
from zkroute.kernels.portable.field import (
    add_mod_r,
    multiply_mod_r,
    one_mod_r,
)
from zkroute.kernels.portable.inversion import invert_mod_r

ELEMENT_BYTES = np.int64(32)


@jit
def add_range(output: Any, left: Any, right: Any, start: int, stop: int) -> None:
    """output[i] = left[i] + right[i]."""
    for row in range(start, stop):
        store(output, row, add_mod_r(load(left, row), load(right, row)))


@jit
def multiply_range(output: Any, left: Any, right: Any, start: int, stop: int) -> None:
    """output[i] = left[i] * right[i]."""
    for row in range(start, stop):
        store(output, row, multiply_mod_r(load(left, row), load(right, row)))


@jit
def scale_range(output: Any, vector: Any, factor: Any, start: int, stop: int) -> None:
    """output[i] = factor * vector[i] / 2**256; ``vector`` may hold any 256-bit integers."""
    scalar = load(factor, 0)
    for row in range(start, stop):
        store(output, row, multiply_mod_r(scalar, load(vector, row)))


@jit
def invert_range(output: Any, vector: Any, start: int, stop: int) -> bool:
    """output[i] = 1 / vector[i] by Montgomery's trick; False, and no output, if one is zero."""
    product = one_mod_r()
    for row in range(start, stop):
        store(output, row, product)
        product = multiply_mod_r(product, load(vector, row))
    if is_zero(product):
        return False
    remaining = invert_mod_r(product)
    for row in range(stop - 1, start - 1, -1):
        store(output, row, multiply_mod_r(remaining, load(output, row)))
        remaining = multiply_mod_r(remaining, load(vector, row))
    return True


@jit
def sum_range(totals: Any, position: int, vector: Any, start: int, stop: int) -> None:
    """totals[position] = sum of vector[start:stop]."""
    total = zero()
    for row in range(start, stop):
        total = add_mod_r(total, load(vector, row))
    store(totals, position, total)


@jit
def running_sum_range(
    output: Any, vector: Any, offsets: Any, position: int, start: int, stop: int
) -> None:
    """output[i] = offsets[position] + sum of vector[start:i]."""
    total = load(offsets, position)
    for row in range(start, stop):
        store(output, row, total)
        total = add_mod_r(total, load(vector, row))


@jit
def linear_combination_range(
    output: Any, addresses: Any, lengths: Any, scalars: Any, start: int, stop: int
) -> None:
    """output[i] = sum over k of scalars[k] * vector k [i], vectors given by their addresses.

    Vectors shorter than the range count as padded with zeros, and those times one need no
    products. Rows are taken in blocks that stay in the first-level cache while all vectors pass
    over them.
    """
    for block in range(start, stop, 256):
        block_stop = min(stop, block + 256)
        for row in range(block, block_stop):
            store(output, row, zero())
        for index in range(addresses.shape[0]):
            scalar = load(scalars, index)
            address = addresses[index]
            vector_stop = min(block_stop, lengths[index])
            if equal(scalar, one_mod_r()):
                for row in range(block, vector_stop):
                    term = load_from(address + row * ELEMENT_BYTES)
                    store(output, row, add_mod_r(load(output, row), term))
                continue
            for row in range(block, vector_stop):
                term = multiply_mod_r(scalar, load_from(address + row * ELEMENT_BYTES))
                store(output, row, add_mod_r(load(output, row), term))


@jit
def fold_range(output: Any, coefficients: Any, factor: Any, start: int, stop: int) -> None:
    """output[i] = sum over j of factor**j * coefficients[i + j * n], n the length of ``output``.

    Horner's rule on whole pieces of n coefficients, of which the last may be shorter.
    """
    size = output.shape[0]
    length = coefficients.shape[0]
    multiplier = load(factor, 0)
    pieces = (length + size - 1) // size
    for row in range(start, stop):
        store(output, row, zero())
    for first in range((pieces - 1) * size, -1, -size):
        # before rows that lie in the last piece there is nothing to multiply in the others
        multiplied = length - first - size
        for row in range(start, min(stop, length - first)):
            value = load(coefficients, first + row)
            if row < multiplied:
                value = add_mod_r(value, multiply_mod_r(multiplier, load(output, row)))
            store(output, row, value)


@jit
def evaluate_range(
    values: Any, position: int, coefficients: Any, powers: Any, start: int, stop: int
) -> None:
    """values[position] = sum of coefficients[i] * x**(i - start), powers being x and x**4.

    Four interleaved Horner chains keep the multiplier busy while each waits for its product.
    """
    fourth = load(powers, 1)
    chains = np.zeros((4, 4), np.uint64)
    length = stop - start
    for row in range(start + (length - 1 & ~3), start - 1, -4):
        for chain in range(4):
            value = multiply_mod_r(fourth, load(chains, chain))
            if row + chain < stop:
                value = add_mod_r(value, load(coefficients, row + chain))
            store(chains, chain, value)
    point = load(powers, 0)
    total = zero()
    for chain in range(3, -1, -1):
        total = add_mod_r(multiply_mod_r(point, total), load(chains, chain))
    store(values, position, total)


@jit
def divide_range(
    quotient: Any, higher: Any, point: Any, carries: Any, position: int, start: int, stop: int
) -> None:
    """quotient[i] = higher[i] + x * quotient[i + 1], where quotient[stop] is carries[position].

    Synthetic division by X - x, ``higher`` being all coefficients but the constant one.
    """
    multiplier = load(point, 0)
    carried = load(carries, position)
    for row in range(stop - 1, start - 1, -1):
        carried = add_mod_r(load(higher, row), multiply_mod_r(multiplier, carried))
        store(quotient, row, carried)
