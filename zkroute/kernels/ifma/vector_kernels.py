"""Kernels over ranges of blocks of vectors; [start, stop) always counts blocks."""

from __future__ import annotations

from typing import Any

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import scalar_field as field
from zkroute.kernels.ifma.blocks import broadcast, load, load_from, store
from zkroute.kernels.ifma.field import add_product, no_products
from zkroute.kernels.ifma.lanes import (
    equal,
    highest_lane,
    raw_add,
    up_by_1,
    up_by_2,
    up_by_4,
    zeros,
)
from zkroute.kernels.ifma.words import from_words, gather, no_words, scatter, to_words

_LANES = 8
STRANDS = 4
"""Independent chains that hide the latency of dependent products."""


@jit
def import_words(blocks: Any, words: Any, width: int, start: int, stop: int) -> None:
    """Montgomery form of canonical integers, given as rows of ``width`` 64-bit words."""
    for block in range(start, stop):
        first = block * _LANES * width
        w0 = gather(words, first, width)
        w1 = gather(words, first + 1, width) if width > 1 else no_words()
        w2 = gather(words, first + 2, width) if width > 2 else no_words()
        w3 = gather(words, first + 3, width) if width > 3 else no_words()
        value = from_words(w0, w1, w2, w3)
        store(blocks, block, field.multiply(value, field.radix_squared()))


@jit
def export_words(words: Any, blocks: Any, start: int, stop: int) -> None:
    """Canonical integers as rows of four words; the inverse of ``import_words``."""
    for block in range(start, stop):
        first = block * _LANES * 4
        value = field.canonical(field.reduce_product(load(blocks, block)))
        w0, w1, w2, w3 = to_words(value)
        scatter(words, first, 4, w0)
        scatter(words, first + 1, 4, w1)
        scatter(words, first + 2, 4, w2)
        scatter(words, first + 3, 4, w3)


@jit
def add(total: Any, left: Any, right: Any, start: int, stop: int) -> None:
    """Elementwise sum."""
    for block in range(start, stop):
        value = raw_add(load(left, block), load(right, block))
        store(total, block, field.reduce_sum(value))


@jit
def multiply(product: Any, left: Any, right: Any, start: int, stop: int) -> None:
    """Elementwise product."""
    for block in range(start, stop):
        store(product, block, field.multiply(load(left, block), load(right, block)))


@jit
def scale(product: Any, values: Any, factor: Any, start: int, stop: int) -> None:
    """Every element times the one in the first row of ``factor``."""
    for block in range(start, stop):
        store(product, block, field.multiply(load(values, block), broadcast(factor, 0)))


@jit
def prefix_products(products: Any, values: Any, state: Any, start: int, stop: int) -> None:
    """Each lane's running products, each block before its own: the first half of inversion.

    Blocks belong to four strands in turn. ``state`` (four blocks) receives the strands' products.
    """
    for strand in range(STRANDS):
        store(state, strand, field.one())
    for block in range(start, stop):
        strand = (block - start) % STRANDS
        product = load(state, strand)
        store(products, block, product)
        store(state, strand, field.multiply(product, load(values, block)))


@jit
def invert_state(state: Any) -> Any:
    """Inverts the four blocks of ``state``; returns the mask of lanes in which one is zero."""
    first = field.multiply(load(state, 0), load(state, 1))
    second = field.multiply(load(state, 2), load(state, 3))
    product = field.multiply(first, second)
    inverse = field.invert(product)
    first_inverse = field.multiply(inverse, second)
    second_inverse = field.multiply(inverse, first)
    zeroth, second = load(state, 0), load(state, 2)
    store(state, 0, field.multiply(first_inverse, load(state, 1)))
    store(state, 1, field.multiply(first_inverse, zeroth))
    store(state, 2, field.multiply(second_inverse, load(state, 3)))
    store(state, 3, field.multiply(second_inverse, second))
    return equal(field.canonical(field.reduce_product(product)), zeros())


@jit
def unravel_inverses(products: Any, values: Any, state: Any, start: int, stop: int) -> None:
    """Turns running products into inverses, given the inverses of the strands' products."""
    for block in range(stop - 1, start - 1, -1):
        strand = (block - start) % STRANDS
        inverse = load(state, strand)
        store(products, block, field.multiply(inverse, load(products, block)))
        store(state, strand, field.multiply(inverse, load(values, block)))


@jit
def sum_lanes(total: Any, values: Any, start: int, stop: int) -> None:
    """The sum of each lane, into the first block of ``total``."""
    running = zeros()
    for block in range(start, stop):
        running = field.reduce_sum(raw_add(running, load(values, block)))
    store(total, 0, running)


@jit
def running_sums(sums: Any, values: Any, before: Any, start: int, stop: int) -> None:
    """Exclusive running sums from the one in the first row of ``before`` on."""
    earlier = broadcast(before, 0)
    for block in range(start, stop):
        # sums of two and of four lanes go unreduced: 4 * 2.33 m, and 3 * 2.33 m in the last step
        inclusive = load(values, block)
        inclusive = raw_add(inclusive, up_by_1(inclusive))
        inclusive = field.reduce_sum(raw_add(inclusive, up_by_2(inclusive)))
        inclusive = raw_add(inclusive, up_by_4(inclusive))
        store(sums, block, field.reduce_sum(raw_add(earlier, up_by_1(inclusive))))
        earlier = field.reduce_sum(raw_add(earlier, highest_lane(inclusive)))


@jit
def linear_combination(
    total: Any, addresses: Any, counts: Any, factors: Any, start: int, stop: int
) -> None:
    """Sum of rows of ``factors`` times vectors of ``counts`` blocks at ``addresses``.

    Products are summed before reduction: each is below 2.33 m**2 and adds at most 9 * 2**52 to
    a column, so that after 32 of them the sum is below 97 m**2 and every column below 2**61.
    """
    for block in range(start, stop):
        value = zeros()
        for first in range(0, addresses.shape[0], 32):
            products = no_products()
            for i in range(first, min(first + 32, addresses.shape[0])):
                if block < counts[i]:
                    term = load_from(addresses[i], block)
                    products = add_product(products, term, broadcast(factors, i))
            value = field.reduce_sum(raw_add(value, field.reduce_products(products)))
        store(total, block, value)
