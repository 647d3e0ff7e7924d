"""The SRS: identifiers, bases derived from it, the disk cache, and the checks of its powers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.lagrange import lagrange_basis
from tests.support.shared import shared_path
from tests.support.trapdoor import srs_with_known_tau
from zkroute.algebra.engine import Engine, engine
from zkroute.algebra.groups import (
    GENERATOR_G1,
    GENERATOR_G2,
    PointG2,
    multiply_g1,
    multiply_g2,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError
from zkroute.protocol.point_arrays import array_from_points, points_from_array
from zkroute.protocol.srs import (
    SrsKind,
    StructuredReferenceString,
    check_g2_tau,
    check_powers,
    is_development_identifier,
    new_development,
    srs_identifier,
)

TAU = 0x1234567890ABCDEF1234567890ABCDEF


@pytest.fixture(scope="module")
def reference() -> Engine:
    return engine("reference")


@pytest.fixture(scope="module")
def known(reference: Engine) -> StructuredReferenceString:
    return srs_with_known_tau(TAU, 40, reference)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    return tmp_path


class Counting:
    """An engine that counts the group transforms it is asked for."""

    def __init__(self, wrapped: Engine) -> None:
        self.wrapped = wrapped
        self.transforms = 0

    def __getattr__(self, name: str) -> object:
        if name == "lagrange_points":
            self.transforms += 1
        return getattr(self.wrapped, name)


# --- identifiers -------------------------------------------------------------------------------


def test_identifier_depends_on_kind_and_tau_only(
    known: StructuredReferenceString, reference: Engine
) -> None:
    other = srs_with_known_tau(TAU + 1, 40, reference)
    ceremony = replace(known, kind=SrsKind.CEREMONY)
    assert known.truncated(8).identifier == known.identifier
    assert replace(known, name="renamed").identifier == known.identifier
    assert len({known.identifier, other.identifier, ceremony.identifier}) == 3
    assert ceremony.identifier.startswith("ceremony-")
    assert len(ceremony.identifier) == len("ceremony-") + 32


def test_identifier_known_answer() -> None:
    """Pinned: an identifier in an old header must mean the same string for ever."""
    assert srs_identifier(SrsKind.CEREMONY, multiply_g2(GENERATOR_G2, 5)) == KNOWN_IDENTIFIER


KNOWN_IDENTIFIER = "ceremony-0d8b97653a76f87e7c23187ae7ee1ca5"


def test_development_string_says_insecure(reference: Engine) -> None:
    """S1: what was made on one machine cannot pass for a ceremony's."""
    srs = new_development(9, reference)
    assert srs.kind is SrsKind.DEVELOPMENT
    assert srs.identifier.startswith("development-INSECURE-")
    assert is_development_identifier(srs.identifier)
    assert not is_development_identifier(replace(srs, kind=SrsKind.CEREMONY).identifier)
    assert is_development_identifier("")
    assert len(srs.powers) == 9
    check_powers(srs, reference)


def test_development_strings_differ(reference: Engine) -> None:
    assert new_development(2, reference).identifier != new_development(2, reference).identifier


@pytest.mark.parametrize("count", [-1, 0, 1, (1 << 29) + 1])
def test_senseless_sizes_are_refused(count: int, reference: Engine) -> None:
    with pytest.raises(UsageError, match="powers"):
        new_development(count, reference)


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "x" * 65, "a\n", ".x"])
def test_senseless_names_are_refused(name: str, known: StructuredReferenceString) -> None:
    with pytest.raises(UsageError, match="name"):
        replace(known, name=name)


# --- bases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_size", [0, 1, 3, 5])
def test_lagrange_basis(known: StructuredReferenceString, reference: Engine, log_size: int) -> None:
    expected = [multiply_g1(GENERATOR_G1, value) for value in lagrange_basis(log_size, TAU)]
    assert points_from_array(known.lagrange(log_size, reference)) == expected


def test_vanishing_powers(known: StructuredReferenceString) -> None:
    expected = [
        multiply_g1(GENERATOR_G1, pow(TAU, 8 + i, MODULUS) - pow(TAU, i, MODULUS)) for i in range(5)
    ]
    assert points_from_array(known.vanishing_powers(3, 5)) == expected
    assert known.vanishing_powers(3, 0).shape == (0, 8)
    assert len(known.vanishing_powers(5, 8)) == 8


def test_too_few_powers_are_said_so(known: StructuredReferenceString, reference: Engine) -> None:
    with pytest.raises(UsageError, match="has 40 powers"):
        known.lagrange(6, reference)
    with pytest.raises(UsageError, match="takes 41"):
        known.vanishing_powers(5, 9)
    with pytest.raises(UsageError, match="takes 41"):
        known.truncated(41)


