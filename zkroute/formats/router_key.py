"""The router's Ed25519 key: the private half in PEM for its owner, the public half for everyone."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from zkroute.errors import MalformedError
from zkroute.formats.files import read_bytes, read_private_bytes

MAX_KEY_FILE_BYTES = 1 << 14
_PUBLIC = re.compile(r"[0-9a-f]{64}")


def encode_private_key(key: Ed25519PrivateKey) -> bytes:
    """PEM of the private key (PKCS #8, RFC 8410), not encrypted: the file's mode protects it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encode_public_key(key: bytes) -> bytes:
    """One line of 64 lower-case hexadecimal digits."""
    return f"{key.hex()}\n".encode("ascii")


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file that its owner alone can read.

    Raises MalformedError for any other content, which is never shown; UsageError for a file that
    cannot be read, or that others can.
    """
    data = read_private_bytes(path, MAX_KEY_FILE_BYTES)
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # the cause is dropped: it might quote the file
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise MalformedError(f"{path}: not an unencrypted Ed25519 private key in PEM")
    return key


def read_public_key(path: Path) -> bytes:
    """The 32-byte public key in a file of 64 hexadecimal digits."""
    data = read_bytes(path, MAX_KEY_FILE_BYTES)
    return parse_public_key(data.decode("ascii", errors="replace").strip(), str(path))


def parse_public_key(text: str, what: str) -> bytes:
    """The 32-byte public key that 64 lower-case hexadecimal digits write. Raises MalformedError."""
    if not _PUBLIC.fullmatch(text):
        raise MalformedError(f"{what}: a router's public key is 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)
