"""The accumulator: the running sum of every table's fractions, totals included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from circuits.ir.expression import total
from circuits.ir.lowering import LoweredCircuit
from prover.compile import compile_expressions
from zkroute.algebra.engine import Engine, Vector
from zkroute.algebra.scalars import MODULUS, invert


@dataclass(frozen=True)
class Accumulated:
    """The accumulator's values, the embedded tables' coefficients, and what is left over."""

    values: Vector
    embedded: dict[tuple[str, str], Vector]
    remainder: int
    """Zero exactly if every bus balances and every total holds."""


def accumulate(
    engine: Engine,
    lowered: LoweredCircuit,
    values: Mapping[tuple[str, str], Vector],
    coefficients: Mapping[tuple[str, str], Vector],
    scalars: Mapping[str, int],
) -> Accumulated:
    """The running sum over the main table's rows.

    Raises ZeroDivisionError if a late denominator is zero (chance below 2**-220).
    """
    accumulation = lowered.accumulation
    main = lowered.circuit.tables[lowered.circuit.main]
    embedded = embedded_coefficients(engine, lowered, coefficients, scalars)
    inputs = dict(values) | {
        place: engine.evaluate_on_coset(vector, main.log_rows, 1)
        for place, vector in embedded.items()
    }
    plain = (
        total(accumulation.rows)
        + total(accumulation.embedded)
        - accumulation.offset * lowered.row_share
    )
    expressions = [plain]
    if accumulation.late is not None:
        expressions += [accumulation.late.numerator, accumulation.late.denominator]
    compiled = compile_expressions(expressions, scalars)
    outputs = engine.run(
        compiled.program, [inputs[place] for place in compiled.inputs], compiled.scalars
    )
    steps = outputs[0]
    if accumulation.late is not None:
        steps = engine.add(steps, engine.multiply(outputs[1], engine.inverse(outputs[2])))
    running, remainder = engine.running_sum(steps)
    return Accumulated(running, embedded, remainder)


def embedded_coefficients(
    engine: Engine,
    lowered: LoweredCircuit,
    coefficients: Mapping[tuple[str, str], Vector],
    scalars: Mapping[str, int],
) -> dict[tuple[str, str], Vector]:
    """Coefficients of (m/n) (X^n - 1)/(X^m - 1) g(X) for each smaller table's summands g.

    The factor is sum_i X^(i m) for i < n/m, so the coefficients of g repeat. g has at most twice
    the table's degree (one product: a mask with its public weight, or a count with itself).
    """
    circuit = lowered.circuit
    large = circuit.tables[circuit.main].rows
    result: dict[tuple[str, str], Vector] = {}
    for part in lowered.accumulation.embedded:
        table = circuit.tables[part.table]
        compiled = compile_expressions([part.inner], scalars)
        log_size = table.log_rows + 2  # room for degree 2 (m - 1 + blinding) < 4 m
        inputs = [coefficients[place] for place in compiled.inputs]
        columns = engine.evaluate_all_on_coset(inputs, log_size, 1)
        values = engine.run(compiled.program, columns, compiled.scalars)[0]
        inner = engine.interpolate(values)
        copies = large // table.rows
        scaled = engine.scale(inner, invert(copies) % MODULUS)
        result["embedded", part.table] = _repeat(engine, scaled, table.rows, copies)
    return result


def _repeat(engine: Engine, vector: Vector, period: int, copies: int) -> Vector:
    """sum_i X^(i period) p(X) for i < copies, where p has 4 * period coefficients."""
    quarters = [engine.slice(vector, k * period, (k + 1) * period) for k in range(4)]
    blocks = []
    sums: dict[tuple[int, int], Vector] = {}
    for block in range(copies + 3):
        first, last = max(0, block - copies + 1), min(3, block)
        if (first, last) not in sums:
            sums[first, last] = engine.linear_combination(
                quarters[first : last + 1], [1] * (last - first + 1)
            )
        blocks.append(sums[first, last])
    return engine.concatenate(blocks)
