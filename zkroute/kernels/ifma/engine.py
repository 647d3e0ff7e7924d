"""The engine of AVX-512 IFMA kernels: checks shapes and hands on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkroute.algebra.domain import TWO_ADICITY
from zkroute.algebra.engine import Column, Limbs, Operation, Program
from zkroute.algebra.groups import PointG1
from zkroute.kernels._threads import map_all
from zkroute.kernels.ifma import msm, multiples, polynomials, programs, transform
from zkroute.kernels.ifma import vectors as whole
from zkroute.kernels.ifma.bases import Bases, load_points
from zkroute.kernels.ifma.memory import Vector
from zkroute.kernels.ifma.points import POINT_WORDS
from zkroute.kernels.ifma.scalar_field import MODULUS


class IfmaEngine:
    """``Engine`` on eight lanes of 52-bit limbs; see there for what each method guarantees.

    Every method may be called from several threads at once.
    """

    name = "ifma"

    def load(self, limbs: Limbs) -> Vector:
        """Vector of the given canonical scalars."""
        _check_scalars(limbs)
        return whole.load(limbs)

    def store(self, vector: Vector) -> Limbs:
        """Canonical limbs, shape (n, 4)."""
        return whole.store(vector)

    def from_integers(self, values: Sequence[int]) -> Vector:
        """Vector of values reduced modulo r."""
        data = b"".join((int(value) % MODULUS).to_bytes(32, "little") for value in values)
        return whole.load(np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, 4))

    def to_integers(self, vector: Vector) -> list[int]:
        """The canonical integers of a vector."""
        data = whole.store(vector).astype("<u8").tobytes()
        return [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]

    def length(self, vector: Vector) -> int:
        """Number of elements."""
        return vector.length

    def add(self, left: Vector, right: Vector) -> Vector:
        """Elementwise sum of equal-length vectors."""
        _check_lengths([left, right])
        return whole.add(left, right)

    def multiply(self, left: Vector, right: Vector) -> Vector:
        """Elementwise product of equal-length vectors."""
        _check_lengths([left, right])
        return whole.multiply(left, right)

    def scale(self, vector: Vector, factor: int) -> Vector:
        """Every element times one scalar."""
        return whole.scale(vector, factor)

    def inverse(self, vector: Vector) -> Vector:
        """Elementwise inverse. Raises ZeroDivisionError at a zero."""
        return whole.inverse(vector)

    def running_sum(self, vector: Vector) -> tuple[Vector, int]:
        """Exclusive prefix sums and the total."""
        return whole.running_sum(vector)

    def linear_combination(self, vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
        """Sum of scalar times vector; shorter vectors count as padded with zeros."""
        if len(vectors) != len(scalars):
            raise ValueError(f"{len(vectors)} vectors cannot be combined by {len(scalars)} scalars")
        return whole.linear_combination(vectors, scalars)

    def concatenate(self, vectors: Sequence[Vector]) -> Vector:
        """Vectors one after another."""
        return whole.concatenate(vectors)

    def slice(self, vector: Vector, start: int, stop: int) -> Vector:
        """Elements start..stop-1."""
        if not 0 <= start <= stop <= vector.length:
            raise ValueError(f"a vector of {vector.length} elements has no slice {start}..{stop}")
        return whole.cut(vector, start, stop)

    def interpolate(self, values: Vector) -> Vector:
        """Coefficients of the polynomial with these values on H."""
        return self.interpolate_from_coset(values, 1)

    def evaluate_on_coset(self, coefficients: Vector, log_size: int, shift: int) -> Vector:
        """Values on shift * H of size 2**log_size."""
        if not 0 <= log_size <= TWO_ADICITY:
            raise ValueError(f"no domain has size 2^{log_size}")
        return transform.evaluate(coefficients, log_size, shift)

    def interpolate_from_coset(self, values: Vector, shift: int) -> Vector:
        """Coefficients of the degree < n polynomial with these values on shift * H."""
        return transform.interpolate(values, _log_size(values.length), shift)

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
        return polynomials.evaluate(coefficients, point)

    def divide_by_linear(self, coefficients: Vector, point: int) -> Vector:
        """Quotient of p(X) - p(point) by X - point."""
        if not coefficients.length:
            raise ValueError("a polynomial without coefficients cannot be divided")
        return polynomials.divide_by_linear(coefficients, point)

    def run(
        self, program: Program, columns: Sequence[Vector], scalars: Sequence[int]
    ) -> list[Vector]:
        """Outputs of a program over one or more equal-length columns."""
        if not columns:
            raise ValueError("a program needs at least one column")
        _check_lengths(columns)
        _check_program(program, len(columns), len(scalars))
        return programs.run(program, columns, scalars)

    def load_points(self, points: Limbs) -> Bases:
        """Bases from canonical affine coordinates, shape (n, 8)."""
        _check_points(points)
        return load_points(points)

    def multi_scalar_multiplication(self, bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
        """One sum of scalar times base per column."""
        for column in columns:
            _check_scalars(column.limbs)
            if not 1 <= column.bits <= MODULUS.bit_length():
                raise ValueError(f"a column cannot have scalars of {column.bits} bits")
            if len(column.limbs) > len(bases.finite):
                raise ValueError(
                    f"a column of {len(column.limbs)} scalars is too long for "
                    f"{len(bases.finite)} bases"
                )
        return msm.multi_scalar_multiplication(bases, columns)

    def fixed_base_powers(self, scalars: Vector) -> Limbs:
        """[s]G for each scalar s, as canonical affine limbs of shape (n, 8)."""
        return multiples.fixed_base_powers(scalars)

    def lagrange_points(self, powers: Limbs) -> Limbs:
        """[L_i(tau)]G for i in H from [tau**i]G, both (n, 8), n a power of two."""
        _check_points(powers)
        _log_size(len(powers))
        return multiples.lagrange_points(powers)


def _check_scalars(limbs: Limbs) -> None:
    if limbs.ndim != 2 or not 1 <= limbs.shape[1] <= 4 or limbs.dtype != np.uint64:
        raise ValueError("limbs of scalars must be uint64 of shape (n, 1..4)")


def _check_program(program: Program, columns: int, scalars: int) -> None:
    """Every number in a program is one of something that exists; kernels would not notice."""
    registers = program.registers
    limits = {
        Operation.COLUMN: (registers, columns, None),
        Operation.SCALAR: (registers, scalars, None),
        Operation.ADD: (registers, registers, registers),
        Operation.SUBTRACT: (registers, registers, registers),
        Operation.MULTIPLY: (registers, registers, registers),
        Operation.STORE: (program.outputs, registers, None),
    }
    codes = program.operations[:, 0]
    if not np.isin(codes, list(limits)).all():
        raise ValueError("a program has an operation that does not exist")
    for operation, operands in limits.items():
        rows = program.operations[codes == operation, 1:]
        for position, limit in enumerate(operands):
            numbers = rows[:, position]
            if limit is not None and ((numbers < 0) | (numbers >= limit)).any():
                raise ValueError(f"operand {position + 1} of a {operation.name} is out of range")


def _check_points(points: Limbs) -> None:
    if points.ndim != 2 or points.shape[1] != POINT_WORDS or points.dtype != np.uint64:
        raise ValueError("limbs of points must be uint64 of shape (n, 8)")


def _check_lengths(together: Sequence[Vector]) -> None:
    lengths = {vector.length for vector in together}
    if len(lengths) > 1:
        raise ValueError(f"vectors of lengths {sorted(lengths)} cannot be worked on together")


def _log_size(length: int) -> int:
    if length < 1 or length & (length - 1) or length > 1 << TWO_ADICITY:
        raise ValueError(f"no domain has {length} elements")
    return length.bit_length() - 1
