"""Helper columns: on every row the sum of the bus fractions they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from circuits.ir.lowering import LoweredCircuit
from prover.compile import compile_expressions
from zkroute.algebra.engine import Engine, Vector


def helper_columns(
    engine: Engine,
    lowered: LoweredCircuit,
    values: Mapping[tuple[str, str], Vector],
    scalars: Mapping[str, int],
) -> dict[tuple[str, str], Vector]:
    """Values of every helper column on its table's rows, by (table, column).

    Raises ZeroDivisionError if a denominator is zero: the bus challenges hit a tuple, which has
    a chance below 2**-220; the caller starts over with fresh blinding.
    """
    filled: dict[tuple[str, str], Vector] = {}
    for table in lowered.circuit.tables.values():
        helpers = [helper for helper in lowered.helpers if helper.table == table.name]
        if not helpers:
            continue
        expressions = [helper.numerator for helper in helpers]
        expressions += [helper.denominator for helper in helpers]
        compiled = compile_expressions(expressions, scalars)
        outputs = engine.run(
            compiled.program, [values[place] for place in compiled.inputs], compiled.scalars
        )
        numerators, denominators = outputs[: len(helpers)], outputs[len(helpers) :]
        inverses = engine.inverse(engine.concatenate(denominators))
        for number, (helper, numerator) in enumerate(zip(helpers, numerators, strict=True)):
            inverse = engine.slice(inverses, number * table.rows, (number + 1) * table.rows)
            filled[table.name, helper.name] = engine.multiply(numerator, inverse)
    return filled
