"""Moves between lanes, blocks and memory."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.unit.kernels.ifma.samples import blocks, compiled, integers
from zkroute.kernels.ifma import lanes
from zkroute.kernels.ifma.blocks import (
    broadcast,
    load,
    load_across,
    load_from,
    load_lanes,
    load_word,
    store,
    store_to,
    transpose,
)
from zkroute.kernels.ifma.memory import aligned
from zkroute.kernels.ifma.words import from_words, gather, no_words, scatter, to_words

VALUES = [1 << 200 | i for i in range(8)]
OTHERS = [1 << 190 | i for i in range(8)]


def values(rng: random.Random, count: int, bits: int = 260) -> list[int]:
    return [rng.randrange(1 << bits) for _ in range(count)]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lanes.up_by_1, [0, *VALUES[:7]]),
        (lanes.up_by_2, [0, 0, *VALUES[:6]]),
        (lanes.up_by_4, [0, 0, 0, 0, *VALUES[:4]]),
        (lanes.down_by_1, [*VALUES[1:], 0]),
        (lanes.down_by_2, [*VALUES[2:], 0, 0]),
        (lanes.down_by_4, [*VALUES[4:], 0, 0, 0, 0]),
        (lanes.swapped_by_1, [VALUES[i ^ 1] for i in range(8)]),
        (lanes.swapped_by_2, [VALUES[i ^ 2] for i in range(8)]),
        (lanes.swapped_by_4, [VALUES[i ^ 4] for i in range(8)]),
        (lanes.lowest_lane, [VALUES[0]] * 8),
        (lanes.highest_lane, [VALUES[7]] * 8),
    ],
)
def test_moves(operation: Any, expected: list[int]) -> None:
    assert integers(compiled(operation)(blocks(VALUES))) == expected


def test_following_lane() -> None:
    moved = compiled(lanes.followed_by)(blocks(VALUES), blocks(OTHERS))
    assert integers(moved) == [*VALUES[1:], OTHERS[0]]


@pytest.mark.parametrize("mask", (0, 1, 0x80, 0b10110, 0xFF))
def test_selection_and_comparison(mask: int) -> None:
    @njit
    def choose(result: Any, a: Any, b: Any, mask: Any) -> Any:
        chosen = lanes.select(mask, load(a, 0), load(b, 0))
        store(result, 0, chosen)
        return lanes.equal(chosen, load(a, 0))

    result = aligned(1, 5, 8)
    assert choose(result, blocks(VALUES), blocks(OTHERS), np.uint8(mask)) == mask
    expected = [VALUES[i] if mask >> i & 1 else OTHERS[i] for i in range(8)]
    assert integers(result) == expected


@pytest.mark.parametrize("limb", range(5))
def test_comparison_sees_every_limb(limb: int) -> None:
    @njit
    def compare(a: Any, b: Any) -> Any:
        return lanes.equal(load(a, 0), load(b, 0))

    changed = blocks(VALUES)
    changed[0, limb, 3] ^= np.uint64(1)
    assert compare(changed, blocks(VALUES)) == 0xFF ^ 1 << 3


def test_addresses_and_single_words(rng: random.Random) -> None:
    @njit
    def copy(source: int, target: int) -> Any:
        store_to(target, 1, load_from(source, 2))
        return load_word(source + 8 * 40)

    numbers = values(rng, 24)
    source, target = blocks(numbers), blocks([0] * 16)
    assert copy(source.ctypes.data, target.ctypes.data) == source.reshape(-1)[40]
    assert integers(target) == [0] * 8 + numbers[16:]


@pytest.mark.parametrize("index", range(1, 8))
def test_elements_across_two_blocks(rng: random.Random, index: int) -> None:
    @njit
    def work(result: Any, source: int, index: int) -> None:
        store(result, 0, load_across(source, index))

    numbers = values(rng, 24)
    source, result = blocks(numbers), aligned(1, 5, 8)
    work(result, source.ctypes.data, 8 + index)
    assert integers(result) == numbers[8 + index : 16 + index]


def test_one_row_in_every_lane() -> None:
    @njit
    def work(result: Any, rows: Any) -> None:
        store(result, 0, broadcast(rows, 1))

    result = aligned(1, 5, 8)
    work(result, np.arange(10, dtype=np.uint64).reshape(2, 5))
    assert integers(result) == [sum((5 + i) << 52 * i for i in range(5))] * 8


def test_lanes_from_different_blocks(rng: random.Random) -> None:
    @njit
    def work(result: Any, source: Any, numbers: Any) -> None:
        store(result, 0, load_lanes(source, numbers, 2))

    numbers, rows = values(rng, 80), [rng.randrange(8) for _ in range(8)]
    result = aligned(1, 5, 8)
    work(result, blocks(numbers), np.array(rows, dtype=np.int64))
    assert integers(result) == [numbers[8 * (row + 2) + lane] for lane, row in enumerate(rows)]


def test_blocks_and_lanes_exchanged(rng: random.Random) -> None:
    @njit
    def work(target: Any, tile: Any) -> None:
        transpose(target, 2, tile)

    numbers = values(rng, 64)
    target = blocks([0] * 80)
    work(target, blocks(numbers))
    expected = [numbers[8 * lane + block] for block in range(8) for lane in range(8)]
    assert integers(target) == [0] * 16 + expected


def test_words_and_limbs(rng: random.Random) -> None:
    @njit
    def take(result: Any, words: Any) -> None:
        w = gather(words, 1, 4), gather(words, 2, 4), gather(words, 3, 4), gather(words, 4, 4)
        store(result, 0, from_words(w[0], w[1], w[2], w[3]))
        store(result, 1, from_words(w[0], no_words(), no_words(), w[3]))

    @njit
    def give(words: Any, values: Any) -> None:
        w0, w1, w2, w3 = to_words(load(values, 0))
        scatter(words, 1, 4, w0)
        scatter(words, 2, 4, w1)
        scatter(words, 3, 4, w2)
        scatter(words, 4, 4, w3)

    numbers = [0, (1 << 256) - 1, *values(rng, 6, 256)]
    data = b"".join(number.to_bytes(32, "little") for number in numbers)
    words = np.frombuffer(bytes(8) + data, dtype="<u8").astype(np.uint64)
    result = aligned(2, 5, 8)
    take(result, words)
    outer = (1 << 64) - 1 | (1 << 64) - 1 << 192
    assert integers(result) == numbers + [number & outer for number in numbers]
    back = np.zeros_like(words)
    give(back, result)
    assert np.array_equal(back, words)
