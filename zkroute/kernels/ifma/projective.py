"""Points in projective coordinates (X : Y : Z), eight at a time, by formulas without exceptions.

Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves", 2016
(eprint 2015/1060), algorithms 7 and 9, for y^2 = x^3 + 3: equal and opposite points and infinity,
(0 : 1 : 0), need no branches, so lanes need not agree. Coordinates are loose; the bounds of
intermediate values stand beside them, in units of p. Sums of two products are reduced once, which
wants them below 97.
"""

from __future__ import annotations

from typing import Any

from zkroute.kernels._jit import jit
from zkroute.kernels.ifma import base_field as field
from zkroute.kernels.ifma.field import add_product, no_products
from zkroute.kernels.ifma.lanes import carry, raw_add, raw_subtract, select, zeros
from zkroute.kernels.ifma.points import is_finite, load_x, load_y


@jit
def infinity() -> Any:
    """Infinity in every lane."""
    return zeros(), field.one(), zeros()


@jit
def load_affine(addresses: Any, first: int) -> Any:
    """Eight points from the addresses from number ``first`` on, infinity among them or not."""
    finite = is_finite(addresses, first)
    x = select(finite, load_x(addresses, first), zeros())
    y = select(finite, load_y(addresses, first), field.one())
    return x, y, select(finite, field.one(), zeros())


@jit
def _tripled(value: Any) -> Any:
    """3 times a raw value, raw."""
    return raw_add(raw_add(value, value), value)


@jit
def _two_products(a: Any, b: Any, c: Any, d: Any) -> Any:
    """a b + c d of carried values, loose if below 97."""
    return field.reduce_products(add_product(add_product(no_products(), a, b), c, d))


@jit
def add(left: Any, right: Any) -> Any:
    """The sum of eight pairs of points, any points."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    three, seven = field.three_times_modulus(), field.seven_times_modulus()
    xx, yy = field.multiply(x1, x2), field.multiply(y1, y2)  # below 1.2 each
    zz = field.multiply(z1, z2)
    # products of sums below 4.7 are below 1.4; less two products and plus 3: (0.6, 4.4)
    xy = field.multiply(carry(raw_add(x1, y1)), carry(raw_add(x2, y2)))
    xy = carry(raw_add(raw_subtract(xy, raw_add(xx, yy)), three))
    yz = field.multiply(carry(raw_add(y1, z1)), carry(raw_add(y2, z2)))
    yz = carry(raw_add(raw_subtract(yz, raw_add(yy, zz)), three))
    xz = field.multiply(carry(raw_add(x1, z1)), carry(raw_add(x2, z2)))
    # 3 b = 9 times what is below 1.4 is taken as three times a loose triple: below 7
    xz = field.reduce(raw_subtract(xz, raw_add(xx, zz)))
    xz = carry(_tripled(field.reduce_sum(_tripled(xz))))
    zz = _tripled(field.reduce_sum(_tripled(zz)))
    plus = carry(raw_add(yy, zz))  # below 8.2
    minus = carry(raw_add(raw_subtract(yy, zz), seven))  # below 8.2
    triple = carry(_tripled(xx))  # below 3.6
    opposite = carry(raw_subtract(seven, xz))
    # below 4.4 * 8.2 + 4.4 * 7, 8.2 * 8.2 + 3.6 * 7, 8.2 * 4.4 + 3.6 * 4.4
    return (
        _two_products(xy, minus, yz, opposite),
        _two_products(minus, plus, triple, xz),
        _two_products(plus, yz, triple, xy),
    )


@jit
def double(point: Any) -> Any:
    """Twice each of eight points."""
    x, y, z = point
    seven = field.seven_times_modulus()
    yy, yz, xy = field.square(y), field.multiply(y, z), field.multiply(x, y)  # below 1.2 each
    zz = field.reduce_sum(_tripled(field.square(z)))
    zz = field.reduce_sum(_tripled(zz))  # 3 b z^2, loose
    eight = raw_add(yy, yy)
    eight = raw_add(eight, eight)
    eight = carry(raw_add(eight, eight))  # below 9.6
    plus = carry(raw_add(yy, zz))  # below 3.6
    minus = carry(raw_add(raw_subtract(yy, _tripled(zz)), seven))  # below 8.2
    return (
        field.multiply(minus, carry(raw_add(xy, xy))),
        _two_products(minus, plus, eight, zz),
        field.multiply(eight, yz),
    )
