"""Affine additions, eight at a time, with one inversion for very many (Montgomery's trick).

The sum of (x1, y1) and (x2, y2) with x1 != x2 has, with l = (y2 - y1) / (x2 - x1),

    x3 = l^2 - x1 - x2,   y3 = l (x1 - x3) - y1

and for equal points l = 3 x1^2 / (2 y1). Opposite points give infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import base_field as field
from zkroute.kernels.ifma.blocks import load, store
from zkroute.kernels.ifma.lanes import carry, equal, raw_add, raw_subtract, select, zeros
from zkroute.kernels.ifma.memory import aligned
from zkroute.kernels.ifma.points import (
    load_x,
    load_y,
    negated,
    prefetch_far,
    prefetch_near,
    store_points,
)
from zkroute.kernels.ifma.vec8 import LANES, LIMBS

_AHEAD = 32
"""Pairs between asking for points and loading them."""


def scratch_for(groups: int) -> Any:
    """What ``add_pairs`` needs for at most so many groups of eight pairs."""
    blocks = aligned(2, groups, LIMBS, LANES)
    masks = np.empty((2, groups), dtype=np.uint8)
    return blocks[0], blocks[1], masks[0], masks[1]


@jit
def _signed_y(addresses: Any, first: int) -> Any:
    """The y of eight points or, where asked for, of their negatives: raw, in [0, 3 p]."""
    y = load_y(addresses, first)
    negative = raw_subtract(field.three_times_modulus(), y)
    return select(negated(addresses, first), negative, y)


@jit
def is_zero(value: Any) -> Any:
    """Mask of the lanes of a carried value below 9 m that are 0 mod m, exactly."""
    return equal(field.canonical(field.reduce_product(value)), zeros())


@jit
def _special_denominators(
    left: Any, right: Any, first: int, difference: Any, doubled: Any, opposite: Any, group: int
) -> Any:
    """Denominators of eight pairs some of which have equal x; masks say what those pairs are."""
    same = is_zero(difference)
    y = _signed_y(left, first)
    double = carry(raw_add(y, y))
    cancelling = same & is_zero(carry(raw_add(y, _signed_y(right, first))))
    opposite[group] = cancelling
    doubled[group] = same & ~cancelling
    difference = select(same & ~cancelling, double, difference)
    return select(cancelling, field.one(), difference)


@jit
def add_pairs(pairs: Any, groups: int, scratch: Any, upcoming: Any, cursor: int) -> int:
    """Adds 8 * ``groups`` pairs of finite points; returns how many groups have opposite ones.

    ``pairs`` are three arrays of addresses: of left points, of right points, and of the places
    their sums go to; the sum of opposite points is written as infinity, all zero. ``scratch`` is
    from ``scratch_for``. Meanwhile as many points as pairs are brought near, from address number
    ``cursor`` of ``upcoming`` on, for calls to come.
    """
    left, right, targets = pairs
    denominators, products, doubled, opposite = scratch
    three, four = field.three_times_modulus(), field.four_times_modulus()
    product = field.one()
    infinite = 0
    for group in range(groups):
        first = 8 * group
        ahead = min(first + _AHEAD, 8 * groups - 8)
        prefetch_near(left, ahead)
        prefetch_near(right, ahead)
        # in (0.6 p, 5.4 p), so 0 mod p means p, 2 p, ... 5 p
        difference = raw_subtract(load_x(right, first), load_x(left, first))
        difference = carry(raw_add(difference, three))
        doubled[group] = 0
        opposite[group] = 0
        if field.may_be_zero(difference) != 0:
            difference = _special_denominators(
                left, right, first, difference, doubled, opposite, group
            )
            infinite += opposite[group] != 0
        store(denominators, group, difference)
        store(products, group, product)
        product = field.multiply(product, difference)
    inverse = field.invert(product)
    for group in range(groups - 1, -1, -1):
        first = 8 * group
        if cursor + 8 <= len(upcoming):
            prefetch_far(upcoming, cursor)
            cursor += 8
        reciprocal = field.multiply(inverse, load(products, group))
        inverse = field.multiply(inverse, load(denominators, group))
        x1, x2 = load_x(left, first), load_x(right, first)
        y1, y2 = _signed_y(left, first), _signed_y(right, first)
        rise = carry(raw_add(raw_subtract(y2, y1), four))  # [p, 7 p]
        if doubled[group] != 0:
            square = field.square(x1)
            tangent = carry(raw_add(raw_add(square, square), square))
            rise = select(doubled[group], tangent, rise)
        slope = field.multiply(rise, reciprocal)
        # (-4.7 p, 1.2 p)
        x3 = field.reduce(raw_subtract(raw_subtract(field.square(slope), x1), x2))
        run = carry(raw_add(raw_subtract(x1, x3), three))
        # (-3 p, 1.2 p)
        y3 = field.reduce(raw_subtract(field.multiply(slope, run), y1))
        if opposite[group] != 0:
            x3 = select(opposite[group], zeros(), x3)
            y3 = select(opposite[group], zeros(), y3)
        store_points(targets, first, x3, y3)
    return infinite
