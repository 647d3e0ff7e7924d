"""What a proof computes besides transforms and multiplications, on the columns of a circuit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from circuits.routing import RoutingCircuit, routing_circuit
from circuits.statement import smallest_log_rows
from prover.arguments.helpers import helper_columns
from prover.compile import compile_expressions
from prover.quotient import fold_gates, table_quotient
from tests.benchmarks.conftest import Timing
from tests.benchmarks.samples import scalar_limbs
from zkroute.algebra.engine import Engine, Vector
from zkroute.algebra.engine import engine as make_engine
from zkroute.model.examples import trades_policy
from zkroute.model.policy import parse_policy

NODES = 16
FEW_ROWS = 256
"""As many as plain Python checks in no time."""


class Challenges(dict[str, int]):
    """A scalar for whatever name a circuit asks for."""

    def __missing__(self, name: str) -> int:
        return int.from_bytes(name.encode(), "little")


@cache
def circuit_of(log_rows: int) -> RoutingCircuit:
    policy = parse_policy(trades_policy(NODES), "benchmark policy")
    return routing_circuit(policy, max(log_rows, smallest_log_rows(policy, 0)))


def columns_of(
    engine: Engine, circuit: RoutingCircuit, places: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Vector]:
    """Uniform columns, none of them zero anywhere; they satisfy nothing, which costs the same."""
    tables = circuit.lowered.circuit.tables
    main = tables[circuit.lowered.circuit.main]
    columns = {}
    for seed, (table, column) in enumerate(sorted(set(places))):
        rows = tables[table].rows if table in tables else main.rows
        columns[table, column] = engine.load(scalar_limbs(rows, seed=seed))
    return columns


@pytest.mark.benchmark(group="quotient program")
def test_quotient_program(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    circuit = circuit_of(log_rows - 2)
    lowered = circuit.lowered.circuit
    gates = [gate.expression for gate in circuit.lowered.gates[lowered.main]]
    compiled = compile_expressions([fold_gates(gates)], Challenges())
    columns = columns_of(engine, circuit, compiled.inputs)
    inputs = [columns[place] for place in compiled.inputs]
    (folded,) = timing(lambda: engine.run(compiled.program, inputs, compiled.scalars))
    assert engine.length(folded) == lowered.tables[lowered.main].rows
    if engine.length(folded) <= FEW_ROWS:
        plain = make_engine("reference")
        inputs = [plain.load(engine.store(column)) for column in inputs]
        (expected,) = plain.run(compiled.program, inputs, compiled.scalars)
        assert (engine.store(folded) == plain.store(expected)).all()


@pytest.mark.benchmark(group="quotient of the orders table")
def test_quotient(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    circuit = circuit_of(log_rows - 2)
    lowered = circuit.lowered.circuit
    main, challenges = lowered.main, Challenges()
    gates = [gate.expression for gate in circuit.lowered.gates[main]]
    inputs = compile_expressions([fold_gates(gates)], challenges).inputs
    coefficients = columns_of(engine, circuit, inputs)
    quotient = timing(
        lambda: table_quotient(engine, circuit.lowered, main, 1, challenges, coefficients)
    )
    assert engine.length(quotient) > (lowered.degree - 1) * lowered.tables[main].rows


@pytest.mark.benchmark(group="lookup fractions")
def test_lookup_fractions(engine: Engine, timing: Timing[Any], log_rows: int) -> None:
    circuit = circuit_of(log_rows - 2)
    challenges = Challenges()
    helpers = circuit.lowered.helpers
    sides = [side for helper in helpers for side in (helper.numerator, helper.denominator)]
    compiled = compile_expressions(sides, challenges)
    values = columns_of(engine, circuit, compiled.inputs)
    filled = timing(lambda: helper_columns(engine, circuit.lowered, values, challenges))
    assert len(filled) == len(helpers)
    first = compile_expressions(sides[:2], challenges)
    inputs = [values[place] for place in first.inputs]
    numerator, denominator = engine.run(first.program, inputs, first.scalars)
    product = engine.multiply(filled[helpers[0].table, helpers[0].name], denominator)
    assert (engine.store(product) == engine.store(numerator)).all()
