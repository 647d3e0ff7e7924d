"""Our SRS file: strict reading, one encoding, and the folder that keeps strings."""

import hashlib
import random
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.shared import shared_path
from tests.support.trapdoor import srs_with_known_tau
from zkroute.algebra.engine import engine
from zkroute.algebra.groups import FIELD_MODULUS, GENERATOR_G2, encode_g2, multiply_g2
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.ptau import import_ptau
from zkroute.formats.srs_file import (
    describe_srs,
    encode_srs,
    find_srs,
    list_srs,
    read_srs,
    srs_folder,
    store_srs,
    write_srs,
)
from zkroute.paths import cache_directory
from zkroute.protocol.ceremonies import PERPETUAL_POWERS_OF_TAU_HERMEZ
from zkroute.protocol.srs import SrsKind, StructuredReferenceString, new_development

NAME = b"trapdoor"
COUNT_AT = 12 + len(NAME)
G2_AT = COUNT_AT + 8
POWERS_AT = G2_AT + 128


@pytest.fixture(scope="module")
def srs() -> StructuredReferenceString:
    return srs_with_known_tau(12345, 6, engine("reference"))


@pytest.fixture(autouse=True)
def own_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKROUTE_DATA_DIR", str(tmp_path / "data"))


def sealed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


def read_bytes(folder: Path, data: bytes) -> StructuredReferenceString:
    path = folder / "file.srs"
    path.write_bytes(data)
    return read_srs(path)


def same(left: StructuredReferenceString, right: StructuredReferenceString) -> bool:
    return (
        (left.kind, left.name, left.g2_tau) == (right.kind, right.name, right.g2_tau)
        and np.array_equal(left.powers, right.powers)
        and left.powers.dtype == right.powers.dtype == np.uint64
    )


# --- one file ---


def test_round_trip(srs: StructuredReferenceString, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.srs"
    write_srs(path, srs)
    assert same(read_srs(path), srs)
    assert encode_srs(read_srs(path)) == path.read_bytes()
    description = describe_srs(path)
    assert description.identifier == srs.identifier
    assert (description.count, description.name) == (6, "trapdoor")


def test_layout_is_the_documented_one(srs: StructuredReferenceString) -> None:
    data = encode_srs(srs)
    assert data[:12] == b"zkr-srs\0" + bytes([0, 1, 2, len(NAME)])
    assert data[12:COUNT_AT] == NAME
    assert data[COUNT_AT:G2_AT] == struct.pack(">Q", 6)
    assert data[G2_AT:POWERS_AT] == encode_g2(srs.g2_tau)
    assert data[POWERS_AT : POWERS_AT + 64] == (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert len(data) == POWERS_AT + 6 * 64 + 32


def test_every_truncation_and_an_appended_byte_are_refused(
    srs: StructuredReferenceString, tmp_path: Path
) -> None:
    data = encode_srs(srs)
    for end in range(len(data)):
        with pytest.raises(MalformedError):
            read_bytes(tmp_path, data[:end])
    with pytest.raises(MalformedError):
        read_bytes(tmp_path, data + b"\0")


def test_flipped_bits_are_refused(srs: StructuredReferenceString, tmp_path: Path) -> None:
    data = encode_srs(srs)
    source = random.Random(1)
    positions = {*range(G2_AT), *source.sample(range(G2_AT, len(data)), 60)}
    for position in positions:
        damaged = bytearray(data)
        damaged[position] ^= 1 << source.randrange(8)
        with pytest.raises(MalformedError):
            read_bytes(tmp_path, bytes(damaged))


def patched(data: bytes, at: int, new: bytes) -> bytes:
    """The change with the digest made right again: each field's own check must refuse it."""
    body = data[:-32]
    return sealed(body[:at] + new + body[at + len(new) :])


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (0, b"ptau", "not an SRS file"),
        (8, b"\0\2", "version 2"),
        (10, b"\0", "kind 0"),
        (10, b"\3", "kind 3"),
        (12, b"A", "name"),
        (12, b"\xff", "name"),
        (COUNT_AT, struct.pack(">Q", 5), "not the length"),
        (COUNT_AT, struct.pack(">Q", 2**64 - 1), "not the length"),
        (COUNT_AT, struct.pack(">Q", 1 << 60), "not the length"),
        (G2_AT, bytes(128), "infinity"),
        (G2_AT, encode_g2(GENERATOR_G2), "generator"),
        (G2_AT, b"\xff" * 32, "field modulus"),
        (G2_AT, bytes(32), "twisted curve"),
        (POWERS_AT + 64, bytes(64), "powers: point 1 is not on the curve"),
        (POWERS_AT, (FIELD_MODULUS + 1).to_bytes(32, "big"), "point 0 is not below"),
        (POWERS_AT + 5 * 64, b"\xff" * 64, "point 5 is not below"),
        (POWERS_AT + 32, (3).to_bytes(32, "big"), "point 0 is not on the curve"),
    ],
)
def test_bad_fields_are_refused(
    srs: StructuredReferenceString, tmp_path: Path, at: int, new: bytes, reason: str
) -> None:
    with pytest.raises(MalformedError, match=reason):
        read_bytes(tmp_path, patched(encode_srs(srs), at, new))


