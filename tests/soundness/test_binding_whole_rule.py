"""The header's held orders and published figures are bound, field by field."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest

from circuits.instance import Figures
from tests.support.lying import Scene
from tests.support.scenes import chained_scene
from verifier.errors import Code
from zkroute.algebra.groups import GENERATOR_G1, PointG1, multiply_g1
from zkroute.protocol.header import Header

OTHER_POINT: PointG1 = multiply_g1(GENERATOR_G1, 7)


@cache
def scene() -> Scene:
    return chained_scene("whole rule", 23, 3)


@cache
def proof() -> bytes:
    return scene().prove(scene().columns)


def verdict(anywhere: bool = True, **changes: Any) -> Code | None:
    """The verdict about a header with other values, signed again."""
    header = scene().sign(replace(scene().batch.header, **changes))
    accept = scene().world.acceptance() if anywhere else scene().acceptance
    return scene().verdict(proof(), header, accept)


def test_unchanged_it_is_accepted() -> None:
    assert scene().batch.header.order_count == 23
    assert scene().batch.routed.carried.any()
    assert (scene().batch.routed.status == 1).any()
    assert verdict() is None
    assert verdict(anywhere=False) is None


@pytest.mark.parametrize("name", ["carry_before", "carry_after"])
@pytest.mark.parametrize("index", range(3))
def test_other_held_orders_are_refused(name: str, index: int) -> None:
    points = getattr(scene().batch.header, name)
    for point, code in (
        (OTHER_POINT, Code.OPENING_INVALID),
        (points[index - 1], Code.OPENING_INVALID),
        (None, Code.HEADER_MALFORMED),
        ((1, 3), Code.HEADER_MALFORMED),
        ((1 << 300, 2), Code.HEADER_MALFORMED),
    ):
        changed = (*points[:index], point, *points[index + 1 :])
        header = scene().sign_if_possible(replace(scene().batch.header, **{name: changed}))
        accept = scene().world.acceptance()
        assert scene().verdict(proof(), header, accept) is code


@pytest.mark.parametrize("name", ["carry_before", "carry_after"])
def test_another_number_of_carry_commitments_is_refused(name: str) -> None:
    points = getattr(scene().batch.header, name)
    for changed in ((), points[:2], (*points, OTHER_POINT)):
        assert verdict(**{name: changed}) is Code.HEADER_MALFORMED


def test_held_orders_of_another_batch_are_stale() -> None:
    other = scene().batch.header.carry_after
    assert verdict(anywhere=False, carry_before=other) is Code.STALE


def test_another_capacity_is_refused() -> None:
    """On another domain the parent's commitments would say other orders, or lose some."""
    assert verdict(carry=16) is Code.HEADER_MALFORMED
    parent = scene().parent
    assert parent is not None
    accept = scene().world.acceptance(replace(parent.header, carry=16))
    assert scene().verdict(proof(), accept=accept) is Code.CHAIN_MISMATCH


FIGURES = {field.name for field in fields(Figures)}


def test_the_scene_publishes_every_figure() -> None:
    figures = scene().batch.header.figures
    assert all(getattr(figures, name) not in ((), None) for name in FIGURES)
    assert "figures" in {field.name for field in fields(Header)}


def changed_figures(name: str) -> list[tuple[Any, Code]]:
    value = getattr(scene().batch.header.figures, name)
    if isinstance(value, tuple):
        return [
            ((value[0] + 1, *value[1:]), Code.OPENING_INVALID),
            ((value[0] + 1, value[1] - 1, *value[2:]), Code.OPENING_INVALID),
            (value[::-1], Code.OPENING_INVALID),
            (value[:-1], Code.HEADER_MALFORMED),
            ((*value, 0), Code.HEADER_MALFORMED),
            ((), Code.HEADER_MALFORMED),
            ((-1, *value[1:]), Code.HEADER_MALFORMED),
            ((1 << 64, *value[1:]), Code.HEADER_MALFORMED),
        ]
    return [
        (value + 1, Code.OPENING_INVALID),
        (value - 1, Code.OPENING_INVALID),
        (0, Code.OPENING_INVALID),
        (None, Code.HEADER_MALFORMED),
        (-1, Code.HEADER_MALFORMED),
        (1 << 64, Code.HEADER_MALFORMED),
    ]


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_other_published_figures_are_refused(name: str) -> None:
    for value, code in changed_figures(name):
        figures = replace(scene().batch.header.figures, **{name: value})
        header = scene().sign_if_possible(replace(scene().batch.header, figures=figures))
        assert scene().verdict(proof(), header, scene().world.acceptance()) is code, value


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_prover_that_publishes_other_figures_is_refused(name: str) -> None:
    """The proof is made for the false header: it is the gates and totals that refuse."""
    value = changed_figures(name)[0][0]
    figures = replace(scene().batch.header.figures, **{name: value})
    header = scene().sign(replace(scene().batch.header, figures=figures))
    batch = replace(scene().batch, header=header)
    lying = Scene(scene().world, scene().parent, batch)
    assert lying.verdict(lying.prove(scene().columns, header), header) is Code.OPENING_INVALID
