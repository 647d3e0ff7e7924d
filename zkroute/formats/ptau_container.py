"""The container of a ``.ptau`` file: magic, section table and header, all lengths exact.

The layout is that of iden3's binary files: "ptau", version 1, the number of sections, then each
section as type (4 bytes), length (8 bytes) and content; all integers little-endian. Once the header
states the power, the length of every section but the list of contributions is fixed, and that one
is bounded; nothing is allocated before all of this has been checked against the file's length.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from zkroute.algebra.groups import FIELD_MODULUS, G1_BYTES, G2_BYTES
from zkroute.errors import MalformedError, UsageError

MAGIC = b"ptau"
VERSION = 1
MAXIMUM_POWER = 28
LARGEST_IMPORT_POWER = 27
"""A file of power 28 has a Lagrange basis of 2**29 points, for which no domain exists."""
MAXIMUM_CONTRIBUTIONS_BYTES = 1 << 24
_PREFIX = struct.Struct("<4sII")
_SECTION_HEAD = struct.Struct("<IQ")
_HEADER = struct.Struct("<I32sII")


class Section(IntEnum):
    """Section types; alpha and beta belong to Groth16 and are checked but not used here."""

    HEADER = 1
    TAU_G1 = 2
    TAU_G2 = 3
    ALPHA_TAU_G1 = 4
    BETA_TAU_G1 = 5
    BETA_G2 = 6
    CONTRIBUTIONS = 7
    LAGRANGE_TAU_G1 = 12
    LAGRANGE_TAU_G2 = 13
    LAGRANGE_ALPHA_TAU_G1 = 14
    LAGRANGE_BETA_TAU_G1 = 15

    def __str__(self) -> str:
        return f"section {self.value} ({self.name.lower()})"


REQUIRED_SECTIONS = frozenset(section for section in Section if section <= Section.CONTRIBUTIONS)
LAGRANGE_SECTIONS = frozenset(Section) - REQUIRED_SECTIONS


@dataclass(frozen=True)
class PtauContainer:
    """An open ``.ptau`` file whose structure has been checked; the points have not."""

    file: BinaryIO
    name: str
    """How errors call the file."""
    power: int
    """The file holds 2**(power + 1) - 1 powers of tau in G1."""
    sections: dict[Section, tuple[int, int]]
    """(offset, length) of each section's content."""

    @property
    def has_lagrange(self) -> bool:
        """Whether the optional sections 12 to 15 are there."""
        return Section.LAGRANGE_TAU_G1 in self.sections

    def read(self, section: Section) -> bytes:
        """The content of a section. Raises MalformedError if the file has shrunk meanwhile."""
        offset, length = self.sections[section]
        return _read(self.file, offset, length, self.name)


def open_container(file: BinaryIO, name: str) -> PtauContainer:
    """The checked structure of an open file.

    Raises MalformedError for anything that is not exactly one well-formed ``.ptau`` file over
    BN254, UsageError for one of power 28, which cannot be imported.
    """
    size = file.seek(0, os.SEEK_END)
    sections = _read_section_table(file, size, name)
    power = _read_header(file, sections, name)
    _check_lengths(sections, power, name)
    if power > LARGEST_IMPORT_POWER:
        raise UsageError(
            f"{name}: a file of power {power} is too large to import; take the one of the same "
            "ceremony that fits the rows you prove"
        )
    return PtauContainer(file, name, power, sections)


def lagrange_levels(section: Section, power: int) -> range:
    """Sizes 2**level of the Lagrange bases in a section, one after another."""
    # tau_g1 has twice as many powers, so it alone has one basis more
    return range(power + 2 if section is Section.LAGRANGE_TAU_G1 else power + 1)


