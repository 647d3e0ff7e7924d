"""Our own file of a structured reference string, and the folder that keeps them.

    magic "zkr-srs\\0" | version (2 bytes) | kind (1) | length of name (1) | name
    | number of powers (8) | [tau] in G2 (128, EIP-197) | powers (64 each, EIP-197) | SHA-256 (32)

Integers are big-endian. The digest is over everything before it. It guards against damage;
whether the points are powers of tau is for ``check_powers``, which ran before the file was written
and runs again on request.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from zkroute.algebra.groups import G1_BYTES, G2_BYTES, PointG2, decode_g2, encode_g2
from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError, UsageError
from zkroute.paths import data_directory
from zkroute.protocol.ceremonies import ceremony_named, ceremony_of
from zkroute.protocol.point_arrays import decode_point_array, encode_point_array
from zkroute.protocol.srs import (
    MAXIMUM_LOG_POWERS,
    SrsKind,
    StructuredReferenceString,
    check_g2_tau,
    is_valid_name,
    srs_identifier,
)

MAGIC = b"zkr-srs\0"
VERSION = 1
SUFFIX = ".srs"
DIGEST_BYTES = 32
_START = struct.Struct(">8sHBB")
_COUNT = struct.Struct(">Q")
_KIND_CODES = {SrsKind.CEREMONY: 1, SrsKind.DEVELOPMENT: 2}


@dataclass(frozen=True)
class SrsDescription:
    """What the head of an SRS file says; the powers have not been read."""

    path: Path
    kind: SrsKind
    name: str
    count: int
    g2_tau: PointG2

    @property
    def identifier(self) -> str:
        """The identifier of the string."""
        return srs_identifier(self.kind, self.g2_tau)


def encode_srs(srs: StructuredReferenceString) -> bytes:
    """The bytes of the file: one encoding for every string."""
    name = srs.name.encode("ascii")
    body = b"".join(
        (
            _START.pack(MAGIC, VERSION, _KIND_CODES[srs.kind], len(name)),
            name,
            _COUNT.pack(len(srs.powers)),
            encode_g2(srs.g2_tau),
            encode_point_array(srs.powers),
        )
    )
    return body + hashlib.sha256(body).digest()


def write_srs(path: str | os.PathLike[str], srs: StructuredReferenceString) -> None:
    """Write the file in one step (``write_atomic``)."""
    write_atomic(path, encode_srs(srs))


def read_srs(path: str | os.PathLike[str]) -> StructuredReferenceString:
    """The string in a file: digest right, points canonical and in their groups.

    Raises MalformedError naming the file and what is wrong, UsageError if it cannot be read.

    Soundness: that the powers belong to [tau] in G2 is for ``check_powers``.
    """
    with _open(path) as file:
        head = _read_head(file, Path(path))
        start = file.tell()
        file.seek(0)
        data = file.read(_file_bytes(start, head.count))
    what = str(head.path)
    body, digest = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise MalformedError(f"{what}: the file is damaged: its SHA-256 is not the stated one")
    powers = decode_point_array(body[start:], f"{what}: powers")
    return StructuredReferenceString(head.kind, head.name, powers, head.g2_tau)


def describe_srs(path: str | os.PathLike[str]) -> SrsDescription:
    """What the head of a file says, its length being right; the digest is not computed.

    Raises MalformedError naming the file and what is wrong, UsageError if it cannot be read.
    """
    with _open(path) as file:
        return _read_head(file, Path(path))


def srs_folder() -> Path:
    """Where strings are kept unless the caller says otherwise."""
    return data_directory() / "srs"


def store_srs(srs: StructuredReferenceString, folder: Path | None = None) -> Path:
    """Keep a string under its identifier and return the file; a longer one already there stays."""
    path = (folder or srs_folder()) / f"{srs.identifier}{SUFFIX}"
    if not _holds(path, len(srs.powers)):
        write_srs(path, srs)
    return path


def list_srs(folder: Path | None = None) -> list[SrsDescription]:
    """The strings kept, by name and identifier. Raises MalformedError for a damaged file."""
    paths = sorted((folder or srs_folder()).glob(f"*{SUFFIX}"))
    return sorted(map(describe_srs, paths), key=lambda each: (each.name, each.identifier))


def strings_by_name(folder: Path | None = None) -> list[SrsDescription]:
    """The strings that their names stand for: of development strings of one name the longest.

    A development string cannot be made longer, for its secret is gone; where another was made in
    its stead, the shorter one stays for the keys that have its identifier.
    """
    kept = list_srs(folder)
    longest: dict[tuple[SrsKind, str], int] = {}
    for each in kept:
        longest[each.kind, each.name] = max(longest.get((each.kind, each.name), 0), each.count)
    return [
        each
        for each in kept
        if each.kind is SrsKind.CEREMONY or each.count == longest[each.kind, each.name]
    ]


def find_srs(wanted: str, count: int = 2, folder: Path | None = None) -> StructuredReferenceString:
    """The kept string of that identifier or name, which has at least ``count`` powers.

    Raises UsageError if there is none, if a name stands for several, or if it is too short.
    """
    kept = list_srs(folder)
    found = [each for each in kept if wanted == each.identifier]
    found = found or [each for each in strings_by_name(folder) if wanted == each.name]
    if not found:
        names = ", ".join(sorted({each.name for each in kept})) or "none"
        raise UsageError(f"no SRS is called {wanted}; kept here: {names}")
    if len(found) > 1:
        identifiers = ", ".join(each.identifier for each in found)
        raise UsageError(f"{len(found)} SRS are called {wanted}; name one of {identifiers}")
    (description,) = found
    if description.count < count:
        raise UsageError(
            f"SRS {wanted} has {description.count} powers and {count} are needed; "
            "import a larger file of the ceremony, or make a larger one for development"
        )
    return read_srs(description.path)


def _holds(path: Path, count: int) -> bool:
    """Whether a whole and undamaged file of at least that many powers is there."""
    if not path.exists():
        return False
    try:
        return len(read_srs(path).powers) >= count
    except MalformedError:
        return False


def _open(path: str | os.PathLike[str]) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


def _file_bytes(head_bytes: int, count: int) -> int:
    return head_bytes + count * G1_BYTES + DIGEST_BYTES


def _read_head(file: BinaryIO, path: Path) -> SrsDescription:
    """Everything before the powers; afterwards the file stands at the first of them."""
    what = str(path)
    magic, version, kind_code, name_length = _START.unpack(_read(file, _START.size, what))
    if magic != MAGIC:
        raise MalformedError(f"{what}: not an SRS file of zkroute; import .ptau files first")
    if version != VERSION:
        raise MalformedError(f"{what}: SRS file version {version} is not {VERSION}")
    kinds = {code: kind for kind, code in _KIND_CODES.items()}
    if kind_code not in kinds:
        raise MalformedError(f"{what}: SRS kind {kind_code} is unknown")
    kind = kinds[kind_code]
    name = _read(file, name_length, what).decode("ascii", errors="replace")
    if not is_valid_name(name):
        raise MalformedError(f"{what}: the name in the file is not a valid SRS name")
    (count,) = _COUNT.unpack(_read(file, _COUNT.size, what))
    g2_tau = decode_g2(_read(file, G2_BYTES, what), f"{what}: [tau] in G2", allow_infinity=False)
    check_g2_tau(g2_tau, what)
    _check_ceremony(kind, name, g2_tau, what)
    start = file.tell()
    size = file.seek(0, os.SEEK_END)
    # the bound first: the product below must stay a size that a file can have
    if not 2 <= count <= 1 << MAXIMUM_LOG_POWERS or size != _file_bytes(start, count):
        raise MalformedError(f"{what}: {size} bytes are not the length of {count} powers")
    file.seek(start)
    return SrsDescription(path, kind, name, count, g2_tau)


def _check_ceremony(kind: SrsKind, name: str, g2_tau: PointG2, what: str) -> None:
    """A known ceremony's name and its [tau] come together or not at all."""
    if kind is not SrsKind.CEREMONY:
        if ceremony_named(name) is not None or ceremony_of(g2_tau) is not None:
            raise MalformedError(f"{what}: a ceremony's string is marked as made for development")
    elif ceremony_of(g2_tau) != ceremony_named(name):
        raise MalformedError(f"{what}: the name {name} does not belong to this [tau]")


def _read(file: BinaryIO, length: int, what: str) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise MalformedError(f"{what}: the file is cut off")
    return data
