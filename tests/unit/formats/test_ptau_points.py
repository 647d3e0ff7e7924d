""".ptau files with wrong points, each named for its section (attacks S2, C2, C4)."""

import json

import pytest

from tests.support.ptau_builder import (
    BETA,
    TAU,
    PtauFile,
    contribution,
    contributions,
    g1,
    g2,
    write_g1,
    write_g2,
)
from tests.support.shared import shared_path
from tests.unit.formats.ptau_samples import Change, Take, swapped
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError


def stray_g2() -> list[bytes]:
    vectors = json.loads(shared_path("vectors", "made-here", "bn254_reject.json").read_text())
    points = []
    for vector in vectors["g2_reject"]:
        x, y = (tuple(int(part, 16) for part in vector[axis]) for axis in ("x", "y"))
        points.append(write_g2((x, y)))  # type: ignore[arg-type]  # pairs, read from JSON
    return points


POINTS: dict[str, tuple[Change, str]] = {
    "tau_g1 not from the generator": (
        lambda f: f.with_section(2, b"".join(g1(2 * TAU**i) for i in range(7))),
        "section 2.*generator",
    ),
    "tau_g2 not from the generator": (lambda f: f.with_point(3, 0, g2(2)), "section 3.*generator"),
    "tau_g1 swapped": (swapped(2, 4, 5, 64), "section 2"),
    "tau_g1 negated": (lambda f: f.with_point(2, 3, g1(-(TAU**3))), "section 2"),
    "tau_g1 last replaced": (lambda f: f.with_point(2, 6, g1(5)), "section 2"),
    "tau_g1 infinity": (lambda f: f.with_point(2, 6, write_g1(None)), "not on the curve"),
    "tau_g1 not canonical": (lambda f: f.with_point(2, 6, b"\xff" * 64), "not below"),
    "tau_g2 swapped": (swapped(3, 2, 3, 128), "section 3"),
    "tau_g2 replaced": (lambda f: f.with_point(3, 3, g2(5)), "section 3"),
    "tau_g2 infinity": (lambda f: f.with_point(3, 3, write_g2(None)), "not on the twist"),
    "tau_g2 not canonical": (lambda f: f.with_point(3, 3, b"\xff" * 128), "not below"),
    "other tau in g2": (lambda f: f.with_point(3, 1, g2(TAU + 1)), "tau in G2 differs"),
    "tau 1": (lambda f: f.with_point(3, 1, g2(1)), "generator"),
    "alpha swapped": (swapped(4, 1, 2, 64), "section 4"),
    "alpha replaced": (lambda f: f.with_point(4, 0, g1(9)), "alpha in G1 differs"),
    "beta swapped": (swapped(5, 1, 2, 64), "section 5"),
    "beta replaced": (lambda f: f.with_point(5, 0, g1(9)), "beta in G1 differs"),
    "beta in g2 replaced": (lambda f: f.with_section(6, g2(BETA + 1)), "beta in G2 differs"),
    "last contribution of another tau": (
        lambda f: f.with_section(7, contributions(contribution(TAU + 1))),
        "tau in G1 differs",
    ),
    "last contribution of another beta": (
        lambda f: f.with_section(7, contributions(contribution(beta=9))),
        "beta in G1 differs",
    ),
    "beta in g2 and contribution replaced": (
        lambda f: f.with_section(6, g2(9)).with_section(7, f.section(7).replace(g2(BETA), g2(9))),
        "section 6|section 7",
    ),
    "earlier contribution of two taus": (
        lambda f: f.with_section(7, f.section(7).replace(g1(7), g1(9))),
        "section 7",
    ),
    "lagrange_tau_g1 swapped": (swapped(12, 8, 9, 64), "section 12"),
    "lagrange_tau_g1 first level": (lambda f: f.with_point(12, 0, g1(2)), "section 12"),
    "lagrange_tau_g1 infinity": (lambda f: f.with_point(12, 9, bytes(64)), "not on the curve"),
    "lagrange_tau_g2 swapped": (swapped(13, 5, 6, 128), "section 13"),
    "lagrange_alpha swapped": (swapped(14, 5, 6, 64), "section 14"),
    "lagrange_beta replaced": (lambda f: f.with_point(15, 6, g1(77)), "section 15"),
}


@pytest.mark.parametrize("case", POINTS)
def test_wrong_points_are_refused(take: Take, made: PtauFile, case: str) -> None:
    change, reason = POINTS[case]
    with pytest.raises(MalformedError, match=reason):
        take(change(made).encode())


@pytest.mark.parametrize("section", [3, 6, 7, 13])
def test_points_outside_the_subgroup_are_refused(take: Take, made: PtauFile, section: int) -> None:
    """C4: also those of small order, which a single random combination would miss now and then."""
    strays = stray_g2()
    assert len(strays) >= 3
    for stray in strays:
        with pytest.raises(MalformedError, match=r"not in the subgroup|not on the twisted"):
            take(put_stray(made, section, stray).encode())


def put_stray(file: PtauFile, section: int, stray: bytes) -> PtauFile:
    if section == 7:
        return file.with_section(7, file.section(7).replace(g2(5), stray, 1))
    if section == 6:
        contribution_record = file.section(7).replace(g2(BETA), stray)
        return file.with_section(6, stray).with_section(7, contribution_record)
    return file.with_point(section, 3, stray)


def test_the_top_basis_must_stand_for_the_next_power(take: Take, made: PtauFile) -> None:
    """What snarkjs leaves out: a change of the largest basis along the power that was cut off."""
    level, size = 3, 8
    root = pow(5, (MODULUS - 1) >> level, MODULUS)
    values = [
        sum(pow(TAU, i, MODULUS) * pow(root, -i * j, MODULUS) for i in range(size - 1))
        + 1234 * pow(root, j, MODULUS)
        for j in range(size)
    ]
    scale = pow(size, -1, MODULUS)
    content = made.section(12)[: -64 * size] + b"".join(g1(value * scale) for value in values)
    with pytest.raises(MalformedError, match="section 12"):
        take(made.with_section(12, content).encode())
