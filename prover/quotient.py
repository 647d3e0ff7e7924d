"""The quotient of a table's folded gates by its vanishing polynomial, in coefficients.

With gates of degree d at most and n rows the quotient has d - 1 blocks of n coefficients and,
because columns are blinded, a few more. It is found on d - 1 cosets of the domain and on one small
coset for the rest, so that no transform is longer than n:

    t = low + high * prod_i (X^n - c_i),   c_i = s_i^n,
    low mod (X^n - c_i) interpolates t on the coset s_i H.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from circuits.ir.expression import Challenge, Expression, powers
from circuits.ir.lowering import LoweredCircuit
from prover.blinding import MAXIMUM_BLINDING
from prover.compile import Compiled, compile_expressions
from zkroute.algebra.domain import root_of_unity, vanishing
from zkroute.algebra.engine import Engine, Vector
from zkroute.algebra.scalars import MODULUS, batch_invert, invert

SPARE_LOG = 6
SPARE = 1 << SPARE_LOG
"""Coefficients beyond (degree - 1) n; degree * (MAXIMUM_BLINDING - 1) < SPARE is asserted."""

GENERATOR = 5
"""The shifts s_i are its powers: 5 generates the scalar field's units, so their cosets differ."""

SPARE_SHIFT = 7
"""Its coset meets none of the others: no (7 / 5^i)^(2^28) is one."""

Coefficients = Mapping[tuple[str, str], Vector]
"""Blinded coefficients of every input column by (table, column)."""


@dataclass(frozen=True)
class _Task:
    """One table's folded gates, ready to evaluate on cosets."""

    engine: Engine
    folded: Expression
    scalars: Mapping[str, int]
    coefficients: Coefficients
    log_rows: int
    chunks: int


def table_quotient(
    engine: Engine,
    lowered: LoweredCircuit,
    table: str,
    first_weight: int,
    scalars: Mapping[str, int],
    coefficients: Coefficients,
) -> Vector:
    """Coefficients of first_weight * (sum_i gate_fold^i gate_i) / (X^rows - 1) of one table.

    Shape: (degree - 1) * rows + SPARE. The degree is the circuit's on the main table, whose blocks
    the chunks are made of, and that of the highest gate on any other. If the gates do not vanish
    on the domain the result is the coefficients of no quotient at all, and the verifier's identity
    fails.
    """
    circuit = lowered.circuit
    if circuit.degree * (MAXIMUM_BLINDING - 1) >= SPARE:
        raise ValueError("the quotient's spare coefficients cannot hold so much blinding")
    gates = [gate.expression for gate in lowered.gates[table]]
    highest = max(2, *(gate.degree for gate in gates))
    degree = circuit.degree if table == circuit.main else highest
    log_rows = circuit.tables[table].log_rows
    task = _Task(engine, fold_gates(gates), scalars, coefficients, log_rows, degree - 1)
    shifts = [pow(GENERATOR, i + 1, MODULUS) for i in range(task.chunks)]
    blocks = _low_blocks(task, shifts, first_weight)
    spare = _spare(task, shifts, blocks, first_weight)
    return _join(task, shifts, blocks, spare)


def fold_gates(gates: Sequence[Expression]) -> Expression:
    """gate_0 + fold gate_1 + fold^2 gate_2 + ... by Horner's rule."""
    return powers(Challenge("gate_fold"), gates)


def _low_blocks(task: _Task, shifts: Sequence[int], weight: int) -> list[Vector]:
    """Blocks of n coefficients of ``low``."""
    engine, rows = task.engine, 1 << task.log_rows
    compiled = compile_expressions([task.folded], task.scalars)
    residues = []
    for shift in shifts:
        values = _run_on_coset(task, compiled, task.log_rows, shift)
        residue = engine.interpolate_from_coset(values, shift)
        residues.append(engine.scale(residue, weight * invert(vanishing(rows, shift))))
    inverse = _inverse_vandermonde([pow(shift, rows, MODULUS) for shift in shifts])
    return [engine.linear_combination(residues, row) for row in inverse]


