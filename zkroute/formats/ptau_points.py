"""Points of a ``.ptau`` file: little-endian Montgomery coordinates, R = 2**256, c0 before c1.

These are the functions that turn such bytes into points known to be canonical and on their curve.
Infinity, all zero in this format, is on neither curve and refused: no power of a tau is infinity.
"""

from __future__ import annotations

from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import FIELD_MODULUS, G1_BYTES, G2_BYTES, is_on_twist
from zkroute.errors import MalformedError
from zkroute.protocol.point_arrays import COORDINATE_BYTES, array_from_coordinates
from zkroute.protocol.twist_combination import AffineG2

_FROM_MONTGOMERY = pow(1 << 256, -1, FIELD_MODULUS)


def decode_montgomery_g1(data: bytes, what: str) -> Limbs:
    """The point array of 64 bytes each: canonical, on the curve and hence in G1, none infinity.

    Raises MalformedError naming ``what`` and the index of the first point that is not.
    """
    p = FIELD_MODULUS
    coordinates = _coordinates(data, G1_BYTES, what)
    for index, (x, y) in enumerate(zip(coordinates[::2], coordinates[1::2], strict=True)):
        if (y * y - x * x * x - 3) % p:
            raise MalformedError(f"{what}: point {index} is not on the curve")
    return array_from_coordinates(coordinates)


def decode_montgomery_g2(data: bytes, what: str) -> list[AffineG2]:
    """The points of 128 bytes each: canonical and on the twist, none infinity.

    Raises MalformedError naming ``what`` and the index of the first point that is not.

    Soundness: whether they are in the subgroup G2 is for ``combine_g2`` or ``is_in_group_g2``.
    """
    coordinates = iter(_coordinates(data, G2_BYTES, what))
    points = []
    for index, (x0, x1, y0, y1) in enumerate(
        zip(coordinates, coordinates, coordinates, coordinates, strict=True)
    ):
        point = (x0, x1), (y0, y1)
        if not is_on_twist(point):
            raise MalformedError(f"{what}: point {index} is not on the twisted curve")
        points.append(point)
    return points


def _coordinates(data: bytes, point_bytes: int, what: str) -> list[int]:
    """All coordinates out of Montgomery form, after checking that each was below p."""
    if len(data) % point_bytes:
        raise MalformedError(f"{what}: {len(data)} bytes are not a whole number of points")
    p = FIELD_MODULUS
    words = [
        int.from_bytes(data[start : start + COORDINATE_BYTES], "little")
        for start in range(0, len(data), COORDINATE_BYTES)
    ]
    if words and max(words) >= p:
        index = next(index for index, word in enumerate(words) if word >= p)
        point = index * COORDINATE_BYTES // point_bytes
        raise MalformedError(f"{what}: a coordinate of point {point} is not below the modulus")
    return [word * _FROM_MONTGOMERY % p for word in words]
