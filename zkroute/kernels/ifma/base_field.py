"""Arithmetic modulo p, the field of the curve, on eight lanes (see ``field`` for the bounds)."""

from __future__ import annotations

from zkroute.kernels.ifma.field import RADIX, FieldCode
from zkroute.kernels.ifma.inversion import lane_inversion

MODULUS = 21888242871839275222246405745257275088696311157297823662689037894645226208583

_CODE = FieldCode(MODULUS)

multiply = _CODE.multiply
square = _CODE.square
reduce_product = _CODE.reduce_product
reduce_products = _CODE.reduce_products
reduce = _CODE.reduce
reduce_sum = _CODE.reduce_sum
canonical = _CODE.canonical
may_be_zero = _CODE.may_be_zero
three_times_modulus = _CODE.multiple(3)
four_times_modulus = _CODE.multiple(4)
five_times_modulus = _CODE.multiple(5)
seven_times_modulus = _CODE.multiple(7)
invert = lane_inversion(_CODE, "invert_lanes_mod_p")
one = _CODE.montgomery(1)
radix_squared = _CODE.montgomery(RADIX)
