"""``CompiledArithmetic``: the verifier's arithmetic on compiled kernels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.groups import (
    PointG1,
    PointG2,
    decompress_g1,
    is_on_curve_g1,
    is_on_twist,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import (
    ONE,
    ArithmeticFaultError,
    VerificationArithmetic,
    encodings,
)
from zkroute.kernels.verification.combination import linear_combination
from zkroute.kernels.verification.pairing import pairing_product
from zkroute.kernels.verification.points import decompress

Limbs = NDArray[np.uint64]

_FLAG_SHIFT = np.uint64(62)
_COORDINATE_MASK = np.uint64((1 << 62) - 1)
_TERMS_AT_ONCE = 512
"""Terms summed in one call, so that its tables stay in the processor's cache."""


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


def _sum(terms: Sequence[tuple[int, int, int]]) -> PointG1:
    """The sum of [scalar](x, y)."""
    output = np.zeros((1, 8), np.uint64)
    points = _limbs([part for x, y, _ in terms for part in (x, y)]).reshape(-1, 8)
    linear_combination(output, points, _limbs([scalar for *_, scalar in terms]))
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
