"""Points and scalars that every decoder must refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.shared import shared_path
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    decode_g2,
    decompress_g1,
    is_in_group_g2,
    is_on_twist,
)
from zkroute.algebra.scalars import MODULUS, decode_scalar
from zkroute.errors import MalformedError
from zkroute.protocol.point_arrays import decode_point_array


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    path = shared_path("vectors", "made-here", "bn254_reject.json")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def word(text: str) -> bytes:
    return int(text, 16).to_bytes(32, "big")


def test_constants(cases: dict[str, Any]) -> None:
    assert int(cases["field_modulus"], 16) == FIELD_MODULUS
    assert int(cases["curve_order"], 16) == MODULUS
    assert int(cases["g2_cofactor"], 16) == 2 * FIELD_MODULUS - MODULUS


def test_g1(cases: dict[str, Any]) -> None:
    assert len(cases["g1_reject"]) == 6
    for case in cases["g1_reject"]:
        with pytest.raises(MalformedError):
            decode_point_array(word(case["x"]) + word(case["y"]), case["name"])
        if int(case["x"], 16) >= FIELD_MODULUS:
            for flag in (0b10, 0b11):
                data = (flag << 254 | int(case["x"], 16) & (1 << 254) - 1).to_bytes(32, "big")
                with pytest.raises(MalformedError):
                    decompress_g1(data, case["name"], allow_infinity=True)


def test_g2(cases: dict[str, Any]) -> None:
    assert len(cases["g2_reject"]) == 4
    for case in cases["g2_reject"]:
        (x0, x1), (y0, y1) = case["x"], case["y"]
        data = b"".join(map(word, (x1, x0, y1, y0)))
        with pytest.raises(MalformedError, match=case["name"]):
            decode_g2(data, case["name"], allow_infinity=True)


def test_subgroup_cases_are_on_the_twist(cases: dict[str, Any]) -> None:
    # else they would be refused for the wrong reason and the subgroup check would go untested
    for case in cases["g2_reject"]:
        x, y = ((int(case[key][0], 16), int(case[key][1], 16)) for key in ("x", "y"))
        assert is_on_twist((x, y)) == (case["name"] != "not_on_twist")
        assert case["name"] == "not_on_twist" or not is_in_group_g2((x, y))


def test_scalars(cases: dict[str, Any]) -> None:
    assert len(cases["scalar_reject"]) == 4
    for text in cases["scalar_reject"]:
        with pytest.raises(MalformedError):
            decode_scalar(word(text), "scalar")
