"""The BN254 scalar field: integers modulo the prime order r of the groups.

A scalar is a plain ``int`` in [0, r). Its only encoding is 32 bytes, big-endian.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from zkroute.errors import MalformedError

MODULUS = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
"""r, the prime order of the BN254 groups (EIP-196)."""

SCALAR_BYTES = 32


def encode_scalar(scalar: int) -> bytes:
    """The 32 big-endian bytes of a canonical scalar.

    Raises ValueError outside [0, r): a caller reduces before it encodes.
    """
    if not 0 <= scalar < MODULUS:
        raise ValueError("a scalar must lie in [0, r) before it is encoded")
    return scalar.to_bytes(SCALAR_BYTES, "big")


def decode_scalar(data: bytes, what: str) -> int:
    """The scalar in [0, r) that exactly these 32 big-endian bytes encode.

    Raises MalformedError naming ``what`` for another length or a value not below r, so that
    every scalar has one encoding only.
    """
    if len(data) != SCALAR_BYTES:
        raise MalformedError(f"{what}: a scalar has {SCALAR_BYTES} bytes, here are {len(data)}")
    scalar = int.from_bytes(data, "big")
    if scalar >= MODULUS:
        raise MalformedError(f"{what}: the scalar is not below the group order")
    return scalar


def decode_scalars(data: bytes, what: str) -> tuple[int, ...]:
    """The scalars that stand one after another in the bytes, each as ``decode_scalar`` reads it.

    Raises MalformedError naming the first that is not canonical ``what[number]``, and ValueError
    for bytes that are not a whole number of scalars.
    """
    if len(data) % SCALAR_BYTES:
        raise ValueError(f"{len(data)} bytes are not a whole number of scalars")
    starts = range(0, len(data), SCALAR_BYTES)
    scalars = tuple([int.from_bytes(data[start : start + SCALAR_BYTES], "big") for start in starts])
    if max(scalars, default=0) >= MODULUS:
        for number, start in enumerate(starts):
            decode_scalar(data[start : start + SCALAR_BYTES], f"{what}[{number}]")
    return scalars


def invert(scalar: int) -> int:
    """The inverse modulo r, in [0, r). Raises ZeroDivisionError for a multiple of r."""
    if scalar % MODULUS == 0:
        raise ZeroDivisionError("zero has no inverse modulo the group order")
    return pow(scalar, -1, MODULUS)


def batch_invert(scalars: Sequence[int], modulus: int = MODULUS) -> list[int]:
    """The inverses of all scalars for the price of one inversion and three products each.

    Montgomery's trick (Math. Comp. 48, 1987, section 10.3.1). ``modulus`` must be prime.
    Raises ZeroDivisionError if any scalar is a multiple of the modulus.
    """
    prefixes = []
    product = 1
    for scalar in scalars:
        prefixes.append(product)
        product = product * scalar % modulus
    if product == 0:
        raise ZeroDivisionError("zero has no inverse modulo a prime")
    suffix_inverse = pow(product, -1, modulus)
    inverses = [0] * len(prefixes)
    for index in range(len(prefixes) - 1, -1, -1):
        inverses[index] = suffix_inverse * prefixes[index] % modulus
        suffix_inverse = suffix_inverse * scalars[index] % modulus
    return inverses


def random_scalar() -> int:
    """A uniform scalar in [0, r) from the operating system's generator."""
    return secrets.randbelow(MODULUS)


def random_nonzero() -> int:
    """A uniform scalar in [1, r) from the operating system's generator."""
    return 1 + secrets.randbelow(MODULUS - 1)