# --- cache ---------------------------------------------------------------------------------------


def test_lagrange_is_computed_once(known: StructuredReferenceString, reference: Engine) -> None:
    counting = Counting(reference)
    first = known.lagrange(3, counting)  # type: ignore[arg-type]  # a stand-in for an engine
    second = known.lagrange(3, counting)  # type: ignore[arg-type]  # likewise
    assert counting.transforms == 1
    assert np.array_equal(first, second)
    assert second.dtype == np.uint64


@pytest.mark.parametrize("suffix", [".npy", ".sha256"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damaged_cache_is_computed_again(
    known: StructuredReferenceString,
    reference: Engine,
    own_cache: Path,
    suffix: str,
    damage: str,
) -> None:
    """C3: what lies on disk is recomputed on any mismatch, never believed."""
    expected = known.lagrange(3, reference)
    (path,) = own_cache.glob(f"lagrange/*{suffix}")
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        flipped = data[:-1] + bytes([data[-1] ^ 1])
        path.write_bytes({"flip": flipped, "truncate": data[:-1], "empty": b""}[damage])
    counting = Counting(reference)
    assert np.array_equal(known.lagrange(3, counting), expected)  # type: ignore[arg-type]
    assert counting.transforms == 1
    assert path.read_bytes() == data


def test_cache_of_other_powers_is_not_used(
    known: StructuredReferenceString, reference: Engine
) -> None:
    """Two strings of one identifier, one of them damaged in memory, do not share a basis."""
    damaged = replace(known, powers=known.powers[::-1].copy())
    wrong = damaged.lagrange(3, reference)
    assert not np.array_equal(known.lagrange(3, reference), wrong)


def test_cache_that_cannot_be_written_is_no_error(
    known: StructuredReferenceString,
    reference: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    occupied = tmp_path / "file"
    occupied.write_bytes(b"")
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(occupied))
    assert len(known.lagrange(2, reference)) == 4


# --- checks --------------------------------------------------------------------------------------


def test_good_powers_pass(known: StructuredReferenceString, reference: Engine) -> None:
    check_powers(known, reference)
    check_powers(known.truncated(2), reference)


@pytest.mark.parametrize("case", ["swap", "negate", "replace", "infinity", "repeat", "last"])
def test_wrong_powers_are_refused(
    known: StructuredReferenceString, reference: Engine, case: str
) -> None:
    points = points_from_array(known.powers)
    if case == "swap":
        points[5], points[6] = points[6], points[5]
    elif case == "negate":
        points[7] = negate_g1(points[7])
    elif case == "replace":
        points[7] = GENERATOR_G1
    elif case == "infinity":
        points[3] = None
    elif case == "repeat":
        points.insert(4, points[4])
    else:
        points[-1] = points[-2]
    with pytest.raises(MalformedError, match="successive powers"):
        check_powers(replace(known, powers=array_from_points(points)), reference)


def test_other_starts_are_refused(known: StructuredReferenceString, reference: Engine) -> None:
    scaled = array_from_points(multiply_g1(p, 3) for p in points_from_array(known.powers))
    with pytest.raises(MalformedError, match="generator of G1"):
        check_powers(replace(known, powers=scaled), reference)
    with pytest.raises(MalformedError, match="fewer than two"):
        check_powers(known.truncated(1), reference)


def test_tau_of_another_string_is_refused(
    known: StructuredReferenceString, reference: Engine
) -> None:
    other = replace(known, g2_tau=multiply_g2(GENERATOR_G2, TAU + 1))
    with pytest.raises(MalformedError, match="successive powers"):
        check_powers(other, reference)


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (None, "infinity"),
        (GENERATOR_G2, "generator"),
        (((1, 2), (3, 4)), "twisted curve"),
    ],
)
def test_degenerate_g2_is_refused(point: PointG2, reason: str) -> None:
    """C2: a key with such a point would accept every proof."""
    with pytest.raises(MalformedError, match=reason):
        check_g2_tau(point)


def test_g2_outside_the_subgroup_is_refused() -> None:
    """C4: the vectors hold points of the twist of small and of composite order."""
    vectors = json.loads(shared_path("vectors", "made-here", "bn254_reject.json").read_text())
    refused = 0
    for vector in vectors["g2_reject"]:
        x, y = (tuple(int(part, 16) for part in vector[axis]) for axis in ("x", "y"))
        with pytest.raises(MalformedError):
            check_g2_tau((x, y))  # type: ignore[arg-type]  # pairs, read from JSON
        refused += 1
    assert refused >= 3
