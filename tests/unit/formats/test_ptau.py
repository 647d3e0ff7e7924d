"""Import of .ptau files: genuine ones accepted, anything else refused (attacks S1, S2, C2, C4)."""

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.ptau_builder import (
    BETA,
    TAU,
    PtauFile,
    build,
    contribution,
    contributions,
    g1,
    g2,
    header,
    parse,
    write_g1,
    write_g2,
)
from tests.support.shared import shared_path
from zkroute.algebra.engine import Engine, engine
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2, multiply_g1, multiply_g2
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError, ZkrouteError
from zkroute.formats.ptau import import_ptau
from zkroute.protocol.ceremonies import PERPETUAL_POWERS_OF_TAU_HERMEZ
from zkroute.protocol.point_arrays import points_from_array
from zkroute.protocol.srs import SrsKind, StructuredReferenceString, check_powers

Change = Callable[[PtauFile], PtauFile]

GENUINE = {8: 511, 9: 1023, 11: 4095}


@pytest.fixture(scope="module")
def reference() -> Engine:
    return engine("reference")


@pytest.fixture(scope="module")
def made() -> PtauFile:
    return build(power=2)


Take = Callable[..., StructuredReferenceString]


@pytest.fixture
def take(tmp_path: Path, reference: Engine) -> Take:
    def import_bytes(
        data: bytes, name: str | None = "made-up", engine: Engine = reference
    ) -> StructuredReferenceString:
        path = tmp_path / "file.ptau"
        path.write_bytes(data)
        return import_ptau(path, name=name, engine=engine)

    return import_bytes


def genuine_path(power: int) -> Path:
    return shared_path("srs", f"powersOfTau28_hez_final_{power:02}.ptau")


# --- what is accepted ---


@pytest.mark.parametrize("power", GENUINE)
def test_genuine_files_are_accepted(power: int, reference: Engine) -> None:
    reached: list[float] = []
    srs = import_ptau(genuine_path(power), engine=reference, progress=reached.append)
    assert srs.kind is SrsKind.CEREMONY
    assert srs.name == "ppot-hermez"
    assert srs.identifier == PERPETUAL_POWERS_OF_TAU_HERMEZ.identifier
    assert len(srs.powers) == GENUINE[power]
    assert reached == sorted(reached)
    assert reached[-1] == 1


def test_genuine_files_are_prefixes_of_one_another(reference: Engine) -> None:
    short, longer = (import_ptau(genuine_path(power), engine=reference) for power in (8, 9))
    assert np.array_equal(short.powers, longer.powers[: len(short.powers)])
    check_powers(short, reference)


