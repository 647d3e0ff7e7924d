"""The reference engine: every operation in plain Python integers, as its definition reads.

It is the oracle the compiled engines are compared with, and the fallback where they cannot run.
A ``Vector`` is a list of canonical integers, ``Bases`` a list of points. Unlike compiled engines it
also checks that limbs are canonical and that columns keep to their width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkroute.algebra.domain import TWO_ADICITY, powers, root_of_unity
from zkroute.algebra.engine import Column, Limbs, Operation, Program
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    PointG1,
    add_pairs_g1,
    linear_combination_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS, batch_invert, invert

Vector = list[int]
Bases = list[PointG1]


def make_engine(name: str) -> ReferenceEngine:
    """The reference engine; ``name`` is always "reference"."""
    if name != ReferenceEngine.name:
        raise ValueError(f"this module makes the reference engine, not {name!r}")
    return ReferenceEngine()


class ReferenceEngine:
    """``Engine`` in plain Python; see there for what each method guarantees."""

    name = "reference"

    def load(self, limbs: Limbs) -> Vector:
        """Vector of the given canonical scalars. Raises ValueError for one not below r."""
        vector = _integers(limbs, 4)
        if any(value >= MODULUS for value in vector):
            raise ValueError("a scalar is not below the group order")
        return vector

    def store(self, vector: Vector) -> Limbs:
        """Canonical limbs, shape (n, 4)."""
        return _limbs(vector, 4)

    def from_integers(self, values: Sequence[int]) -> Vector:
        """Vector of values reduced modulo r."""
        return [int(value) % MODULUS for value in values]

    def to_integers(self, vector: Vector) -> list[int]:
        """The canonical integers of a vector."""
        return list(vector)

    def length(self, vector: Vector) -> int:
        """Number of elements."""
        return len(vector)

    def add(self, left: Vector, right: Vector) -> Vector:
        """Elementwise sum."""
        return [(a + b) % MODULUS for a, b in zip(left, right, strict=True)]

    def multiply(self, left: Vector, right: Vector) -> Vector:
        """Elementwise product."""
        return [a * b % MODULUS for a, b in zip(left, right, strict=True)]

    def scale(self, vector: Vector, factor: int) -> Vector:
        """Every element times one scalar."""
        return [value * factor % MODULUS for value in vector]

    def inverse(self, vector: Vector) -> Vector:
        """Elementwise inverse. Raises ZeroDivisionError at a zero."""
        return batch_invert(vector)

    def running_sum(self, vector: Vector) -> tuple[Vector, int]:
        """Exclusive prefix sums and the total."""
        sums = []
        total = 0
        for value in vector:
            sums.append(total)
            total = (total + value) % MODULUS
        return sums, total

    def linear_combination(self, vectors: Sequence[Vector], scalars: Sequence[int]) -> Vector:
        """Sum of scalar times vector, shorter ones padded with zeros."""
        combination = [0] * max(map(len, vectors), default=0)
        for vector, scalar in zip(vectors, scalars, strict=True):
            for index, value in enumerate(vector):
                combination[index] = (combination[index] + scalar * value) % MODULUS
        return combination

    def concatenate(self, vectors: Sequence[Vector]) -> Vector:
        """Vectors one after another."""
        return [value for vector in vectors for value in vector]

    def slice(self, vector: Vector, start: int, stop: int) -> Vector:
        """Elements start..stop-1."""
        if not 0 <= start <= stop <= len(vector):
            raise ValueError(f"a vector of {len(vector)} elements has no slice {start}..{stop}")
        return vector[start:stop]

    def interpolate(self, values: Vector) -> Vector:
        """Coefficients of the polynomial with these values on H."""
        return self.interpolate_from_coset(values, 1)

    def evaluate_on_coset(self, coefficients: Vector, log_size: int, shift: int) -> Vector:
        """Values on shift * H of size 2**log_size."""
        root = root_of_unity(log_size)
        folded = [0] * (1 << log_size)
        # x = shift * y with y in H, so the coefficient of y^i gathers those of x^(i + jn)
        factors = powers(shift, len(coefficients))
        for index, (value, factor) in enumerate(zip(coefficients, factors, strict=True)):
            position = index % len(folded)
            folded[position] = (folded[position] + value * factor) % MODULUS
        return _transform(folded, root)

    def interpolate_from_coset(self, values: Vector, shift: int) -> Vector:
        """Coefficients of the degree < n polynomial with these values on shift * H."""
        log_size = _log_size(len(values))
        unscaled = _transform(values, invert(root_of_unity(log_size)))
        size_inverse = invert(len(values))
        factors = powers(invert(shift), len(values))
        return [
            value * size_inverse * factor % MODULUS
            for value, factor in zip(unscaled, factors, strict=True)
        ]

    def interpolate_all(self, columns: Sequence[Vector]) -> list[Vector]:
        """Coefficients of each."""
        return [self.interpolate(values) for values in columns]

    def evaluate_all_on_coset(
        self, columns: Sequence[Vector], log_size: int, shift: int
    ) -> list[Vector]:
        """Values of each."""
        return [self.evaluate_on_coset(column, log_size, shift) for column in columns]

    def evaluate(self, coefficients: Vector, point: int) -> int:
        """The polynomial's value at one point, by Horner's rule."""
        result = 0
        for coefficient in reversed(coefficients):
            result = (result * point + coefficient) % MODULUS
        return result

    def divide_by_linear(self, coefficients: Vector, point: int) -> Vector:
        """Quotient of p(X) - p(point) by X - point, by synthetic division."""
        if not coefficients:
            raise ValueError("a polynomial to divide has at least one coefficient")
        quotient = []
        carried = 0
        for coefficient in reversed(coefficients[1:]):
            carried = (carried * point + coefficient) % MODULUS
            quotient.append(carried)
        return quotient[::-1]

    def run(
        self, program: Program, columns: Sequence[Vector], scalars: Sequence[int]
    ) -> list[Vector]:
        """Outputs of a program over equal-length columns."""
        lengths = {len(column) for column in columns}
        if len(lengths) != 1:
            raise ValueError("a program needs one or more columns, all of one length")
        rows = lengths.pop()
        registers: list[Vector] = [[0] * rows for _ in range(program.registers)]
        outputs: list[Vector] = [[0] * rows for _ in range(program.outputs)]
        for operation, destination, left, right in program.operations.tolist():
            match operation:
                case Operation.COLUMN:
                    column = columns[left]
                    value = [column[(row + right) % rows] for row in range(rows)]
                    registers[destination] = value
                case Operation.SCALAR:
                    registers[destination] = [scalars[left] % MODULUS] * rows
                case Operation.ADD:
                    registers[destination] = self.add(registers[left], registers[right])
                case Operation.SUBTRACT:
                    negative = self.scale(registers[right], -1)
                    registers[destination] = self.add(registers[left], negative)
                case Operation.MULTIPLY:
                    registers[destination] = self.multiply(registers[left], registers[right])
                case Operation.STORE:
                    outputs[destination] = list(registers[left])
                case _:
                    raise ValueError(f"a program has no operation {operation}")
        return outputs

    def load_points(self, points: Limbs) -> Bases:
        """Bases from canonical affine coordinates. Raises ValueError for one not below p."""
        return _points(points)

    def multi_scalar_multiplication(self, bases: Bases, columns: Sequence[Column]) -> list[PointG1]:
        """One sum of scalar times base per column."""
        return [self._sum_column(bases, column) for column in columns]

    def _sum_column(self, bases: Bases, column: Column) -> PointG1:
        scalars = self.load(column.limbs)
        if len(scalars) > len(bases):
            raise ValueError(f"{len(scalars)} scalars need as many bases, here are {len(bases)}")
        if any(scalar >> column.bits for scalar in scalars):
            raise ValueError(f"a scalar of a column is not below 2**{column.bits}")
        return linear_combination_g1(bases[: len(scalars)], scalars)

    def fixed_base_powers(self, scalars: Vector) -> Limbs:
        """[s]G for each scalar s, as limbs of shape (n, 8)."""
        return _point_limbs([multiply_g1(GENERATOR_G1, scalar) for scalar in scalars])

    def lagrange_points(self, powers: Limbs) -> Limbs:
        """[L_i(tau)]G for i in H from [tau**i]G."""
        points = _points(powers)
        log_size = _log_size(len(points))
        size_inverse = invert(len(points))
        sums = _transform_points(points, invert(root_of_unity(log_size)))
        return _point_limbs([multiply_g1(point, size_inverse) for point in sums])


def _log_size(size: int) -> int:
    """k for size = 2**k. Raises ValueError for a size that no domain has."""
    log_size = size.bit_length() - 1
    if size < 1 or size & (size - 1) or log_size > TWO_ADICITY:
        raise ValueError(f"{size} is not the size of a domain: a power of two up to 2^28")
    return log_size


def _transform(values: Vector, root: int) -> Vector:
    """p(root^i) for every i, p with these coefficients: the radix-2 recursion of Cooley, Tukey."""
    if len(values) == 1:
        return list(values)
    square = root * root % MODULUS
    even = _transform(values[0::2], square)
    odd = _transform(values[1::2], square)
    twisted = [
        factor * value % MODULUS for factor, value in zip(powers(root, len(odd)), odd, strict=True)
    ]
    sums = [(a + b) % MODULUS for a, b in zip(even, twisted, strict=True)]
    differences = [(a - b) % MODULUS for a, b in zip(even, twisted, strict=True)]
    return sums + differences


def _transform_points(points: Bases, root: int) -> Bases:
    """``_transform`` with points for coefficients."""
    if len(points) == 1:
        return list(points)
    square = root * root % MODULUS
    even = _transform_points(points[0::2], square)
    odd = _transform_points(points[1::2], square)
    twisted = [
        multiply_g1(point, factor)
        for factor, point in zip(powers(root, len(odd)), odd, strict=True)
    ]
    negated = [negate_g1(point) for point in twisted]
    return add_pairs_g1(
        list(zip(even, twisted, strict=True)) + list(zip(even, negated, strict=True))
    )


def _integers(limbs: Limbs, most: int) -> list[int]:
    """The integers in rows of little-endian 64-bit limbs."""
    if limbs.ndim != 2 or not 1 <= limbs.shape[1] <= most or limbs.dtype != np.uint64:
        raise ValueError(f"limbs must be uint64 of shape (n, 1..{most})")
    data = limbs.astype("<u8").tobytes()
    width = 8 * limbs.shape[1]
    return [
        int.from_bytes(data[start : start + width], "little")
        for start in range(0, len(data), width)
    ]


def _limbs(values: Sequence[int], count: int) -> Limbs:
    """Rows of ``count`` little-endian 64-bit limbs."""
    data = b"".join(value.to_bytes(8 * count, "little") for value in values)
    return np.frombuffer(data, dtype="<u8").reshape(len(values), count).astype(np.uint64)


def _points(limbs: Limbs) -> Bases:
    """Points from rows of eight limbs; all zero is infinity."""
    if limbs.ndim != 2 or limbs.shape[1] != 8:
        raise ValueError("limbs of points must be uint64 of shape (n, 8)")
    xs, ys = _integers(limbs[:, :4], 4), _integers(limbs[:, 4:], 4)
    if any(coordinate >= FIELD_MODULUS for coordinate in (*xs, *ys)):
        raise ValueError("a coordinate is not below the field modulus")
    return [(x, y) if x or y else None for x, y in zip(xs, ys, strict=True)]


def _point_limbs(points: Bases) -> Limbs:
    """Rows of eight limbs, x then y; infinity is all zero."""
    coordinates = [value for point in points for value in point or (0, 0)]
    return _limbs(coordinates, 4).reshape(len(points), 8)
