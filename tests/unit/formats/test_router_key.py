"""Router keys: PEM for the owner, 64 digits for everyone, and errors that never quote a file."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from zkroute.atomic import write_atomic
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.router_key import (
    encode_private_key,
    encode_public_key,
    parse_public_key,
    read_private_key,
    read_public_key,
)


def test_both_halves_come_back(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    write_atomic(tmp_path / "k", encode_private_key(key), private=True)
    write_atomic(tmp_path / "p", encode_public_key(public))
    assert read_private_key(tmp_path / "k").private_bytes_raw() == key.private_bytes_raw()
    assert read_public_key(tmp_path / "p") == public


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("modes mean nothing here")
    path = tmp_path / "k"
    write_atomic(path, encode_private_key(Ed25519PrivateKey.generate()))
    with pytest.raises(UsageError, match="chmod 600"):
        read_private_key(path)


def test_halves_are_told_apart_before_anything_is_advised(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    write_atomic(tmp_path / "p", encode_public_key(key.public_key().public_bytes_raw()))
    with pytest.raises(MalformedError, match="p: 64 digits are a public key"):
        read_private_key(tmp_path / "p")
    write_atomic(tmp_path / "k", encode_private_key(key), private=True)
    with pytest.raises(MalformedError, match="k: a private key, where the public one is needed"):
        read_public_key(tmp_path / "k")
    write_atomic(tmp_path / "orders.csv", b"account,side\n")
    with pytest.raises(MalformedError, match="not an Ed25519 private key in PEM"):
        read_private_key(tmp_path / "orders.csv")


def encrypted() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


def of_another_kind() -> bytes:
    return X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.mark.parametrize("data", [b"", b"swordfish", of_another_kind()])
def test_anything_else_is_refused_without_being_shown(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "k"
    write_atomic(path, data, private=True)
    with pytest.raises(MalformedError, match="not an Ed25519 private key") as caught:
        read_private_key(path)
    assert "swordfish" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "k"
    write_atomic(path, encrypted(), private=True)
    with pytest.raises(UsageError, match="protected by a passphrase"):
        read_private_key(path)
    with pytest.raises(UsageError, match="does not open") as caught:
        read_private_key(path, lambda: b"swordfish")
    assert "swordfish" not in str(caught.value)
    assert caught.value.__cause__ is None
    opened = read_private_key(path, lambda: b"secret")
    again = encode_private_key(opened, b"other")
    write_atomic(path, again, private=True)
    assert read_private_key(path, lambda: b"other").private_bytes_raw() == (
        opened.private_bytes_raw()
    )


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "AB" * 32, "ab" * 33])
def test_public_keys_have_one_spelling(text: str) -> None:
    with pytest.raises(MalformedError, match=r"router.pub: .* 64 lower-case"):
        parse_public_key(text, "router.pub")
