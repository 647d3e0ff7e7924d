"""Bytes of group elements: EIP-197 for transcripts and contracts, compressed for proofs.

Every function that decodes is the one place where those bytes become trusted: it accepts exactly
one encoding of each point, and encoding what it returns gives the same bytes.
"""

from __future__ import annotations

from zkroute.algebra.curve import FIELD_MODULUS, PointG1, is_on_curve_g1
from zkroute.algebra.twist import PointG2, is_in_group_g2, is_on_twist
from zkroute.errors import MalformedError

COORDINATE_BYTES = 32
G1_BYTES = 64
G1_COMPRESSED_BYTES = 32
G2_BYTES = 128

_FLAG_SHIFT = 254
_COORDINATE_MASK = (1 << _FLAG_SHIFT) - 1
_INFINITY_FLAG = 0b01
_SMALLER_FLAG = 0b10
_LARGER_FLAG = 0b11


def encode_g1(point: PointG1) -> bytes:
    """The 64 bytes x || y, big-endian; infinity is all zero (EIP-196)."""
    return _join(point if point is not None else (0, 0))


def compress_g1(point: PointG1) -> bytes:
    """The 32 bytes of big-endian x under two flag bits.

    0b10 says that y is the smaller root, y <= (p - 1)/2, 0b11 the larger one; 0b01 over x = 0 is
    infinity.
    """
    if point is None:
        return _pack(_INFINITY_FLAG, 0)
    x, y = point
    return _pack(_LARGER_FLAG if _is_larger_root(y) else _SMALLER_FLAG, x)


def decompress_g1(data: bytes, what: str, *, allow_infinity: bool) -> PointG1:
    """The point that exactly these 32 bytes encode, on the curve and hence in the group.

    Raises MalformedError naming ``what`` for another length, unknown flags, x not below p, an x
    of no point, and for infinity unless ``allow_infinity``.
    """
    if len(data) != G1_COMPRESSED_BYTES:
        raise MalformedError(
            f"{what}: a compressed point has {G1_COMPRESSED_BYTES} bytes, here are {len(data)}"
        )
    word = int.from_bytes(data, "big")
    flag, x = word >> _FLAG_SHIFT, word & _COORDINATE_MASK
    if flag == _INFINITY_FLAG and x == 0:
        _check_infinity(what, allow_infinity)
        return None
    if flag not in (_SMALLER_FLAG, _LARGER_FLAG):
        raise MalformedError(f"{what}: the flag bits of the point are not valid")
    if x >= FIELD_MODULUS:
        raise MalformedError(f"{what}: the point's x coordinate is not below the field modulus")
    y = pow(x * x * x + 3, (FIELD_MODULUS + 1) // 4, FIELD_MODULUS)
    if not is_on_curve_g1((x, y)):
        raise MalformedError(f"{what}: no point of the curve has this x coordinate")
    if _is_larger_root(y) != (flag == _LARGER_FLAG):
        y = FIELD_MODULUS - y  # y = 0 is on no curve of odd order, so this is another root below p
    return x, y


def encode_g2(point: PointG2) -> bytes:
    """The 128 bytes x1 || x0 || y1 || y0 (imaginary part first), big-endian; infinity is all zero.

    EIP-197.
    """
    (x0, x1), (y0, y1) = point if point is not None else ((0, 0), (0, 0))
    return _join((x1, x0, y1, y0))


def decode_g2(data: bytes, what: str, *, allow_infinity: bool) -> PointG2:
    """The point of order r that exactly these 128 bytes encode.

    Raises MalformedError naming ``what`` for another length, a coordinate not below p, a point
    off the twist or outside the subgroup, and for infinity unless ``allow_infinity``.
    """
    x1, x0, y1, y0 = _split(data, what)
    if not (x0 or x1 or y0 or y1):
        _check_infinity(what, allow_infinity)
        return None
    point = ((x0, x1), (y0, y1))
    if not is_on_twist(point):
        raise MalformedError(f"{what}: the point is not on the twisted curve")
    if not is_in_group_g2(point):
        raise MalformedError(f"{what}: the point is not in the subgroup of prime order")
    return point


def _is_larger_root(y: int) -> bool:
    return y > (FIELD_MODULUS - 1) // 2


def _check_infinity(what: str, allowed: bool) -> None:
    if not allowed:
        raise MalformedError(f"{what}: the point at infinity is not allowed here")


def _pack(flag: int, x: int) -> bytes:
    return (flag << _FLAG_SHIFT | x).to_bytes(G1_COMPRESSED_BYTES, "big")


def _join(coordinates: tuple[int, ...]) -> bytes:
    return b"".join(coordinate.to_bytes(COORDINATE_BYTES, "big") for coordinate in coordinates)


def _split(data: bytes, what: str) -> list[int]:
    """The canonical coordinates of a point of G2 in the bytes."""
    if len(data) != G2_BYTES:
        raise MalformedError(f"{what}: a point has {G2_BYTES} bytes, here are {len(data)}")
    coordinates = [
        int.from_bytes(data[start : start + COORDINATE_BYTES], "big")
        for start in range(0, G2_BYTES, COORDINATE_BYTES)
    ]
    if any(coordinate >= FIELD_MODULUS for coordinate in coordinates):
        raise MalformedError(f"{what}: a coordinate is not below the field modulus")
    return coordinates
