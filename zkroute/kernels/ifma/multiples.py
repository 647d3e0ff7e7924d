"""Multiples of one fixed point, and the transform of points that needs multiples of many."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.domain import powers, root_of_unity
from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import GENERATOR_G1, PointG1, add_pairs_g1
from zkroute.kernels._threads import ranges, run_all
from zkroute.kernels.ifma import group_sums
from zkroute.kernels.ifma import multiple_kernels as kernels
from zkroute.kernels.ifma.bases import export_points, load_points
from zkroute.kernels.ifma.memory import Vector, Words, aligned, block_count
from zkroute.kernels.ifma.points import POINT_BYTES, POINT_WORDS
from zkroute.kernels.ifma.scalar_field import MODULUS
from zkroute.kernels.ifma.transform import bit_reversed
from zkroute.kernels.ifma.vec8 import LANES, LIMBS
from zkroute.kernels.ifma.vectors import store

_WINDOW_BITS = 10
_WINDOWS = 26
"""Signed windows cover 260 bits, so that the topmost digit is never lifted beyond its window."""

_SMALLEST_PIECE = 256
"""Groups a thread should get at least, since it makes an inversion of its own."""


def fixed_base_powers(scalars: Vector) -> Limbs:
    """[s]G for each scalar s, as canonical affine limbs."""
    words = store(scalars)
    table = _generator_table()
    sums = aligned(block_count(len(words)) * LANES, POINT_WORDS)
    sums[len(words) :] = 0

    def work(start: int, stop: int) -> None:
        items = np.empty((stop - start) * _WINDOWS, dtype=np.int64)
        bounds = np.empty(stop - start + 1, dtype=np.int64)
        address = table.ctypes.data
        kernels.choose_multiples(items, bounds, words[start:stop], address, _WINDOW_BITS, _WINDOWS)
        _sum_groups(sums[start:stop], items, bounds)

    run_all([partial(work, *piece) for piece in ranges(len(words), _SMALLEST_PIECE)])
    return export_points(sums, len(words))


def lagrange_points(powers_of_tau: Limbs) -> Limbs:
    """[L_i(tau)]G from [tau^i]G: the inverse transform of size n, over points.

    Decimation in frequency: sums and differences of points ``half`` apart, the differences times
    powers of 1 / w, for halves n / 2 down to 1, leave the results in bit-reversed order.
    """
    size = len(powers_of_tau)
    log_size = size.bit_length() - 1
    points = load_points(powers_of_tau).points
    root = pow(root_of_unity(log_size), -1, MODULUS)
    twiddles = _digits(powers(root, size // 2))
    half = size // 2
    while half:
        points = _butterflies(points, half, size)
        rows = np.arange(size)
        twisted = rows[(rows & half != 0) & (rows % half != 0)]
        points[twisted] = _multiply(points, twisted, twiddles[twisted % half * (size // 2 // half)])
        half //= 2
    scale = np.broadcast_to(_digits([pow(size, -1, MODULUS)]), (size, kernels.DIGITS))
    scaled = aligned(*points.shape)
    scaled[size:] = 0
    scaled[:size] = _multiply(points, bit_reversed(log_size), scale)
    return export_points(scaled, size)


def _butterflies(points: Words, half: int, size: int) -> Words:
    """P + Q and P - Q in place of P and Q, for points ``half`` rows apart."""
    results = aligned(*points.shape)
    results[size:] = 0

    def work(start: int, stop: int) -> None:
        items = np.empty(2 * (stop - start), dtype=np.int64)
        bounds = np.empty(stop - start + 1, dtype=np.int64)
        kernels.pair_up(items, bounds, points, half, start, stop)
        _sum_groups(results[start:stop], items, bounds)

    run_all([partial(work, *piece) for piece in ranges(size, _SMALLEST_PIECE)])
    return results


def _multiply(points: Words, rows: NDArray[np.int64], digits: NDArray[np.int8]) -> Words:
    """Points at these rows times the scalars with these digits, affine."""
    count = len(rows)
    eights = block_count(count)
    addresses = np.full(eights * LANES, points.ctypes.data, dtype=np.int64)
    addresses[:count] += POINT_BYTES * rows
    padded = np.zeros((eights * LANES, kernels.DIGITS), dtype=np.int8)
    padded[:count] = digits
    products = aligned(eights * LANES, POINT_WORDS)
    targets = products.ctypes.data + POINT_BYTES * np.arange(eights * LANES)

    def work(start: int, stop: int) -> None:
        coordinates = aligned(3 * (stop - start), LIMBS, LANES)
        arguments = addresses[LANES * start :], padded[LANES * start :]
        table = aligned(kernels.TABLE_BLOCKS, LIMBS, LANES)
        kernels.multiply_points(coordinates, *arguments, table, stop - start)
        inverses = aligned(stop - start, LIMBS, LANES)
        kernels.normalize(targets[LANES * start :], coordinates, inverses, stop - start)

    run_all([partial(work, *piece) for piece in ranges(eights, 1, 4)])
    return products[:count]


def _digits(scalars: list[int]) -> NDArray[np.int8]:
    """Signed digits of scalars, lowest first, one row each."""
    half = 1 << kernels.DIGIT_BITS - 1
    lifted = sum(half << kernels.DIGIT_BITS * i for i in range(kernels.DIGITS))
    # adding half to every digit makes the digits independent, and the sum stays below 2**256
    data = b"".join((scalar + lifted).to_bytes(32, "little") for scalar in scalars)
    pairs = np.frombuffer(data, dtype=np.uint8).reshape(len(scalars), 32)
    digits = np.stack([pairs & 15, pairs >> 4], axis=2).reshape(len(scalars), kernels.DIGITS)
    return digits.astype(np.int8) - np.int8(half)


@cache
def _generator_table() -> Words:
    """d 2^(10 w) G for d = 1 ... 512 and each window w, window by window."""
    half = 1 << _WINDOW_BITS - 1
    point: PointG1 = GENERATOR_G1
    bases = []
    for _ in range(_WINDOWS):
        bases.append(point)
        for _ in range(_WINDOW_BITS):
            (point,) = add_pairs_g1([(point, point)])
    flat = [coordinate for base in bases for coordinate in base or (0, 0)]
    limbs = np.frombuffer(b"".join(value.to_bytes(32, "little") for value in flat), dtype="<u8")
    table = aligned(_WINDOWS, half, POINT_WORDS)
    table[:, 0] = load_points(limbs.astype(np.uint64).reshape(-1, POINT_WORDS)).points[:_WINDOWS]
    addresses = table.ctypes.data + POINT_BYTES * np.arange(_WINDOWS * half).reshape(_WINDOWS, half)
    known = 1
    while known < half:
        # (known + d) P is known P + d P
        pairs = np.empty((_WINDOWS, known, 2), dtype=np.int64)
        pairs[..., 0], pairs[..., 1] = addresses[:, known - 1 : known], addresses[:, :known]
        sums = aligned(_WINDOWS * known, POINT_WORDS)
        bounds = np.arange(0, pairs.size + 1, 2, dtype=np.int64)
        _sum_groups(sums, pairs.reshape(-1), bounds)
        table[:, known : 2 * known] = sums.reshape(_WINDOWS, known, POINT_WORDS)
        known *= 2
    return table.reshape(-1, POINT_WORDS)


def _sum_groups(sums: Words, items: NDArray[np.int64], bounds: NDArray[np.int64]) -> None:
    """The sums of all groups, each of fewer points than a chunk has."""
    room = aligned(group_sums.CHUNK, POINT_WORDS)
    arguments = 0, len(sums), room, group_sums.workspace()
    group_sums.sum_groups(sums, items, bounds, *arguments)