def _read_section_table(file: BinaryIO, size: int, name: str) -> dict[Section, tuple[int, int]]:
    if size < _PREFIX.size:
        raise MalformedError(f"{name}: {size} bytes are too few for a .ptau file")
    magic, version, count = _PREFIX.unpack(_read(file, 0, _PREFIX.size, name))
    if magic != MAGIC:
        raise MalformedError(f"{name}: {_what_else(file, size, name)}")
    if version != VERSION:
        raise MalformedError(f"{name}: .ptau version {version} is not {VERSION}")
    if not len(REQUIRED_SECTIONS) <= count <= len(Section):
        raise MalformedError(f"{name}: a .ptau file does not have {count} sections")
    sections: dict[Section, tuple[int, int]] = {}
    offset = _PREFIX.size
    for _ in range(count):
        if size - offset < _SECTION_HEAD.size:
            raise MalformedError(f"{name}: the file ends before its last section begins")
        kind, length = _SECTION_HEAD.unpack(_read(file, offset, _SECTION_HEAD.size, name))
        offset += _SECTION_HEAD.size
        if kind not in Section.__members__.values():
            raise MalformedError(f"{name}: section type {kind} is unknown")
        section = Section(kind)
        if section in sections:
            raise MalformedError(f"{name}: {section} appears twice")
        if length > size - offset:
            raise MalformedError(f"{name}: {section} states more bytes than the file has")
        sections[section] = offset, length
        offset += length
    if offset != size:
        raise MalformedError(f"{name}: {size - offset} bytes follow the last section")
    return sections


def _what_else(file: BinaryIO, size: int, name: str) -> str:
    """What a file without the magic probably is, for the person who downloaded it."""
    start = _read(file, 0, min(size, 64), name).lstrip()
    if start.startswith(b"<"):
        return "this is a web page or XML message, not a .ptau file; the download failed"
    if start.startswith(b"version https://git-lfs"):
        return "this is a Git LFS pointer, not the .ptau file itself; run  git lfs pull"
    return "not a .ptau file"


def _read_header(file: BinaryIO, sections: dict[Section, tuple[int, int]], name: str) -> int:
    """The power, after checking field and bounds."""
    missing = sorted(REQUIRED_SECTIONS - sections.keys())
    if missing:
        raise MalformedError(f"{name}: {missing[0]} is missing")
    offset, length = sections[Section.HEADER]
    if length != _HEADER.size:
        raise MalformedError(f"{name}: the header has {length} bytes instead of {_HEADER.size}")
    prime_bytes, prime, power, ceremony_power = _HEADER.unpack(_read(file, offset, length, name))
    if prime_bytes != 32 or int.from_bytes(prime, "little") != FIELD_MODULUS:
        raise MalformedError(f"{name}: the header's prime is not that of BN254")
    if not 1 <= power <= ceremony_power <= MAXIMUM_POWER:
        raise MalformedError(
            f"{name}: power {power} of a ceremony of power {ceremony_power} is out of range"
        )
    return int(power)


def _check_lengths(sections: dict[Section, tuple[int, int]], power: int, name: str) -> None:
    present = LAGRANGE_SECTIONS & sections.keys()
    if present and present != LAGRANGE_SECTIONS:
        missing = min(LAGRANGE_SECTIONS - present)
        raise MalformedError(f"{name}: of the Lagrange sections 12 to 15, {missing} is missing")
    for section, (_, length) in sections.items():
        if section is Section.CONTRIBUTIONS:
            if length > MAXIMUM_CONTRIBUTIONS_BYTES:
                raise MalformedError(f"{name}: {section} is too long")
        elif length != _expected_length(section, power):
            raise MalformedError(f"{name}: {section} has the wrong length for power {power}")


def _expected_length(section: Section, power: int) -> int:
    if section is Section.HEADER:
        return _HEADER.size
    if section is Section.BETA_G2:
        return G2_BYTES
    if section in LAGRANGE_SECTIONS:
        points = sum(1 << level for level in lagrange_levels(section, power))
    elif section is Section.TAU_G1:
        points = (2 << power) - 1
    else:
        points = 1 << power
    in_g2 = section in (Section.TAU_G2, Section.LAGRANGE_TAU_G2)
    return points * (G2_BYTES if in_g2 else G1_BYTES)


def _read(file: BinaryIO, offset: int, length: int, name: str) -> bytes:
    file.seek(offset)
    data = file.read(length)
    if len(data) != length:
        raise MalformedError(f"{name}: the file ends in the middle of a section")
    return data