def _run_on_coset(task: _Task, compiled: Compiled, log_size: int, shift: int) -> Vector:
    inputs = [task.coefficients[place] for place in compiled.inputs]
    columns = task.engine.evaluate_all_on_coset(inputs, log_size, shift)
    return task.engine.run(compiled.program, columns, compiled.scalars)[0]


def _spare(task: _Task, shifts: Sequence[int], blocks: Sequence[Vector], weight: int) -> list[int]:
    """Coefficients of ``high`` from values on a coset of SPARE points."""
    engine, rows = task.engine, 1 << task.log_rows
    compiled = compile_expressions([task.folded], task.scalars, rotate_inputs=False)
    root = root_of_unity(task.log_rows)
    columns = []
    for table, column in compiled.inputs:
        rotated = column.endswith("'")
        shift = SPARE_SHIFT * root % MODULUS if rotated else SPARE_SHIFT
        place = (table, column.rstrip("'"))
        columns.append(engine.evaluate_on_coset(task.coefficients[place], SPARE_LOG, shift))
    numerator = engine.to_integers(engine.run(compiled.program, columns, compiled.scalars)[0])
    low = engine.to_integers(
        engine.evaluate_on_coset(engine.concatenate(blocks), SPARE_LOG, SPARE_SHIFT)
    )
    root_spare = root_of_unity(SPARE_LOG)
    powers_of_rows = [
        pow(SPARE_SHIFT * pow(root_spare, i, MODULUS), rows, MODULUS) for i in range(SPARE)
    ]
    inverse_vanishing = batch_invert([(power - 1) % MODULUS for power in powers_of_rows])
    products = []
    for power in powers_of_rows:
        product = 1
        for shift in shifts:
            product = product * (power - pow(shift, rows, MODULUS)) % MODULUS
        products.append(product)
    values = [
        (weight * top * below - rest) * inverse % MODULUS
        for top, below, rest, inverse in zip(
            numerator, inverse_vanishing, low, batch_invert(products), strict=True
        )
    ]
    return engine.to_integers(
        engine.interpolate_from_coset(engine.from_integers(values), SPARE_SHIFT)
    )


def _join(
    task: _Task, shifts: Sequence[int], blocks: Sequence[Vector], spare: Sequence[int]
) -> Vector:
    """low + high * prod (X^n - c_i); high has SPARE coefficients."""
    engine, rows = task.engine, 1 << task.log_rows
    product = [1]
    for shift in shifts:
        constant = pow(shift, rows, MODULUS)
        product = [
            (above - constant * here) % MODULUS
            for above, here in zip([0, *product], [*product, 0], strict=True)
        ]
    high = engine.from_integers(spare)
    length = (len(shifts)) * rows + SPARE
    parts = [engine.concatenate([*blocks, zeros(engine, SPARE)])]
    for position, factor in enumerate(product):
        before = zeros(engine, position * rows)
        shifted = engine.concatenate([before, engine.scale(high, factor)])
        parts.append(shifted)
    joined = engine.linear_combination(parts, [1] * len(parts))
    return engine.slice(joined, 0, length)


def zeros(engine: Engine, count: int) -> Vector:
    """A vector of zeros."""
    return engine.load(np.zeros((count, 1), dtype=np.uint64))


def _inverse_vandermonde(points: Sequence[int]) -> list[list[int]]:
    """Rows k, columns i: coefficient k of the Lagrange polynomial that is one at points[i]."""
    columns = []
    for i, here in enumerate(points):
        coefficients = [1]
        scale = 1
        for j, other in enumerate(points):
            if i != j:
                coefficients = [
                    (above - other * value) % MODULUS
                    for above, value in zip([0, *coefficients], [*coefficients, 0], strict=True)
                ]
                scale = scale * (here - other) % MODULUS
        factor = invert(scale)
        columns.append([value * factor % MODULUS for value in coefficients])
    return [list(row) for row in zip(*columns, strict=True)]
