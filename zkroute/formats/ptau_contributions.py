"""Section 7 of a ``.ptau`` file: who contributed, and the points after each contribution.

What is checked here: the section parses to its last byte, every point is canonical and on its
curve, and the last contribution's points are those the file begins with. ``ptau_checks`` adds
subgroups and the agreement of G1 with G2. What cannot be checked: the hashes, since a file of a
shortened ceremony does not hold what was hashed, and therefore the proofs of knowledge, whose base
point is derived from them. They say who took part, not whether the powers are right. For known
ceremonies ``zkroute.protocol.ceremonies`` pins the digest of the whole section.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import G1_BYTES, G2_BYTES
from zkroute.errors import MalformedError
from zkroute.formats.ptau_points import decode_montgomery_g1, decode_montgomery_g2
from zkroute.protocol.twist_combination import AffineG2

KEY_POINTS_G1 = 6
KEY_POINTS_G2 = 3
PARTIAL_HASH_BYTES = 216
CHALLENGE_BYTES = 64
_COUNT = struct.Struct("<I")
_TAIL = struct.Struct("<II")
_LAYOUT = (
    ("tau_g1", G1_BYTES),
    ("tau_g2", G2_BYTES),
    ("alpha_g1", G1_BYTES),
    ("beta_g1", G1_BYTES),
    ("beta_g2", G2_BYTES),
    ("key_g1", KEY_POINTS_G1 * G1_BYTES),
    ("key_g2", KEY_POINTS_G2 * G2_BYTES),
    ("hashes", PARTIAL_HASH_BYTES + CHALLENGE_BYTES),
)
_FIXED_BYTES = sum(length for _, length in _LAYOUT) + _TAIL.size


@dataclass(frozen=True)
class Contributions:
    """Points after each contribution, in order: arrays and lists of equal length.

    Soundness: on their curves; subgroups of G2 not checked yet.
    """

    tau_g1: Limbs
    tau_g2: list[AffineG2]
    alpha_g1: Limbs
    beta_g1: Limbs
    beta_g2: list[AffineG2]
    key_g2: list[AffineG2]
    """Three a contribution: the public keys of its tau, alpha and beta."""


def decode_contributions(data: bytes, what: str) -> Contributions:
    """The contributions in the content of section 7, which they fill exactly.

    Raises MalformedError naming ``what`` and the contribution.
    """
    if len(data) < _COUNT.size:
        raise MalformedError(f"{what}: the section is empty")
    (count,) = _COUNT.unpack_from(data)
    if not 1 <= count <= (len(data) - _COUNT.size) // _FIXED_BYTES:
        raise MalformedError(f"{what}: {count} contributions do not fit the section")
    fields: dict[str, list[bytes]] = {name: [] for name, _ in _LAYOUT}
    offset = _COUNT.size
    for number in range(1, count + 1):
        here = f"{what}: contribution {number}"
        if len(data) - offset < _FIXED_BYTES:
            raise MalformedError(f"{here} is cut off")
        for name, length in _LAYOUT:
            fields[name].append(data[offset : offset + length])
            offset += length
        kind, parameters_length = _TAIL.unpack_from(data, offset)
        offset += _TAIL.size
        if kind > 1:
            raise MalformedError(f"{here} is of unknown type {kind}")
        if parameters_length > len(data) - offset:
            raise MalformedError(f"{here}: the parameters are cut off")
        _check_parameters(data[offset : offset + parameters_length], here)
        offset += parameters_length
    if offset != len(data):
        raise MalformedError(f"{what}: {len(data) - offset} bytes follow the last contribution")
    return _decode_points({name: b"".join(parts) for name, parts in fields.items()}, what)


def check_last_contribution(
    contributions: Contributions,
    what: str,
    *,
    tau_g1: Limbs,
    tau_g2: AffineG2,
    alpha_g1: Limbs,
    beta_g1: Limbs,
    beta_g2: AffineG2,
) -> None:
    """The last contribution ends with the points that the other sections begin with.

    G1 points are rows of shape (8,). Raises MalformedError naming ``what`` and the point.
    """
    agreements = {
        "tau in G1": np.array_equal(contributions.tau_g1[-1], tau_g1),
        "tau in G2": contributions.tau_g2[-1] == tau_g2,
        "alpha in G1": np.array_equal(contributions.alpha_g1[-1], alpha_g1),
        "beta in G1": np.array_equal(contributions.beta_g1[-1], beta_g1),
        "beta in G2": contributions.beta_g2[-1] == beta_g2,
    }
    for point, agrees in agreements.items():
        if not agrees:
            raise MalformedError(
                f"{what}: {point} differs from that of the last contribution in section 7"
            )


def _decode_points(fields: dict[str, bytes], what: str) -> Contributions:
    decode_montgomery_g1(fields["key_g1"], f"{what}: key_g1")
    return Contributions(
        tau_g1=decode_montgomery_g1(fields["tau_g1"], f"{what}: tau_g1"),
        tau_g2=decode_montgomery_g2(fields["tau_g2"], f"{what}: tau_g2"),
        alpha_g1=decode_montgomery_g1(fields["alpha_g1"], f"{what}: alpha_g1"),
        beta_g1=decode_montgomery_g1(fields["beta_g1"], f"{what}: beta_g1"),
        beta_g2=decode_montgomery_g2(fields["beta_g2"], f"{what}: beta_g2"),
        key_g2=decode_montgomery_g2(fields["key_g2"], f"{what}: key_g2"),
    )


def _check_parameters(parameters: bytes, here: str) -> None:
    """Name (1), beacon iterations (2) and beacon hash (3), ascending, filling the bytes exactly."""
    offset = 0
    last = 0
    while offset < len(parameters):
        kind = parameters[offset]
        if not last < kind <= 3:
            raise MalformedError(f"{here}: parameter {kind} is unknown or out of order")
        last = kind
        # an iteration count is one byte; the others state their length in one
        rest = parameters[offset + 1 : offset + 2]
        length = 2 if kind == 2 else 2 + sum(rest)
        if not rest or length > len(parameters) - offset:
            raise MalformedError(f"{here}: parameter {kind} is cut off")
        offset += length
