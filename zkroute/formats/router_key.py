"""The router's Ed25519 key: the private half in PEM for its owner, the public half for everyone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from zkroute.errors import MalformedError, UsageError
from zkroute.formats.files import read_bytes, read_private_bytes

MAX_KEY_FILE_BYTES = 1 << 14
_PUBLIC = re.compile(r"[0-9a-f]{64}")
_PEM = b"-----BEGIN "
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

Passphrase = Callable[[], bytes]
"""Called when a key turns out to be encrypted."""


def encode_private_key(key: Ed25519PrivateKey, passphrase: bytes = b"") -> bytes:
    """PEM of the private key (PKCS #8, RFC 8410), encrypted if there is a passphrase.

    Without one the file's mode alone protects it.
    """
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def encode_public_key(key: bytes) -> bytes:
    """One line of 64 lower-case hexadecimal digits."""
    return f"{key.hex()}\n".encode("ascii")


def read_private_key(path: Path, passphrase: Passphrase | None = None) -> Ed25519PrivateKey:
    """The private key in a PEM file that its owner alone can read.

    ``passphrase`` is asked if the key is encrypted. Raises MalformedError for any other content,
    which is never shown; UsageError for a file that cannot be read, or that others can, and for a
    wrong passphrase.
    """
    data = read_bytes(path, MAX_KEY_FILE_BYTES)
    # what is no private key need not be kept from others
    if _PEM in data:
        data = read_private_bytes(path, MAX_KEY_FILE_BYTES)
    return decode_private_key(data, str(path), passphrase)


def decode_private_key(
    data: bytes, source: str, passphrase: Passphrase | None = None
) -> Ed25519PrivateKey:
    """The private key in PEM bytes; errors as ``read_private_key``, naming ``source``."""
    if _is_public(data):
        raise MalformedError(
            f"{source}: 64 digits are a public key; the private one is needed, in PEM"
        )
    if _ENCRYPTED in data:
        if passphrase is None:
            raise UsageError(f"{source}: the key is protected by a passphrase, and none was given")
        key = _load(data, passphrase())
        if key is None:
            raise UsageError(f"{source}: the passphrase does not open the key")
    else:
        key = _load(data, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise MalformedError(f"{source}: not an Ed25519 private key in PEM")
    return key


def _is_public(data: bytes) -> bool:
    return _PUBLIC.fullmatch(data.decode("ascii", errors="replace").strip()) is not None


def is_encrypted(path: Path) -> bool:
    """Whether the file holds a private key under a passphrase."""
    return _ENCRYPTED in read_bytes(path, MAX_KEY_FILE_BYTES)


def _load(data: bytes, passphrase: bytes | None) -> object:
    """What the PEM bytes hold; None where they, or the passphrase, are wrong."""
    try:
        return load_pem_private_key(data, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        # the cause is dropped: it might quote the file
        return None


def read_public_key(path: Path) -> bytes:
    """The 32-byte public key in a file of 64 hexadecimal digits."""
    data = read_bytes(path, MAX_KEY_FILE_BYTES)
    if _PEM in data:
        raise MalformedError(f"{path}: a private key, where the public one is needed")
    return parse_public_key(data.decode("ascii", errors="replace").strip(), str(path))


def parse_public_key(text: str, what: str) -> bytes:
    """The 32-byte public key that 64 lower-case hexadecimal digits write. Raises MalformedError."""
    if not _PUBLIC.fullmatch(text):
        raise MalformedError(f"{what}: a router's public key is 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)
