"""The facade to the verifier's arithmetic: a reference in Python and its compiled twin.

Both give the same points, the same pairings and the same refusals. The choice is ZKROUTE_VERIFIER:

    reference   plain Python and py_ecc
    compiled    kernels of numba, compiled now if their machine code is not in the cache
    auto        compiled if numba is usable and the cache is filled (``zkroute warmup`` does that),
                else the reference: a settlement node never meets a compiler by surprise

Compiled arithmetic is compared with the reference before it is used in a process. A fault found
there is raised, never answered by quietly using the other one.

Nothing compiled is imported before it is chosen, and then by name.
"""

from __future__ import annotations

import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from zkroute.algebra.curve import GENERATOR_G1, PointG1, multiply_g1, negate_g1
from zkroute.algebra.curve import linear_combination_g1 as reference_linear_combination
from zkroute.algebra.encoding import G1_COMPRESSED_BYTES, compress_g1, decompress_g1
from zkroute.algebra.pairing import pairing_product as reference_pairing_product
from zkroute.algebra.scalars import random_nonzero
from zkroute.algebra.twist import GENERATOR_G2, PointG2, multiply_g2
from zkroute.errors import ExitCode, MalformedError, UsageError, ZkrouteError
from zkroute.paths import cache_directory

ARITHMETICS = ("auto", "reference", "compiled")
ENVIRONMENT_VARIABLE = "ZKROUTE_VERIFIER"

_COMPILED = "zkroute.kernels.verification.arithmetic"
_MACHINE_CODE = "kernels/*/verification_*/pairing.pairing_product-*.nbi"
"""Where numba keeps the last kernel to be compiled, below our cache directory."""

ONE = (1,) + (0,) * 11
"""What ``pairing_product`` is for a true claim."""


