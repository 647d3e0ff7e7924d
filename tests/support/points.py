"""Points of G1 as the precompiles of EIP-196 read them."""

from __future__ import annotations

from zkroute.algebra.groups import PointG1
from zkroute.protocol.point_arrays import decode_point_array, points_from_array


def point_of(data: bytes) -> PointG1:
    """The point that 64 bytes encode, all zero for infinity. Raises MalformedError."""
    return points_from_array(decode_point_array(data, "point"))[0] if any(data) else None
