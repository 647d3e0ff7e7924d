"""Proof bytes: compressed points and big-endian scalars in round order, nothing else."""

from __future__ import annotations

from zkroute.algebra.groups import PointG1, compress_g1
from zkroute.algebra.scalars import decode_scalars, encode_scalar
from zkroute.algebra.verification import decompress_points
from zkroute.errors import MalformedError
from zkroute.protocol.proof import Proof, ProofLayout

MAX_PROOF_BYTES = 1 << 20
"""More than any policy's proofs have: what is longer need not be read, kept or passed on."""


def encode_proof(proof: Proof) -> bytes:
    """Canonical bytes of a proof."""
    return b"".join(
        [
            *map(compress_g1, proof.witness),
            *map(compress_g1, proof.helpers),
            *map(encode_scalar, proof.slice_digests),
            compress_g1(proof.accumulator),
            *map(compress_g1, proof.quotient),
            *map(encode_scalar, proof.evaluations),
            *map(encode_scalar, proof.evaluations_next),
            compress_g1(proof.opening),
            compress_g1(proof.opening_next),
        ]
    )


def decode_proof(data: bytes, layout: ProofLayout) -> Proof:
    """The proof, with every point on the curve and every scalar canonical.

    The one function that trusts no proof byte. The layout comes from the verifying key, never
    from the proof. Points at infinity are refused: blinding makes them impossible but for a
    chance of 1/r, and they are what degenerate forgeries are made of.

    Raises MalformedError naming the element.
    """
    if len(data) != layout.length:
        raise MalformedError(
            f"proof: {len(data)} bytes where this key's proofs have {layout.length}"
        )
    reader = _Reader(data)
    return Proof(
        witness=reader.points("witness", layout.witness),
        helpers=reader.points("helpers", layout.helpers),
        slice_digests=reader.scalars("slice_digests", layout.slice_digests),
        accumulator=reader.points("accumulator", 1)[0],
        quotient=reader.points("quotient", layout.quotient),
        evaluations=reader.scalars("evaluations", layout.evaluations),
        evaluations_next=reader.scalars("evaluations_next", layout.evaluations_next),
        opening=reader.points("opening", 1)[0],
        opening_next=reader.points("opening_next", 1)[0],
    )


class _Reader:
    """Takes 32-byte elements off the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def points(self, part: str, count: int) -> tuple[PointG1, ...]:
        return decompress_points(self._take(count), f"proof: {part}")

    def scalars(self, part: str, count: int) -> tuple[int, ...]:
        return decode_scalars(self._take(count), f"proof: {part}")

    def _take(self, count: int) -> bytes:
        start = self._position
        self._position += 32 * count
        return self._data[start : self._position]
