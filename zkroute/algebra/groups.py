"""The groups of BN254 and their bytes: the one module to import group arithmetic from."""

from __future__ import annotations

from zkroute.algebra.curve import (
    FIELD_MODULUS,
    GENERATOR_G1,
    PointG1,
    add_g1,
    add_pairs_g1,
    is_on_curve_g1,
    linear_combination_g1,
    multiply_g1,
    negate_g1,
    sum_groups_g1,
)
from zkroute.algebra.encoding import (
    G1_BYTES,
    G1_COMPRESSED_BYTES,
    G2_BYTES,
    compress_g1,
    decode_g2,
    decompress_g1,
    encode_g1,
    encode_g2,
)
from zkroute.algebra.pairing import pairing_product_is_one
from zkroute.algebra.twist import (
    GENERATOR_G2,
    PointG2,
    add_g2,
    is_in_group_g2,
    is_on_twist,
    multiply_g2,
)

__all__ = [
    "FIELD_MODULUS",
    "G1_BYTES",
    "G1_COMPRESSED_BYTES",
    "G2_BYTES",
    "GENERATOR_G1",
    "GENERATOR_G2",
    "PointG1",
    "PointG2",
    "add_g1",
    "add_g2",
    "add_pairs_g1",
    "compress_g1",
    "decode_g2",
    "decompress_g1",
    "encode_g1",
    "encode_g2",
    "is_in_group_g2",
    "is_on_curve_g1",
    "is_on_twist",
    "linear_combination_g1",
    "multiply_g1",
    "multiply_g2",
    "negate_g1",
    "pairing_product_is_one",
    "sum_groups_g1",
]
