"""What only the portable engine's class does: checks of shapes, layouts, and use by threads."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.shared import ROOT
from tests.unit.kernels.exercise import IDENTITY, exercise, scalars_of
from tests.unit.kernels.portable.samples import (
    GENERATOR,
    R,
    integers,
    multiply,
    values,
    words,
)
from zkroute.algebra.engine import Column, Program
from zkroute.kernels.portable.engine import PortableEngine


@pytest.fixture(scope="module")
def engine() -> PortableEngine:
    return PortableEngine()


def test_read_only_and_strided_inputs_count_like_any_other(engine: PortableEngine) -> None:
    scalars = scalars_of(16)
    read_only = scalars.copy()
    read_only.flags.writeable = False
    fortran = np.asfortranarray(scalars)
    spread = np.zeros((32, 4), np.uint64)
    spread[::2] = scalars
    results = [exercise(engine, each) for each in (scalars, read_only, fortran, spread[::2])]
    assert all(result == results[0] for result in results)


COUNT_SIGNATURES = """
import importlib, json, pkgutil
from tests.unit.kernels.exercise import exercise, scalars_of
from zkroute.kernels import portable
from zkroute.kernels.portable.engine import PortableEngine

exercise(PortableEngine(), scalars_of(64))
counts = {}
for found in pkgutil.iter_modules(portable.__path__):
    module = importlib.import_module(f"{portable.__name__}.{found.name}")
    for name, value in vars(module).items():
        if hasattr(value, "signatures") and value.__module__ == module.__name__:
            counts[f"{found.name}.{name}"] = len(value.signatures)
print(json.dumps(counts))
"""


def test_every_kernel_is_compiled_for_one_set_of_types() -> None:
    # in a process of its own: other tests call kernels directly, with types of their own
    done = subprocess.run(
        [sys.executable, "-c", COUNT_SIGNATURES],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    counts = json.loads(done.stdout)
    assert len(counts) > 30
    # 0 is a kernel whose callers came from the cache
    assert {name: count for name, count in counts.items() if count > 1} == {}


def test_several_threads_at_once_get_what_each_alone_gets(engine: PortableEngine) -> None:
    inputs = [words([value + 1 for value in values(R - 1, 256, seed)]) for seed in range(6)]
    alone = [exercise(engine, scalars) for scalars in inputs]
    with ThreadPoolExecutor(6) as callers:
        together = list(callers.map(lambda scalars: exercise(engine, scalars), inputs))
    assert together == alone


@pytest.mark.parametrize("limbs", [1, 2, 3, 4])
def test_few_limbs_are_enough_for_small_scalars(engine: PortableEngine, limbs: int) -> None:
    given = [value % (1 << 64 * limbs) for value in values(R, 20)]
    loaded = engine.load(words(given)[:, :limbs])
    assert engine.to_integers(loaded) == given
    assert engine.store(loaded).tolist() == words(given).tolist()


def test_single_points(engine: PortableEngine) -> None:
    points = engine.fixed_base_powers(engine.from_integers([1, 0, R - 1]))
    assert integers(points) == [1, 2, 0, 0, *(multiply(GENERATOR, R - 1) or ())]
    found = engine.multi_scalar_multiplication(
        engine.load_points(points), [Column(words([5]), 3), Column(words([1, 1, 1]), 1)]
    )
    assert found == [multiply(GENERATOR, 5), None]


def test_shapes_that_do_not_fit_are_refused(engine: PortableEngine) -> None:
    three, four = engine.from_integers([1, 2, 3]), engine.from_integers([1, 2, 3, 4])
    bases = engine.load_points(engine.fixed_base_powers(three))
    for wrong in (
        lambda: engine.load(np.zeros((3, 5), np.uint64)),
        lambda: engine.load(np.zeros((3, 4), np.int64)),
        lambda: engine.load(np.zeros(4, np.uint64)),
        lambda: engine.load_points(np.zeros((3, 4), np.uint64)),
        lambda: engine.add(three, four),
        lambda: engine.multiply(three, four),
        lambda: engine.slice(three, 2, 4),
        lambda: engine.slice(three, -1, 2),
        lambda: engine.linear_combination([three], [1, 2]),
        lambda: engine.interpolate(three),
        lambda: engine.interpolate(engine.from_integers([])),
        lambda: engine.evaluate_on_coset(four, 29, 1),
        lambda: engine.evaluate_on_coset(four, 2, 0),
        lambda: engine.interpolate_from_coset(four, R),
        lambda: engine.divide_by_linear(engine.from_integers([]), 1),
        lambda: engine.run(IDENTITY, [three, four], []),
        lambda: engine.run(IDENTITY, [], []),
        lambda: engine.multi_scalar_multiplication(bases, [Column(words([1] * 4), 1)]),
        lambda: engine.multi_scalar_multiplication(bases, [Column(words([1]), 0)]),
        lambda: engine.multi_scalar_multiplication(bases, [Column(words([1]), 255)]),
        lambda: engine.lagrange_points(np.zeros((3, 8), np.uint64)),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_a_program_without_columns_has_no_rows(engine: PortableEngine) -> None:
    program = Program(np.array([[1, 0, 0, 0], [5, 0, 0, 0]], np.int32), registers=1, outputs=1)
    assert [len(output) for output in engine.run(program, [], [7])] == [0]