@pytest.mark.parametrize("count", [0, 1])
def test_too_short_strings_are_refused(
    tmp_path: Path, srs: StructuredReferenceString, count: int
) -> None:
    body = encode_srs(srs)[: POWERS_AT + 64 * count]
    body = body[:COUNT_AT] + struct.pack(">Q", count) + body[G2_AT:]
    with pytest.raises(MalformedError, match="not the length"):
        read_bytes(tmp_path, sealed(body))


def test_huge_stated_count_costs_nothing(tmp_path: Path, srs: StructuredReferenceString) -> None:
    """C8: the stated size is compared with the file's before anything is read or allocated."""
    path = tmp_path / "sparse.srs"
    head = encode_srs(srs)[:POWERS_AT]
    count = (1 << 29) + 1
    with path.open("wb") as file:
        file.write(head[:COUNT_AT] + struct.pack(">Q", count) + head[G2_AT:])
        file.truncate(POWERS_AT + 64 * count + 32)
    with pytest.raises(MalformedError, match="not the length"):
        read_srs(path)


def test_names_of_ceremonies_cannot_be_borrowed(
    srs: StructuredReferenceString, tmp_path: Path
) -> None:
    """S1: neither the name without its tau, nor the tau as something else."""
    hermez = PERPETUAL_POWERS_OF_TAU_HERMEZ
    impostors = [
        replace(srs, kind=SrsKind.CEREMONY, name=hermez.name),
        replace(srs, name=hermez.name),
        replace(srs, kind=SrsKind.CEREMONY, name="mine", g2_tau=hermez.g2_tau),
        replace(srs, g2_tau=hermez.g2_tau),
    ]
    for impostor in impostors:
        with pytest.raises(MalformedError, match=r"does not belong|marked as made"):
            read_bytes(tmp_path, encode_srs(impostor))


def test_unreadable_paths_are_usage_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.srs", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_srs(path)


# --- the folder ---


def test_store_find_and_list(srs: StructuredReferenceString) -> None:
    assert list_srs() == []
    path = store_srs(srs)
    assert path.name == f"{srs.identifier}.srs"
    assert same(find_srs(srs.identifier), srs)
    assert same(find_srs("trapdoor", 6), srs)
    assert [each.identifier for each in list_srs()] == [srs.identifier]


def test_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert srs_folder() == tmp_path / "data" / "srs"
    monkeypatch.delenv("ZKROUTE_DATA_DIR")
    assert srs_folder().is_absolute()
    assert cache_directory() not in srs_folder().parents


def test_longer_string_replaces_shorter_and_stays(srs: StructuredReferenceString) -> None:
    store_srs(srs.truncated(4))
    with pytest.raises(UsageError, match="has 4 powers and 6 are needed"):
        find_srs("trapdoor", 6)
    store_srs(srs)
    store_srs(srs.truncated(4))
    assert same(find_srs("trapdoor", 6), srs)


def test_damaged_file_is_replaced_when_stored_again(srs: StructuredReferenceString) -> None:
    path = store_srs(srs)
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(MalformedError, match="damaged"):
        find_srs("trapdoor")
    store_srs(srs)
    assert path.read_bytes() == good


def test_ambiguous_and_unknown_names_are_said_so(tmp_path: Path) -> None:
    first, second = (new_development(3, engine("reference")) for _ in range(2))
    for srs in (first, second):
        store_srs(srs, tmp_path)
    with pytest.raises(UsageError, match=f"2 SRS are called development.*{first.identifier}"):
        find_srs("development", folder=tmp_path)
    assert same(find_srs(second.identifier, folder=tmp_path), second)
    with pytest.raises(UsageError, match="kept here: development"):
        find_srs("ppot-hermez", folder=tmp_path)
    with pytest.raises(UsageError, match="kept here: none"):
        find_srs("ppot-hermez")


def test_imported_ceremony_is_found_by_its_name() -> None:
    source = shared_path("srs", "powersOfTau28_hez_final_08.ptau")
    srs = import_ptau(source, engine=engine("reference"))
    store_srs(srs)
    assert same(find_srs("ppot-hermez", 511), srs)


def test_g2_outside_the_subgroup_is_refused(srs: StructuredReferenceString, tmp_path: Path) -> None:
    """C4: a multiple of the generator passes, a point of small order added to it does not."""
    good = replace(srs, g2_tau=multiply_g2(GENERATOR_G2, 77))
    assert read_bytes(tmp_path, encode_srs(good)).g2_tau == good.g2_tau
    stray = (
        (
            0x217E53A295B38CCB72980E6E444AB1552B5D1B07058C95BE6D07CEE7C8276E81,
            0x03D636784D915DA206FBA461B5B2A44C2FB2FF76CCBC9930BC52C8858832D12F,
        ),
        (
            0x2B92BCE28056138E7431E6B2C51AD1655DE7D0967C3A3D052F868C1F459026CC,
            0x15368ADAD9C690DD7A726DBA728B0D02EEB4F9E93878FE151777E6BA07535A9B,
        ),
    )
    with pytest.raises(MalformedError, match="subgroup"):
        read_bytes(tmp_path, encode_srs(replace(srs, g2_tau=stray)))