def test_lagrange_bases_are_those_of_the_ceremony(
    reference: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we compute from the powers is what snarkjs wrote into the file: one root convention."""
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    path = genuine_path(8)
    srs = import_ptau(path, engine=reference)
    bases = parse(path.read_bytes()).section(12)
    for level in (0, 1, 5):
        size = 1 << level
        expected = bases[64 * (size - 1) : 64 * (2 * size - 1)]
        computed = points_from_array(srs.lagrange(level, reference))
        assert b"".join(map(write_g1, computed)) == expected


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("power", [1, 2])
def test_other_ceremonies_are_accepted_under_a_name(take: Take, power: int, complete: bool) -> None:
    srs = take(build(power, complete=complete).encode())
    expected = [multiply_g1(GENERATOR_G1, pow(TAU, i, MODULUS)) for i in range((2 << power) - 1)]
    assert points_from_array(srs.powers) == expected
    assert srs.g2_tau == multiply_g2(GENERATOR_G2, TAU)
    assert (srs.kind, srs.name) == (SrsKind.CEREMONY, "made-up")


def test_lagrange_sections_are_optional(take: Take, made: PtauFile) -> None:
    assert len(take(made.without(12, 13, 14, 15).encode()).powers) == 7


def test_sections_may_come_in_any_order(take: Take, made: PtauFile) -> None:
    assert len(take(PtauFile(made.sections[::-1]).encode()).powers) == 7


def test_beacon_contribution_is_parsed(take: Take, made: PtauFile) -> None:
    beacon = b"\x01\x01b\x02\x0a\x03\x20" + bytes(32)
    last = contribution(parameters=beacon).replace(
        struct.pack("<II", 0, len(beacon)), struct.pack("<II", 1, len(beacon))
    )
    take(made.with_section(7, contributions(last)).encode())


# --- names ---


def test_unknown_ceremony_needs_a_name(take: Take, made: PtauFile) -> None:
    with pytest.raises(UsageError, match="no ceremony known here"):
        take(made.encode(), name=None)


@pytest.mark.parametrize("name", ["ppot-hermez", "Not A Name", ""])
def test_unknown_ceremony_cannot_take_every_name(take: Take, made: PtauFile, name: str) -> None:
    """S1: a made-up string must not pass for the ceremony everybody accepts."""
    with pytest.raises(UsageError):
        take(made.encode(), name=name)


def test_known_ceremony_keeps_its_name(reference: Engine) -> None:
    with pytest.raises(UsageError, match="ppot-hermez"):
        import_ptau(genuine_path(8), name="mine", engine=reference)


def test_absent_file_is_a_usage_error(tmp_path: Path, reference: Engine) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        import_ptau(tmp_path / "absent.ptau", engine=reference)
    with pytest.raises(UsageError, match="cannot be read"):
        import_ptau(tmp_path, engine=reference)


# --- structure ---


def stated(kind: int, length: int) -> Change:
    return lambda file: PtauFile(file.sections, stated_lengths={kind: length})


def swapped(kind: int, first: int, second: int, size: int) -> Change:
    def change(file: PtauFile) -> PtauFile:
        content = file.section(kind)
        points = [content[at : at + size] for at in range(0, len(content), size)]
        points[first], points[second] = points[second], points[first]
        return file.with_section(kind, b"".join(points))

    return change


STRUCTURE: dict[str, tuple[Change, str]] = {
    "magic": (lambda f: PtauFile(f.sections, magic=b"zkey"), "not a .ptau"),
    "version": (lambda f: PtauFile(f.sections, version=2), "version 2"),
    "too few sections": (lambda f: PtauFile(f.sections, count=10), "follow the last"),
    "too many sections": (lambda f: PtauFile(f.sections, count=12), "12 sections"),
    "absurd count": (lambda f: PtauFile(f.sections, count=2**32 - 1), "sections"),
    "no sections": (lambda _: PtauFile([]), "0 sections"),
    "unknown section": (lambda f: PtauFile([*f.without(15).sections, (99, b"")]), "type 99"),
    "duplicate section": (
        lambda f: PtauFile([*f.without(15).sections, (2, f.section(2))]),
        "twice",
    ),
    "overlong section": (stated(15, 2**63), "more bytes than the file"),
    "overflowing section": (stated(2, 2**64 - 1), "more bytes than the file"),
    "short section": (stated(15, 64), "follow the last section"),
    "missing section 6": (lambda f: f.without(6), "section 6"),
    "missing section 7": (lambda f: f.without(7), "section 7"),
    "missing Lagrange section": (lambda f: f.without(13), "section 13"),
    "header too long": (lambda f: f.with_section(1, f.section(1) + b"\0"), "header"),
    "other field": (lambda f: f.with_section(1, header(2, prime=MODULUS)), "prime"),
    "wider field": (
        lambda f: f.with_section(1, struct.pack("<I", 48) + f.section(1)[4:]),
        "prime",
    ),
    "power 0": (lambda f: f.with_section(1, header(0)), "out of range"),
    "power 29": (lambda f: f.with_section(1, header(29, 29)), "out of range"),
    "ceremony of power 29": (lambda f: f.with_section(1, header(2, 29)), "out of range"),
    "ceremony below power": (lambda f: f.with_section(1, header(2, 1)), "out of range"),
    "other power": (lambda f: f.with_section(1, header(3)), "wrong length"),
    "power 28": (lambda f: f.with_section(1, header(28)), "wrong length"),
    "short powers": (lambda f: f.with_section(2, f.section(2)[:-64]), "section 2"),
    "long powers": (lambda f: f.with_section(2, f.section(2) + f.section(2)[:64]), "section 2"),
    "empty contributions": (lambda f: f.with_section(7, b""), "empty"),
    "no contributions": (lambda f: f.with_section(7, contributions()), "0 contributions"),
    "too many contributions": (
        lambda f: f.with_section(7, b"\xff" * 4 + f.section(7)[4:]),
        "do not fit",
    ),
    "bytes after contributions": (
        lambda f: f.with_section(7, f.section(7) + b"\0"),
        "follow the last contribution",
    ),
    "contribution cut off": (
        lambda f: f.with_section(
            7, contributions(contribution(parameters=bytes([1, 255]) * 900), b"")
        ),
        "unknown or out of order|cut off",
    ),
    "unknown contribution type": (
        lambda f: f.with_section(
            7,
            contributions(
                contribution(parameters=b"").replace(struct.pack("<II", 0, 0), b"\2" + bytes(7))
            ),
        ),
        "type",
    ),
}


def with_parameters(parameters: bytes) -> Change:
    return lambda file: file.with_section(7, contributions(contribution(parameters=parameters)))


STRUCTURE |= {
    f"parameters {parameters!r}": (with_parameters(parameters), "parameter")
    for parameters in (b"\0", b"\1", b"\4\0", b"\1\5abcd", b"\2", b"\2\1\1\1a", b"\1\0\1\0")
}


@pytest.mark.parametrize("case", STRUCTURE)
def test_broken_structure_is_refused(take: Take, made: PtauFile, case: str) -> None:
    change, reason = STRUCTURE[case]
    with pytest.raises(MalformedError, match=reason):
        take(change(made).encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too few"),
        (b"ptau", "too few"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "web page"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
        (b"PK\x03\x04 and so on", "not a .ptau"),
    ],
)
def test_other_files_are_named_for_what_they_are(take: Take, data: bytes, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        take(data)


def test_every_truncation_and_an_appended_byte_are_refused(take: Take, made: PtauFile) -> None:
    data = made.encode()
    for end in {*range(0, 100), *range(100, len(data), 97), len(data) - 1}:
        with pytest.raises(MalformedError):
            take(data[:end])
    with pytest.raises(MalformedError, match="follow the last section"):
        take(data + b"\0")


def test_power_28_has_its_own_message(tmp_path: Path, reference: Engine) -> None:
    """The one real file too large to import: built sparse, so that nothing is read or allocated."""
    size = 1 << 28
    lengths = {1: 44, 2: 64 * (2 * size - 1), 3: 128 * size, 4: 64 * size, 5: 64 * size, 6: 128}
    path = tmp_path / "huge.ptau"
    with path.open("wb") as file:
        file.write(b"ptau" + struct.pack("<II", 1, 7))
        for kind, length in {**lengths, 7: 2000}.items():
            file.write(struct.pack("<IQ", kind, length))
            if kind == 1:
                file.write(header(28))
            else:
                file.seek(length, 1)
        file.truncate(file.tell())
    with pytest.raises(UsageError, match="too large"):
        import_ptau(path, engine=reference)


# --- points ---


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


@pytest.mark.parametrize("section", [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15])
def test_a_flipped_byte_in_any_section_of_a_genuine_file_is_refused(
    take: Take, section: int
) -> None:
    file = parse(genuine_path(8).read_bytes())
    content = bytearray(file.section(section))
    content[len(content) * 2 // 3] ^= 0x10
    with pytest.raises(ZkrouteError):
        take(file.with_section(section, bytes(content)).encode(), name=None)


def test_contributions_of_a_known_ceremony_are_pinned(take: Take) -> None:
    """Hashes inside the record cannot be recomputed from a shortened file, so they are pinned."""
    file = parse(genuine_path(8).read_bytes())
    record = bytearray(file.section(7))
    record[4 + 64 + 128 + 64 + 64 + 128 + 768] ^= 1
    with pytest.raises(MalformedError, match="list of contributions"):
        take(file.with_section(7, bytes(record)).encode(), name=None)


# --- the campaign ---

POINT_BYTES = {2: 64, 3: 128, 4: 64, 5: 64, 12: 64, 13: 128, 14: 64, 15: 64}


def corruptions(file: PtauFile, source: random.Random) -> list[tuple[str, bytes]]:
    """Named damaged versions of a genuine file: bits, points and lengths, every section."""
    data = file.encode()
    made = []
    for section, content in file.sections:
        for _ in range(10):
            position = source.randrange(len(content))
            changed = bytearray(content)
            changed[position] ^= 1 << source.randrange(8)
            name = f"bit flip in section {section} at {position}"
            made.append((name, file.with_section(section, bytes(changed)).encode()))
    for section, size in POINT_BYTES.items():
        count = len(file.section(section)) // size
        point = g1 if size == 64 else g2
        for _ in range(4):
            first, second = source.sample(range(count), 2)
            made.append(
                (f"swap in {section}", swapped(section, first, second, size)(file).encode())
            )
        for _ in range(4):
            index = source.randrange(count)
            stranger = point(source.randrange(1, MODULUS))
            replaced = file.with_point(section, index, stranger)
            made.append((f"replaced point {index} in {section}", replaced.encode()))
        for _ in range(4):
            index, other = source.sample(range(count), 2)
            copied = file.section(section)[other * size : (other + 1) * size]
            repeated = file.with_point(section, index, copied)
            made.append((f"copied point {other} to {index} in {section}", repeated.encode()))
    for _ in range(20):
        made.append(("truncated", data[: source.randrange(len(data))]))
    for position in source.sample(range(12), 6):
        changed = bytearray(data)
        changed[position] ^= 1 << source.randrange(8)
        made.append((f"bit flip in the file head at {position}", bytes(changed)))
    return made


@pytest.mark.slow
def test_two_hundred_corruptions_are_refused(take: Take) -> None:
    file = parse(genuine_path(8).read_bytes())
    cases = corruptions(file, random.Random(2))
    assert len(cases) >= 200
    compiled = engine("portable")
    accepted = []
    for name, data in cases:
        try:
            take(data, name=None, engine=compiled)
        except ZkrouteError:
            continue
        accepted.append(name)
    assert accepted == []
