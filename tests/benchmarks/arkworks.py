"""arkworks through zksnake's bindings, with everything prepared that is not the work itself.

Its functions take Python integers and point objects and convert them in every call. Points are
made affine here, since others cost an inversion each at every call. What else is converted is
told apart by calls that convert the same inputs and then have nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

from tests.benchmarks.samples import integers_of
from zkroute.algebra.engine import Limbs
from zkroute.algebra.groups import PointG1

PACKAGE = "zksnake"


class Arkworks:
    """BN254 of arkworks. Raises ImportError where zksnake is not installed."""

    def __init__(self) -> None:
        native: Any = import_module(f"{PACKAGE}._algebra")
        self._curve = native.ec_bn254
        self._polynomials = native.polynomial_bn254
        self.name = f"arkworks through {PACKAGE} {version(PACKAGE)}"

    def load_points(self, limbs: Limbs) -> list[Any]:
        """Points from affine limbs, shape (n, 8)."""
        coordinates = iter(integers_of(limbs.reshape(-1, 4)))
        return [self._curve.PointG1(x, y) for x, y in zip(coordinates, coordinates, strict=True)]

    def multiplication(
        self, points: Sequence[Any], scalars: Limbs
    ) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """The sum of multiples, and a call that converts as much to multiply by zeros."""
        multiply = self._curve.multiscalar_mul_g1
        listed = list(points)
        wanted, zeros = integers_of(scalars), [0] * len(points)
        return (lambda: multiply(listed, wanted)), (lambda: multiply(listed, zeros))

    def point(self, result: Any) -> PointG1:
        """A result as our own point."""
        return None if result.is_zero() else (int(result.x), int(result.y))

    def transform(self, limbs: Limbs) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """The values of a polynomial, and calls that convert as many integers in and out."""
        transform = self._polynomials.fft
        coefficients = integers_of(limbs)
        constant = coefficients[:1]
        size = len(coefficients)

        def convert() -> None:
            transform(coefficients, 1)  # takes all in, for the smallest of domains
            transform(constant, size)  # gives all out; arkworks skips the zeros

        return (lambda: transform(coefficients, size)), convert

    def root(self, size: int) -> int:
        """The root of unity its transform evaluates at first after 1."""
        return int(self._polynomials.get_nth_root_of_unity(size, 1))
