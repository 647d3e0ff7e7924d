"""The facade to vector arithmetic: one interface, a reference in Python and compiled twins.

A ``Vector`` is opaque: an engine chooses its own layout and Montgomery radix. Values enter and
leave as canonical little-endian 64-bit limbs, so engines can be compared bit for bit.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.groups import PointG1
from zkroute.errors import UsageError

Limbs = NDArray[np.uint64]
"""Canonical scalars < r: shape (n, L), little-endian 64-bit limbs, 1 <= L <= 4."""

Vector = Any
"""Opaque vector of scalars, made and understood by one engine only."""

Bases = Any
"""Opaque array of affine G1 points, made and understood by one engine only."""


class Operation(IntEnum):
    """What one row (operation, destination, left, right) of a ``Program`` does."""

    COLUMN = 0
    """register[destination] = columns[left][(row + right) mod n]; right may be negative."""
    SCALAR = 1
    """register[destination] = scalars[left]."""
    ADD = 2
    SUBTRACT = 3
    MULTIPLY = 4
    STORE = 5
    """output[destination][row] = register[left]."""


@dataclass(frozen=True)
class Program:
    """A straight-line computation applied to every row; registers are reused, order matters."""

    operations: NDArray[np.int32]
    """Shape (m, 4): operation, destination, left, right."""
    registers: int
    outputs: int


@dataclass(frozen=True)
class Column:
    """One column to commit: canonical limbs of shape (n, L), all values below 2**bits, where
    1 <= bits <= 254. Any strides will do."""

    limbs: Limbs
    bits: int


class Engine(Protocol):
    """Vector arithmetic over the BN254 scalar field and multi-scalar multiplication over G1.

    Domains are natural-order: element i of an evaluation vector belongs to shift * w**i, with
    w = ``zkroute.algebra.domain.root_of_unity(log_size)``. Inputs are never modified. Scalars
    given as ``int`` are any integers and count modulo r; scalars given back lie in [0, r).
    Shapes that do not fit raise ValueError; that limbs are canonical is the caller's word.
    """

    name: str

    def load(self, limbs: Limbs) -> Vector:
        """Vector of the given canonical scalars."""

    def store(self, vector: Vector) -> Limbs:
        """Canonical limbs, shape (n, 4)."""

    def from_integers(self, values: Sequence[int]) -> Vector:
        """Vector of values reduced modulo r."""

    def to_integers(self, vector: Vector) -> list[int]:
        """The canonical integers of a vector."""

    def length(self, vector: Vector) -> int:
        """Number of elements."""

    def add(self, left: Vector, right: Vector) -> Vector:
        """Elementwise sum of equal-length vectors."""

    def multiply(self, left: Vector, right: Vector) -> Vector:
        """Elementwise product of equal-length vectors."""

    def scale(self, vector: Vector, factor: int) -> Vector:
        """Every element times one scalar."""

    def inverse(self, vector: Vector) -> Vector:
        """Elementwise inverse (Montgomery's trick). Raises ZeroDivisionError at a zero."""

    def running_sum(self, vector: Vector) -> tuple[Vector, int]:
        """Exclusive prefix sums (first element 0) and the total."""

    def linear_combination(self, vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
        """Sum of scalar times vector, as long as the longest; shorter ones count as padded with
        zeros. The sum of nothing has length 0."""

    def concatenate(self, vectors: Sequence[Vector]) -> Vector:
        """Vectors one after another."""

    def slice(self, vector: Vector, start: int, stop: int) -> Vector:
        """Elements start..stop-1, for 0 <= start <= stop <= length."""

    def interpolate(self, values: Vector) -> Vector:
        """Coefficients (natural order, length n) of the polynomial with these values on H, whose
        size n = 2**k is the number of values."""

    def evaluate_on_coset(self, coefficients: Vector, log_size: int, shift: int) -> Vector:
        """Values on shift * H of size 2**log_size; longer inputs are folded by X^n = shift^n."""

    def interpolate_from_coset(self, values: Vector, shift: int) -> Vector:
        """Coefficients of the degree < n polynomial with these values on shift * H."""

    def interpolate_all(self, columns: Sequence[Vector]) -> list[Vector]:
        """``interpolate`` of each: the processors take whole columns, which is faster."""

    def evaluate_all_on_coset(
        self, columns: Sequence[Vector], log_size: int, shift: int
    ) -> list[Vector]:
        """``evaluate_on_coset`` of each, likewise."""

    def evaluate(self, coefficients: Vector, point: int) -> int:
        """The polynomial's value at one point."""

    def divide_by_linear(self, coefficients: Vector, point: int) -> Vector:
        """Quotient of p(X) - p(point) by X - point; one coefficient shorter than p, which has at
        least one."""

    def run(
        self, program: Program, columns: Sequence[Vector], scalars: Sequence[int]
    ) -> list[Vector]:
        """Outputs of a program over one or more equal-length columns, rotations wrapping around."""

    def load_points(self, points: Limbs) -> Bases:
        """Bases from canonical affine coordinates, shape (n, 8): x limbs then y limbs, infinity
        as all zero. The caller has checked that the points are on the curve."""

    def multi_scalar_multiplication(self, bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
        """One sum of scalar times base per column; a column may be shorter than the bases, not
        longer."""

    def fixed_base_powers(self, scalars: Vector) -> Limbs:
        """[s]G for each scalar s, as canonical affine limbs of shape (n, 8)."""

    def lagrange_points(self, powers: Limbs) -> Limbs:
        """[L_i(tau)]G for i in H from [tau**i]G, both (n, 8), n a power of two (group iNTT)."""


KERNELS = ("auto", "portable", "ifma", "reference")


def engine(kernel: str | None = None) -> Engine:
    """The engine named by ``kernel``, else by ZKROUTE_KERNEL, else the fastest that runs here.

    Raises UsageError for an unknown name or a kernel this processor cannot run.
    """
    name = kernel or os.environ.get("ZKROUTE_KERNEL") or "auto"
    if name not in KERNELS:
        raise UsageError(f"kernel {name!r} is unknown; choose one of {', '.join(KERNELS)}")
    return _make_engine(name)


@cache
def _make_engine(name: str) -> Engine:
    reference = name == "reference"
    # by name: the verifier imports this module and must never load compiled code
    module = "zkroute.algebra.reference_engine" if reference else "zkroute.kernels.select"
    made: Engine = importlib.import_module(module).make_engine(name)
    return made