class ArithmeticFaultError(ZkrouteError):
    """Compiled arithmetic disagrees with the reference: nothing may be verified with it."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"the verifier's compiled arithmetic is wrong ({what}) and must not be used; "
            f"set {ENVIRONMENT_VARIABLE}=reference, and report processor and versions"
        )


class VerificationArithmetic(ABC):
    """What the verifier computes in the groups of BN254."""

    name: str

    @abstractmethod
    def decompress_points(self, data: bytes, what: str) -> tuple[PointG1, ...]:
        """The finite points that consecutive 32 bytes encode (``decompress_g1``).

        Raises MalformedError for the first that is refused, naming it ``what[number]``, and
        ValueError for bytes that are not a whole number of encodings.
        """

    @abstractmethod
    def linear_combination(self, points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
        """The sum of [scalar]point over both lists; scalars are any integers and count modulo r.

        Soundness: the caller has checked that points are on the curve, with canonical coordinates.
        Raises ValueError if the lists differ in length.
        """

    @abstractmethod
    def pairing_product(self, pairs: Sequence[tuple[PointG1, PointG2]]) -> tuple[int, ...]:
        """The product of e(P, Q) over all pairs; a pair with an infinity contributes one.

        Twelve integers below p: real and imaginary coefficient of 1, w, ... w^5, where
        w^6 = 9 + u.

        Soundness: the caller has checked that every Q is in the subgroup of order r.
        Raises ValueError for a point off its curve or a coordinate that is not canonical.
        """

    def pairing_product_is_one(self, pairs: Sequence[tuple[PointG1, PointG2]]) -> bool:
        """Whether the product of e(P, Q) over all pairs is one; see ``pairing_product``."""
        return self.pairing_product(pairs) == ONE


class ReferenceArithmetic(VerificationArithmetic):
    """Plain Python, one point after the other."""

    name = "reference"

    def decompress_points(self, data: bytes, what: str) -> tuple[PointG1, ...]:
        """The finite points that consecutive 32 bytes encode."""
        return tuple(
            decompress_g1(encoding, f"{what}[{number}]", allow_infinity=False)
            for number, encoding in enumerate(encodings(data))
        )

    def linear_combination(self, points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
        """The sum of [scalar]point."""
        return reference_linear_combination(points, scalars)

    def pairing_product(self, pairs: Sequence[tuple[PointG1, PointG2]]) -> tuple[int, ...]:
        """The product of e(P, Q) over all pairs."""
        return reference_pairing_product(pairs)


def encodings(data: bytes) -> list[bytes]:
    """Compressed points that stand one after another. Raises ValueError for a fraction of one."""
    if len(data) % G1_COMPRESSED_BYTES:
        raise ValueError(f"{len(data)} bytes are not a whole number of compressed points")
    return [
        data[start : start + G1_COMPRESSED_BYTES]
        for start in range(0, len(data), G1_COMPRESSED_BYTES)
    ]


_chosen: ContextVar[str | None] = ContextVar("verification_arithmetic", default=None)


def verification_arithmetic(name: str | None = None) -> VerificationArithmetic:
    """The arithmetic of this name, else of ``using_arithmetic``, else of ZKROUTE_VERIFIER.

    Raises UsageError for an unknown name, and for ``compiled`` where numba is not usable;
    ArithmeticFaultError if compiled arithmetic fails its power-on check.
    """
    name = name or _chosen.get() or os.environ.get(ENVIRONMENT_VARIABLE) or "auto"
    if name not in ARITHMETICS:
        raise UsageError(
            f"verification arithmetic {name!r} is unknown; choose one of {', '.join(ARITHMETICS)}"
        )
    return _make(name)


def fastest_arithmetic() -> VerificationArithmetic:
    """Compiled arithmetic, compiled now if need be; the reference where numba is not usable."""
    try:
        return verification_arithmetic("compiled")
    except UsageError:
        return verification_arithmetic("reference")


@contextmanager
def using_arithmetic(name: str) -> Iterator[None]:
    """Within the block this thread verifies with the arithmetic of this name."""
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)


@cache
def _make(name: str) -> VerificationArithmetic:
    if name == "reference":
        return ReferenceArithmetic()
    if name == "auto":
        return _make("compiled" if _is_compiled() else "reference")
    compiled, fault = _checked()
    if fault is not None:
        raise ArithmeticFaultError(fault)
    return compiled


@cache
def _checked() -> tuple[VerificationArithmetic, str | None]:
    """Compiled arithmetic and its fault; looked at once in a process, for faults come and go."""
    compiled: VerificationArithmetic = _load_compiled().CompiledArithmetic()
    try:
        power_on_check(compiled)
    except ArithmeticFaultError as error:
        return compiled, error.what
    return compiled, None


def _load_compiled() -> Any:
    try:
        return importlib.import_module(_COMPILED)
    except Exception as error:  # a numba that does not fit its surroundings raises anything
        raise UsageError(
            f"compiled verification needs numba, which cannot be loaded here: {error}; "
            f"set {ENVIRONMENT_VARIABLE}=reference"
        ) from error


def _is_compiled() -> bool:
    """Whether machine code of this version is in the cache and can be used."""
    if next(cache_directory().glob(_MACHINE_CODE), None) is None:
        return False  # without loading numba, which takes longer than most verifications
    try:
        return bool(_load_compiled().is_cached())
    except UsageError:
        return False


def power_on_check(arithmetic: VerificationArithmetic) -> None:
    """Returns if the arithmetic agrees with the reference on values drawn just now.

    A pairing that always says yes, or of nothing but zero lines, stops here: the value must be the
    reference's, coefficient by coefficient, and a false claim must be refused beside a true one.
    Raises ArithmeticFaultError.
    """
    left, right = random_nonzero(), random_nonzero()
    point, twist_point = multiply_g1(GENERATOR_G1, left), multiply_g2(GENERATOR_G2, right)
    pair = [(point, twist_point)]
    if arithmetic.pairing_product(pair) != reference_pairing_product(pair):
        raise ArithmeticFaultError("a pairing")
    for error in (0, 1):
        opposite = negate_g1(multiply_g1(GENERATOR_G1, left * right + error))
        if arithmetic.pairing_product_is_one([*pair, (opposite, GENERATOR_G2)]) == bool(error):
            raise ArithmeticFaultError("a true claim" if error == 0 else "a false claim")
    points = [point, GENERATOR_G1, negate_g1(point)]
    scalars = [right, left, left]
    expected = reference_linear_combination(points, scalars)
    if arithmetic.linear_combination(points, scalars) != expected:
        raise ArithmeticFaultError("a sum of multiples")
    both = (point, negate_g1(point))
    if arithmetic.decompress_points(b"".join(map(compress_g1, both)), "check") != both:
        raise ArithmeticFaultError("points from bytes")
    try:
        # 4^3 + 3 = 67 is no square modulo p
        arithmetic.decompress_points(compress_g1((4, 0)), "check")
    except MalformedError:
        return
    raise ArithmeticFaultError("bytes of no point")


def decompress_points(data: bytes, what: str) -> tuple[PointG1, ...]:
    """``VerificationArithmetic.decompress_points`` of the arithmetic in use."""
    return verification_arithmetic().decompress_points(data, what)


def linear_combination_g1(points: Sequence[PointG1], scalars: Sequence[int]) -> PointG1:
    """``VerificationArithmetic.linear_combination`` of the arithmetic in use."""
    return verification_arithmetic().linear_combination(points, scalars)


def pairing_product_is_one(pairs: Sequence[tuple[PointG1, PointG2]]) -> bool:
    """``VerificationArithmetic.pairing_product_is_one`` of the arithmetic in use."""
    return verification_arithmetic().pairing_product_is_one(pairs)
