""".ptau files that are not built as they must be, or are something else altogether (S2)."""

import struct
from pathlib import Path

import pytest

from tests.support.ptau_builder import PtauFile, contribution, contributions, header
from tests.unit.formats.ptau_samples import Change, Take
from zkroute.algebra.engine import Engine
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.ptau import import_ptau


def stated(kind: int, length: int) -> Change:
    return lambda file: PtauFile(file.sections, stated_lengths={kind: length})


def with_parameters(parameters: bytes) -> Change:
    return lambda file: file.with_section(7, contributions(contribution(parameters=parameters)))


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
