"""``PortableEngine``: the algebra facade on compiled kernels that run on every processor.

A ``Vector`` is an array of shape (n, 4) in Montgomery form, ``Bases`` one of shape (n, 8). Here
arguments are checked; kernels below this file check nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkroute.algebra.domain import TWO_ADICITY, root_of_unity
from zkroute.algebra.engine import Column, Limbs, Program
from zkroute.algebra.groups import GENERATOR_G1, PointG1
from zkroute.kernels._threads import map_all
from zkroute.kernels.portable import group_transform, ntt, whole_vectors
from zkroute.kernels.portable.curve import scale_coordinates
from zkroute.kernels.portable.field import (
    MODULUS_P,
    MODULUS_R,
    RADIX,
)
from zkroute.kernels.portable.msm_plan import multiply_columns
from zkroute.kernels.portable.program import first_invalid, run_range
from zkroute.kernels.portable.vector import add_range, multiply_range

Vector = NDArray[np.uint64]
Bases = NDArray[np.uint64]

_PLAN_BYTES = 1 << 28
"""Memory that tables for transforms may keep."""


class PortableEngine:
    """``Engine`` on portable kernels; see there for what each method guarantees.

    May be used from several threads at once. Methods raise ValueError for arguments whose shapes
    or sizes do not fit; that scalars are below r and points on the curve is left to the caller.
    """

    name = "portable"

    def __init__(self) -> None:
        self._plans = ntt.PlanCache(_PLAN_BYTES)

    def load(self, limbs: Limbs) -> Vector:
        """Vector of the given canonical scalars, shape (n, L) with 1 <= L <= 4."""
        given = _limbs(limbs, range(1, 5))
        padded = np.zeros((len(given), 4), np.uint64)
        padded[:, : given.shape[1]] = given
        return whole_vectors.scaled(padded, RADIX * RADIX)

    def store(self, vector: Vector) -> Limbs:
        """Canonical limbs, shape (n, 4)."""
        return whole_vectors.scaled(vector, 1)

    def from_integers(self, values: Sequence[int]) -> Vector:
        """Vector of values reduced modulo r."""
        reduced = whole_vectors.words([int(value) % MODULUS_R for value in values])
        return whole_vectors.scaled(reduced, RADIX * RADIX)

    def to_integers(self, vector: Vector) -> list[int]:
        """The canonical integers of a vector."""
        return whole_vectors.integers(self.store(vector))

    def length(self, vector: Vector) -> int:
        """Number of elements."""
        return len(vector)

    def add(self, left: Vector, right: Vector) -> Vector:
        """Elementwise sum of equal-length vectors."""
        _require_equal_lengths([left, right])
        return whole_vectors.elementwise(add_range, left, right)

    def multiply(self, left: Vector, right: Vector) -> Vector:
        """Elementwise product of equal-length vectors."""
        _require_equal_lengths([left, right])
        return whole_vectors.elementwise(multiply_range, left, right)

    def scale(self, vector: Vector, factor: int) -> Vector:
        """Every element times one scalar."""
        return whole_vectors.scaled(vector, factor * RADIX)

    def inverse(self, vector: Vector) -> Vector:
        """Elementwise inverse (Montgomery's trick). Raises ZeroDivisionError at a zero."""
        return whole_vectors.inverse(vector)

    def running_sum(self, vector: Vector) -> tuple[Vector, int]:
        """Exclusive prefix sums (first element 0) and the total."""
        return whole_vectors.running_sum(vector)

    def linear_combination(self, vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
        """Sum of scalar times vector; shorter vectors count as padded with zeros."""
        if len(vectors) != len(scalars):
            raise ValueError(f"{len(vectors)} vectors were given with {len(scalars)} scalars")
        return whole_vectors.linear_combination(vectors, scalars)

    def concatenate(self, vectors: Sequence[Vector]) -> Vector:
        """Vectors one after another."""
        return np.concatenate([np.empty((0, 4), np.uint64), *vectors])

    def slice(self, vector: Vector, start: int, stop: int) -> Vector:
        """Elements start..stop-1; shares memory, as no method changes a vector."""
        if not 0 <= start <= stop <= len(vector):
            raise ValueError(f"a vector of {len(vector)} elements has no slice {start}..{stop}")
        return vector[start:stop]

    def interpolate(self, values: Vector) -> Vector:
        """Coefficients (natural order, length n) of the polynomial with these values on H."""
        return self.interpolate_from_coset(values, 1)

    def evaluate_on_coset(self, coefficients: Vector, log_size: int, shift: int) -> Vector:
        """Values on shift * H of size 2**log_size; longer inputs are folded by X^n = shift^n."""
        plan = self._plan(log_size, shift, inverse=False)
        folded = whole_vectors.folded(coefficients, 1 << log_size, shift)
        return ntt.transform(plan, folded)

    def interpolate_from_coset(self, values: Vector, shift: int) -> Vector:
        """Coefficients of the degree < n polynomial with these values on shift * H."""
        return ntt.transform(self._plan(_log_size(len(values)), shift, inverse=True), values)

    def interpolate_all(self, columns: Sequence[Vector]) -> list[Vector]:
        """Coefficients of each; a thread takes a whole column."""
        return map_all(self.interpolate, columns)

    def evaluate_all_on_coset(
        self, columns: Sequence[Vector], log_size: int, shift: int
    ) -> list[Vector]:
        """Values of each, likewise."""
        return map_all(lambda each: self.evaluate_on_coset(each, log_size, shift), columns)

    def evaluate(self, coefficients: Vector, point: int) -> int:
        """The polynomial's value at one point."""
        return whole_vectors.evaluate(coefficients, point % MODULUS_R)

    def divide_by_linear(self, coefficients: Vector, point: int) -> Vector:
        """Quotient of p(X) - p(point) by X - point; one coefficient shorter than p."""
        if len(coefficients) == 0:
            raise ValueError("a polynomial to divide has at least one coefficient")
        return whole_vectors.divide_by_linear(coefficients, point % MODULUS_R)

    def run(
        self, program: Program, columns: Sequence[Vector], scalars: Sequence[int]
    ) -> list[Vector]:
        """Outputs of a program over equal-length columns, rotations wrapping around.

        Raises ValueError naming the instruction that reads or writes what is not there.
        """
        operations = _instructions(program, len(columns), len(scalars))
        _require_equal_lengths(columns)
        rows = len(columns[0]) if columns else 0
        outputs = [np.empty((rows, 4), np.uint64) for _ in range(program.outputs)]
        constants = whole_vectors.montgomery(scalars)
        whole_vectors.over_ranges(
            partial(
                run_range,
                operations,
                whole_vectors.addresses(outputs),
                whole_vectors.addresses(columns),
                constants.ctypes.data,
                program.registers,
                rows,
            ),
            rows,
        )
        return outputs

    def load_points(self, points: Limbs) -> Bases:
        """Bases from canonical affine coordinates, shape (n, 8), infinity as all zero."""
        return _scaled_coordinates(_limbs(points, (8,)), RADIX * RADIX)

    def multi_scalar_multiplication(self, bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
        """One sum of scalar times base per column; a column may be shorter than the bases.

        Raises ValueError for a column that is longer, or whose values exceed its bits.
        """
        given = [(_limbs(column.limbs, range(1, 5)), column.bits) for column in columns]
        for limbs, bits in given:
            if len(limbs) > len(bases):
                raise ValueError(f"a column of {len(limbs)} scalars has {len(bases)} bases only")
            if not 0 < bits <= MODULUS_R.bit_length():
                raise ValueError(f"scalars have 1 to {MODULUS_R.bit_length()} bits, not {bits}")
        sums = _scaled_coordinates(multiply_columns(bases, given), 1)
        coordinates = whole_vectors.integers(sums)
        return [
            (x, y) if x or y else None
            for x, y in zip(coordinates[::2], coordinates[1::2], strict=True)
        ]

    def fixed_base_powers(self, scalars: Vector) -> Limbs:
        """[s]G for each scalar s, as canonical affine limbs of shape (n, 8)."""
        generator = self.load_points(whole_vectors.words(GENERATOR_G1 or ()).reshape(1, 8))
        points = group_transform.fixed_base_multiples(generator, self.store(scalars))
        return _scaled_coordinates(points, 1)

    def lagrange_points(self, powers: Limbs) -> Limbs:
        """[L_i(tau)]G for i in H from [tau**i]G, both (n, 8), n a power of two (group iNTT)."""
        root = root_of_unity(_log_size(len(powers)))
        points = group_transform.inverse_transform(self.load_points(powers), root)
        return _scaled_coordinates(points, 1)

    def _plan(self, log_size: int, shift: int, *, inverse: bool) -> ntt.Plan:
        if shift % MODULUS_R == 0:
            raise ValueError("a coset shift is not zero")
        return self._plans.get(log_size, root_of_unity(log_size), shift % MODULUS_R, inverse)


def _limbs(array: Limbs, widths: Sequence[int]) -> Limbs:
    """The array as kernels expect it, copied only if it is read-only or laid out otherwise."""
    if array.ndim != 2 or array.shape[1] not in widths or array.dtype != np.uint64:
        raise ValueError(
            f"limbs have type uint64 and shape (n, {widths[0]} .. {widths[-1]}), here is "
            f"{array.dtype} {array.shape}"
        )
    return np.require(array, requirements=["C", "W"])


def _require_equal_lengths(vectors: Sequence[Vector]) -> None:
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1:
        raise ValueError(f"vectors must be equally long, here are lengths {sorted(lengths)}")


def _log_size(length: int) -> int:
    log_size = length.bit_length() - 1
    if length != 1 << max(0, log_size) or log_size > TWO_ADICITY:
        raise ValueError(f"no domain has {length} elements: sizes are powers of two up to 2^28")
    return log_size


def _instructions(program: Program, columns: int, scalars: int) -> NDArray[np.int32]:
    """The program's instructions, after a check that the interpreter can trust them."""
    operations = np.require(program.operations, np.int32, ["C", "W"])
    if operations.ndim != 2 or operations.shape[1] != 4:
        raise ValueError(f"instructions have shape (m, 4), here is {operations.shape}")
    wrong = first_invalid(operations, program.registers, program.outputs, columns, scalars)
    if wrong == len(operations):
        raise ValueError("the program never stores one of its outputs")
    if wrong >= 0:
        raise ValueError(
            f"instruction {wrong} of the program, {operations[wrong].tolist()}, names an operation,"
            " register, column, scalar or output that is not there, or reads before writing"
        )
    return operations


def _scaled_coordinates(points: Limbs, factor: int) -> Limbs:
    """Every coordinate times ``factor`` / 2**256 modulo p."""
    output = np.empty_like(points)
    scalar = whole_vectors.words([factor % MODULUS_P])
    whole_vectors.over_ranges(partial(scale_coordinates, output, points, scalar), 2 * len(points))
    return output
