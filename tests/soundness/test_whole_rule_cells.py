"""Single cells under the whole rule: closing segments, holds, bundles, margins, shards, figures."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from circuits.check import check_trace
from circuits.instance import Instance
from circuits.routing import RoutingCircuit
from prover.trace.limbs import to_integers
from tests.circuits.tracing import traced
from tests.oracle.documents import routed
from tests.oracle.random_policies import next_case, random_case, settled
from tests.support.cells import ChangeChecker, may_be_free, other_values, private_cells
from tests.support.claims import Columns
from tests.support.scenes import chained_scene


def sweep(
    circuit: RoutingCircuit, instance: Instance, columns: Columns, cells: int, rng: random.Random
) -> int:
    """Changes so many cells in every way; what goes unnoticed must be known to be harmless."""
    checker = ChangeChecker(circuit, instance, columns)
    every = list(private_cells(circuit))
    tried = 0
    for cell in rng.sample(every, min(cells, len(every))):
        value = columns[cell.table, cell.column][cell.row]
        for other in other_values(value, rng):
            tried += 1
            caught = checker.first_failure(cell, other) is not None
            assert caught or may_be_free(circuit, columns, cell), (cell, value, other)
    return tried


@pytest.mark.parametrize("seed", [1, 3])
def test_a_changed_cell_of_the_whole_rule_is_caught(seed: int) -> None:
    scene = chained_scene("whole rule", 23, seed)
    circuit, instance = scene.world.proving_key.circuit, scene.world.instance(scene.batch)
    assert check_trace(circuit, instance, scene.columns) == []
    assert sweep(circuit, instance, scene.columns, 1500, random.Random(seed)) > 4_000


@pytest.mark.parametrize("name", ["herfindahl", "max_count", "placed_count"])
def test_another_published_number_is_refused(name: str) -> None:
    scene = chained_scene("whole rule", 23, 3)
    circuit, instance = scene.world.proving_key.circuit, scene.world.instance(scene.batch)
    value = getattr(instance.figures, name)
    for other in (value + 1, value - 1, 0):
        figures = replace(instance.figures, **{name: other})
        assert check_trace(circuit, replace(instance, figures=figures), scene.columns)


@pytest.mark.parametrize("name", ["counts", "loads"])
def test_another_published_figure_of_any_node_is_refused(name: str) -> None:
    scene = chained_scene("whole rule", 23, 3)
    circuit, instance = scene.world.proving_key.circuit, scene.world.instance(scene.batch)
    values = getattr(instance.figures, name)
    for slot, value in enumerate(values):
        others = (*values[:slot], value + 1, *values[slot + 1 :])
        figures = replace(instance.figures, **{name: others})
        assert check_trace(circuit, replace(instance, figures=figures), scene.columns)


def random_batches(seed: int, batches: int, cells: int) -> int:
    """Cells changed in chains of batches under random policies (tests/oracle)."""
    rng = random.Random(seed)
    tried = done = 0
    while done < batches:
        case = random_case(rng)
        for _ in range(3):
            outcome = settled(case)
            if outcome["refused"]:
                break
            circuit, instance, traces = traced(case, routed(case))
            columns = {
                (table, name): to_integers(limbs)
                for table, trace in traces.items()
                for name, limbs in trace.items()
            }
            tried += sweep(circuit, instance, columns, cells, rng)
            done += 1
            case = next_case(rng, case, outcome)
    return tried


def test_changed_cells_under_random_policies_are_caught() -> None:
    assert random_batches(seed=1, batches=12, cells=80) > 2_500


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_a_million_changed_cells_under_random_policies_are_caught(seed: int) -> None:
    assert random_batches(seed, batches=180, cells=500) > 250_000
