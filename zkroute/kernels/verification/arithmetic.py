"""``CompiledArithmetic``: the verifier's arithmetic on compiled kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.engine import Column, Engine, engine
from zkroute.algebra.groups import (
    GENERATOR_G1,
    PointG1,
    PointG2,
    decompress_g1,
    is_on_curve_g1,
    is_on_twist,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import (
    ONE,
    ArithmeticFaultError,
    VerificationArithmetic,
    encodings,
)
from zkroute.kernels.select import runs_ifma
from zkroute.kernels.verification.combination import linear_combination
from zkroute.kernels.verification.pairing import pairing_product
from zkroute.kernels.verification.points import decompress

Limbs = NDArray[np.uint64]

_FLAG_SHIFT = np.uint64(62)
_COORDINATE_MASK = np.uint64((1 << 62) - 1)
_TERMS_AT_ONCE = 512
"""Terms summed in one call, so that its tables stay in the processor's cache."""
_TERMS_FOR_BUCKETS = 1024
"""From here on the prover's bucket method takes a quarter of the time, or less."""


class CompiledArithmetic(VerificationArithmetic):
    """``VerificationArithmetic`` on compiled kernels; see there for what each method guarantees.

    May be used from several threads at once; kernels run without the interpreter lock.
    """

    name = "compiled"

    def decompress_points(self, data: bytes, what: str) -> tuple[PointG1, ...]:
        """The finite points that consecutive 32 bytes encode.

        Which encodings are refused, and in which words, is the reference's decision: it is asked
        about the first one that the kernel does not like.
        """
        given = encodings(data)
        if not given:
            return ()
        words = np.frombuffer(data, ">u8").reshape(-1, 4)[:, ::-1].astype(np.uint64, order="C")
        flags = (words[:, 3] >> _FLAG_SHIFT).astype(np.uint8)
        words[:, 3] &= _COORDINATE_MASK
        output = np.zeros((len(given), 8), np.uint64)
        good = int(decompress(output, words, flags))
        if good < len(given):
            decompress_g1(given[good], f"{what}[{good}]", allow_infinity=False)
            raise ArithmeticFaultError("it refuses a point that is one")
        coordinates = _integers(output)
        return tuple(zip(coordinates[::2], coordinates[1::2], strict=True))

    def linear_combination(self, points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
        """The sum of [scalar]point; scalars are any integers and count modulo r."""
        terms = [
            (*point, scalar % MODULUS)
            for point, scalar in zip(points, scalars, strict=True)
            if point is not None
        ]
        if not terms:
            return None
        if len(terms) >= _TERMS_FOR_BUCKETS and runs_ifma():
            return _sum_in_buckets(terms)
        sums = [
            _sum(terms[start : start + _TERMS_AT_ONCE])
            for start in range(0, len(terms), _TERMS_AT_ONCE)
        ]
        return sums[0] if len(sums) == 1 else self.linear_combination(sums, [1] * len(sums))

    def pairing_product(self, pairs: Sequence[tuple[PointG1, PointG2]]) -> tuple[int, ...]:
        """The product of e(P, Q) over all pairs, as coefficients over Fq2 of 1, w, ... w^5."""
        left: list[int] = []
        right: list[int] = []
        for point_g1, point_g2 in pairs:
            if point_g1 is None or point_g2 is None:
                continue
            if not (is_on_curve_g1(point_g1) and is_on_twist(point_g2)):
                raise ValueError("a point of the pairing is not on its curve")
            left += point_g1
            right += (*point_g2[0], *point_g2[1])
        if not left:
            return ONE
        output = np.zeros((6, 8), np.uint64)
        pairing_product(output, _limbs(left).reshape(-1, 8), _limbs(right).reshape(-1, 16))
        return tuple(_integers(output))


def _sum_in_buckets(terms: Sequence[tuple[int, int, int]]) -> PointG1:
    """The sum of [scalar](x, y) by the prover's kernels."""
    buckets = _checked_engine()
    bases = buckets.load_points(_coordinates(terms))
    (total,) = buckets.multi_scalar_multiplication(
        bases, [Column(_limbs([scalar for *_, scalar in terms]), MODULUS.bit_length())]
    )
    return total


@cache
def _checked_engine() -> Engine:
    """The prover's kernels, after a sum on which they must agree with ours.

    Raises ArithmeticFaultError if they do not.
    """
    made = engine("ifma")
    terms = [
        (*point, pow(3, i, MODULUS))
        for i in range(_TERMS_AT_ONCE)
        # many equal points and many opposite ones: sums of those take the rare ways
        for point in (GENERATOR_G1 if i % 3 else negate_g1(GENERATOR_G1),)
        if point is not None
    ]
    bases = made.load_points(_coordinates(terms))
    scalars = _limbs([scalar for *_, scalar in terms])
    if made.multi_scalar_multiplication(bases, [Column(scalars, 254)]) != [_sum(terms)]:
        raise ArithmeticFaultError("a sum of many multiples")
    return made


def _coordinates(terms: Sequence[tuple[int, int, int]]) -> Limbs:
    """Shape (n, 8)."""
    return _limbs([part for x, y, _ in terms for part in (x, y)]).reshape(-1, 8)


def _sum(terms: Sequence[tuple[int, int, int]]) -> PointG1:
    """The sum of [scalar](x, y)."""
    output = np.zeros((1, 8), np.uint64)
    linear_combination(output, _coordinates(terms), _limbs([scalar for *_, scalar in terms]))
    x, y = _integers(output)
    return (x, y) if x or y else None


def _limbs(values: Sequence[int]) -> Limbs:
    """Shape (n, 4)."""
    data = bytearray(b"".join(value.to_bytes(32, "little") for value in values))
    return np.frombuffer(data, "<u8").astype(np.uint64, copy=False).reshape(-1, 4)


def _integers(limbs: Limbs) -> list[int]:
    data = limbs.astype("<u8", copy=False).tobytes()
    return [int.from_bytes(data[start : start + 32], "little") for start in range(0, len(data), 32)]


def is_cached() -> bool:
    """Whether machine code of every kernel is on disk and not older than its source."""
    return all(map(_is_cached, (decompress, linear_combination, pairing_product)))


def _is_cached(kernel: Any) -> bool:
    function, directory = kernel.py_func, kernel.stats.cache_path
    if directory is None:
        return False
    source = Path(function.__code__.co_filename)
    line = function.__code__.co_firstlineno
    kept = Path(directory).glob(f"{source.stem}.{function.__name__}-{line}.*.nbi")
    return any(path.stat().st_mtime >= source.stat().st_mtime for path in kept)
