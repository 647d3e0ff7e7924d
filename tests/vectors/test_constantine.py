"""Constantine's scalar multiplications, made with Sage, at four scalar widths."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.shared import shared_path
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    is_in_group_g2,
    is_on_curve_g1,
    is_on_twist,
    linear_combination_g1,
    multiply_g1,
    multiply_g2,
)
from zkroute.algebra.scalars import MODULUS

WIDTHS = (32, 64, 128, 254)


def document(group: str, bits: int) -> dict[str, Any]:
    name = f"tv_BN254_Snarks_scalar_mul_{group}_{bits}bit.json"
    loaded: dict[str, Any] = json.loads(shared_path("vectors", "constantine", name).read_text())
    assert int(loaded["modulus"], 16) == FIELD_MODULUS
    assert int(loaded["order"], 16) == MODULUS
    assert len(loaded["vectors"]) == 40
    return loaded


def point_g1(entry: dict[str, str]) -> tuple[int, int]:
    return int(entry["x"], 16), int(entry["y"], 16)


def point_g2(entry: dict[str, dict[str, str]]) -> tuple[tuple[int, int], tuple[int, int]]:
    x, y = ((int(entry[key]["c0"], 16), int(entry[key]["c1"], 16)) for key in ("x", "y"))
    return x, y


@pytest.mark.parametrize("bits", WIDTHS)
def test_g1(bits: int) -> None:
    points, scalars, products = [], [], []
    for case in document("G1", bits)["vectors"]:
        point, scalar = point_g1(case["P"]), int(case["scalar"], 16)
        product = point_g1(case["Q"])
        assert is_on_curve_g1(point)
        assert multiply_g1(point, scalar) == product, case["id"]
        points.append(point)
        scalars.append(scalar)
        products.append(product)
    together = linear_combination_g1(points, scalars)
    assert together == linear_combination_g1(products, [1] * len(products))


@pytest.mark.parametrize("bits", WIDTHS)
def test_g2(bits: int) -> None:
    for case in document("G2", bits)["vectors"]:
        point = point_g2(case["P"])
        assert is_on_twist(point)
        assert is_in_group_g2(point)
        assert multiply_g2(point, int(case["scalar"], 16)) == point_g2(case["Q"]), case["id"]
