"""Arrays of G1 points as the engines take them, and the checks that make outside bytes into them.

A point array has shape (n, 8): canonical affine x, then y, each as four little-endian 64-bit
limbs, not Montgomery. Infinity would be all zero; the checked arrays made here hold none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import FIELD_MODULUS, G1_BYTES, PointG1
from zkroute.errors import MalformedError

COORDINATE_BYTES = 32
LIMBS_PER_POINT = 8
_BLOCK_POINTS = 1 << 14


def array_from_points(points: Iterable[PointG1]) -> Limbs:
    """The point array of affine points, infinities as all zero."""
    return array_from_coordinates(
        coordinate for point in points for coordinate in (point if point is not None else (0, 0))
    )


def array_from_coordinates(coordinates: Iterable[int]) -> Limbs:
    """The point array of x, y, x, y ..., each in [0, 2**256)."""
    data = b"".join(value.to_bytes(COORDINATE_BYTES, "little") for value in coordinates)
    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, LIMBS_PER_POINT)


def points_from_array(array: Limbs) -> list[PointG1]:
    """The affine points of an array, all zero as infinity."""
    return [point if point != (0, 0) else None for point in _coordinate_pairs(array)]


def encode_point_array(array: Limbs) -> bytes:
    """64 bytes a point, x then y, big-endian (EIP-197)."""
    by_coordinate = array.reshape(-1, 4)[:, ::-1]
    return np.ascontiguousarray(by_coordinate).astype(">u8").tobytes()


def decode_point_array(data: bytes, what: str) -> Limbs:
    """The points that 64 bytes each, x then y, big-endian, encode: none infinity, all in G1.

    Raises MalformedError naming ``what`` and the point's index for a length that is no multiple of
    64, a coordinate not below p, or a point off the curve (infinity included).
    """
    if len(data) % G1_BYTES:
        raise MalformedError(f"{what}: {len(data)} bytes are not a whole number of points")
    by_coordinate = np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(-1, 4)[:, ::-1]
    array = np.ascontiguousarray(by_coordinate).reshape(-1, LIMBS_PER_POINT)
    check_point_array(array, what)
    return array


def check_point_array(array: Limbs, what: str) -> None:
    """Every point has canonical coordinates and lies on the curve, hence in G1; none is infinity.

    The cofactor of G1 is 1. Raises MalformedError naming ``what`` and the first bad point's index.
    """
    p = FIELD_MODULUS
    for index, (x, y) in enumerate(_coordinate_pairs(array)):
        if x >= p or y >= p:
            raise MalformedError(f"{what}: a coordinate of point {index} is not below the modulus")
        # (0, 0), the encoding of infinity, fails here too
        if (y * y - x * x * x - 3) % p:
            raise MalformedError(f"{what}: point {index} is not on the curve")


def _coordinate_pairs(array: Limbs) -> Iterator[tuple[int, int]]:
    """(x, y) of each point as integers, converted in blocks."""
    for start in range(0, len(array), _BLOCK_POINTS):
        data = np.ascontiguousarray(array[start : start + _BLOCK_POINTS]).astype("<u8").tobytes()
        for at in range(0, len(data), G1_BYTES):
            middle = at + COORDINATE_BYTES
            yield (
                int.from_bytes(data[at:middle], "little"),
                int.from_bytes(data[middle : at + G1_BYTES], "little"),
            )
