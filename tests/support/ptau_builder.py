"""Writes ``.ptau`` files for tests: of a known trapdoor, or a real one with parts replaced.

Independent of the reader: the layout is written down here a second time, from snarkjs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.support.lagrange import lagrange_basis
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    PointG2,
    multiply_g1,
    multiply_g2,
)
from zkroute.algebra.scalars import MODULUS

TAU, ALPHA, BETA = 0x1D2C3B4A59687, 0xA1FA, 0xBE7A


def montgomery(value: int) -> bytes:
    return (value * (1 << 256) % FIELD_MODULUS).to_bytes(32, "little")


def write_g1(point: PointG1) -> bytes:
    return b"".join(map(montgomery, point if point is not None else (0, 0)))


def write_g2(point: PointG2) -> bytes:
    if point is None:
        return bytes(128)
    return b"".join(montgomery(part) for coordinate in point for part in coordinate)


def g1(scalar: int) -> bytes:
    return write_g1(multiply_g1(GENERATOR_G1, scalar))


def g2(scalar: int) -> bytes:
    return write_g2(multiply_g2(GENERATOR_G2, scalar))


@dataclass
class PtauFile:
    """Sections in file order; what the container says about itself can be overridden."""

    sections: list[tuple[int, bytes]]
    magic: bytes = b"ptau"
    version: int = 1
    count: int | None = None
    stated_lengths: dict[int, int] = field(default_factory=dict)
    """Section type to a false length."""

    def encode(self) -> bytes:
        count = len(self.sections) if self.count is None else self.count
        parts = [self.magic, struct.pack("<II", self.version, count)]
        for kind, content in self.sections:
            length = self.stated_lengths.get(kind, len(content))
            parts += [struct.pack("<IQ", kind, length), content]
        return b"".join(parts)

    def section(self, kind: int) -> bytes:
        return next(content for each, content in self.sections if each == kind)

    def with_section(self, kind: int, content: bytes) -> PtauFile:
        changed = [(each, content if each == kind else old) for each, old in self.sections]
        return replace(self, sections=changed)

    def with_point(self, kind: int, index: int, point: bytes) -> PtauFile:
        content = self.section(kind)
        start = index * len(point)
        return self.with_section(kind, content[:start] + point + content[start + len(point) :])

    def without(self, *kinds: int) -> PtauFile:
        kept = [(kind, content) for kind, content in self.sections if kind not in kinds]
        return replace(self, sections=kept)


def parse(data: bytes) -> PtauFile:
    """The sections of a well-formed file."""
    sections = []
    offset = 12
    while offset < len(data):
        kind, length = struct.unpack_from("<IQ", data, offset)
        sections.append((kind, data[offset + 12 : offset + 12 + length]))
        offset += 12 + length
    return PtauFile(sections)


def header(power: int, ceremony_power: int = 28, prime: int = FIELD_MODULUS) -> bytes:
    return (
        struct.pack("<I", 32)
        + prime.to_bytes(32, "little")
        + struct.pack("<II", power, ceremony_power)
    )


def contribution(tau: int = TAU, beta: int = BETA, parameters: bytes = b"\x01\x03ann") -> bytes:
    points = g1(tau) + g2(tau) + g1(ALPHA) + g1(beta) + g2(beta)
    keys = b"".join(g1(number) for number in range(3, 9)) + g2(3) + g2(4) + g2(5)
    tail = struct.pack("<II", 0, len(parameters)) + parameters
    return points + keys + bytes(216 + 64) + tail


def contributions(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def basis(level: int, factor: int, tau: int = TAU, missing_last: bool = False) -> list[int]:
    """Discrete logarithms of the Lagrange basis of factor * tau^i, maybe without the last power."""
    size = 1 << level
    values = [factor * value for value in lagrange_basis(level, tau)]
    if missing_last:
        # L_j(tau) is 1/n times the sum of w^(-ij) tau^i; leave out i = n - 1
        root = pow(5, (MODULUS - 1) >> level, MODULUS)
        lost = factor * pow(tau, size - 1, MODULUS) * pow(size, -1, MODULUS)
        values = [value - lost * pow(root, j, MODULUS) for j, value in enumerate(values)]
    return values


def build(power: int = 2, *, complete: bool = False, tau: int = TAU) -> PtauFile:
    """A file of a made-up ceremony, cut from a longer one or complete."""
    size = 1 << power
    exponents = [pow(tau, i, MODULUS) for i in range(2 * size)]

    def bases(write: Callable[[int], bytes], factor: int, levels: int) -> bytes:
        scalars = [
            value
            for level in range(levels)
            for value in basis(level, factor, tau, complete and level == power + 1)
        ]
        return b"".join(map(write, scalars))

    return PtauFile(
        [
            (1, header(power, power if complete else 28)),
            (2, b"".join(map(g1, exponents[:-1]))),
            (3, b"".join(map(g2, exponents[:size]))),
            (4, b"".join(g1(ALPHA * each) for each in exponents[:size])),
            (5, b"".join(g1(BETA * each) for each in exponents[:size])),
            (6, g2(BETA)),
            (7, contributions(contribution(7, 8), contribution(tau))),
            (12, bases(g1, 1, power + 2)),
            (13, bases(g2, 1, power + 1)),
            (14, bases(g1, ALPHA, power + 1)),
            (15, bases(g1, BETA, power + 1)),
        ]
    )
