"""Import of .ptau files: what is accepted, under which names, and damaged genuine ones (S1, S2)."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.support.ptau_builder import (
    TAU,
    PtauFile,
    build,
    contribution,
    contributions,
    g1,
    g2,
    parse,
    write_g1,
)
from tests.unit.formats.ptau_samples import Take, genuine_path, swapped
from zkroute.algebra.engine import Engine, engine
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2, multiply_g1, multiply_g2
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError, ZkrouteError
from zkroute.formats.ptau import import_ptau
from zkroute.protocol.ceremonies import PERPETUAL_POWERS_OF_TAU_HERMEZ
from zkroute.protocol.point_arrays import points_from_array
from zkroute.protocol.srs import SrsKind, check_powers

GENUINE = {8: 511, 9: 1023, 11: 4095}


@pytest.mark.parametrize("power", GENUINE)
def test_genuine_files_are_accepted(power: int, reference: Engine) -> None:
    reached: list[float] = []
    srs = import_ptau(genuine_path(power), engine=reference, progress=reached.append)
    assert srs.kind is SrsKind.CEREMONY
    assert srs.name == "ppot-hermez"
    assert srs.g2_tau == PERPETUAL_POWERS_OF_TAU_HERMEZ.g2_tau
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
