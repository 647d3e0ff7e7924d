"""The Fiat-Shamir transcript: a SHA-256 chain that turns messages into challenges.

Every step hashes the previous state, a tag for the kind of step, and the framed label and data:

    state <- SHA-256(state || tag || length4(label) || label || length8(data) || data)

so that count, order, labels, kinds and lengths all reach every later challenge: two different
sequences of messages never give the same bytes to hash (Dao, Miller, Wright, Grubbs, eprint
2023/691, list what happens otherwise). SHA-256, the 64-byte EIP-197 points and the 32-byte
big-endian scalars are chosen so that a contract on the EVM can run the same transcript.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import IntEnum

from zkroute.algebra.groups import PointG1, encode_g1
from zkroute.algebra.scalars import MODULUS, encode_scalar

DOMAIN = b"zkroute/transcript/v1"


class Step(IntEnum):
    """The tag byte that separates the kinds of step from one another; 4 is not used."""

    START = 0
    MESSAGE = 1
    POINT = 2
    POINTS = 3
    SCALARS = 5
    CHALLENGE = 6


class Transcript:
    """One run of the Fiat-Shamir transform, the same for prover and verifier.

    Soundness: nothing the verifier computes with may stay outside. Public statement, key digest
    and SRS identifier are absorbed before the first challenge, and every message of a round
    before the challenges of the next.
    """

    def __init__(self, protocol: bytes) -> None:
        self._state = hashlib.sha256(DOMAIN).digest()
        self._advance(Step.START, "protocol", protocol)

    def absorb(self, label: str, data: bytes) -> None:
        """Bind a message of any length, the empty one included."""
        self._advance(Step.MESSAGE, label, data)

    def absorb_point(self, label: str, point: PointG1) -> None:
        """Bind one point of G1 by its 64-byte EIP-197 encoding; infinity is all zero."""
        self._advance(Step.POINT, label, encode_g1(point))

    def absorb_points(self, label: str, points: Sequence[PointG1]) -> None:
        """Bind a list of points of G1, its length included; the empty list is a message too."""
        self._advance(Step.POINTS, label, b"".join(map(encode_g1, points)))

    def absorb_scalars(self, label: str, scalars: Sequence[int]) -> None:
        """Bind a list of canonical scalars, its length included.

        Raises ValueError for one outside [0, r).
        """
        self._advance(Step.SCALARS, label, b"".join(map(encode_scalar, scalars)))

    def challenge(self, label: str) -> int:
        """A non-zero scalar determined by everything before it, in [1, r).

        Two hashes of the advanced state, with a counter byte, give 64 bytes; their big-endian
        integer w gives 1 + (w mod (r - 1)). The statistical distance from uniform on [1, r) is
        below 2**-258, whereas one hash modulo r would be off by about 0.04. The state moves with
        every draw, so that equal labels drawn in a row give unrelated challenges.
        """
        self._advance(Step.CHALLENGE, label, b"")
        high, low = (
            hashlib.sha256(self._state + bytes([Step.CHALLENGE, counter])).digest()
            for counter in (0, 1)
        )
        return 1 + int.from_bytes(high + low, "big") % (MODULUS - 1)

    def _advance(self, step: Step, label: str, data: bytes) -> None:
        name = label.encode()
        self._state = hashlib.sha256(
            b"".join(
                (
                    self._state,
                    bytes([step]),
                    len(name).to_bytes(4, "big"),
                    name,
                    len(data).to_bytes(8, "big"),
                    data,
                )
            )
        ).digest()
