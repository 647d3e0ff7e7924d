"""Keys that need no secret to sign are no keys."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from zkroute.protocol.signatures import SMALL_ORDER_KEYS, is_signed_by

P = (1 << 255) - 19
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def point_of(key: bytes) -> Point | None:
    """The point of the twisted Edwards curve that a key encodes (RFC 8032, section 5.1.3)."""
    word = int.from_bytes(key, "little")
    y, sign = (word & (1 << 255) - 1) % P, word >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x if x & 1 != sign else x) % P, y


def doubled(point: Point) -> Point:
    x, y = point
    product = D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, P) % P,
        (y * y + x * x) * pow(1 - product, -1, P) % P,
    )


def test_the_list_is_of_points_whose_order_divides_eight() -> None:
    points = {point_of(key) for key in SMALL_ORDER_KEYS}
    assert None not in points
    assert len(points) == 8, "and these are all of them"
    # each under every spelling: with y or y + p, and either sign, which counts for nothing at x = 0
    heights = {y for point in points if point is not None for y in (point[1], point[1] + P)}
    spellings = {y | sign << 255 for y in heights if y < 1 << 255 for sign in (0, 1)}
    assert {int.from_bytes(key, "little") for key in SMALL_ORDER_KEYS} == spellings
    for point in points:
        assert point is not None
        assert doubled(doubled(doubled(point))) == (0, 1)


@pytest.mark.parametrize("key", sorted(SMALL_ORDER_KEYS))
def test_they_sign_nothing(key: bytes) -> None:
    for commitment in SMALL_ORDER_KEYS:
        assert not is_signed_by(key, commitment + bytes(32), b"message")


def test_the_library_alone_would_take_one() -> None:
    identity = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"anything")
    honest = Ed25519PrivateKey.generate()
    public = honest.public_key().public_bytes_raw()
    assert is_signed_by(public, honest.sign(b"message"), b"message")
