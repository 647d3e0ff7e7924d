"""Public artefacts from the files a user names. Nothing here loads the prover."""

from __future__ import annotations

from pathlib import Path

from zkroute.cli.workspace import BatchFolder
from zkroute.errors import UsageError
from zkroute.formats.files import read_bytes
from zkroute.formats.header import MAX_HEADER_BYTES, decode_header
from zkroute.formats.key import MAX_KEY_BYTES, decode_key
from zkroute.formats.proof import MAX_PROOF_BYTES
from zkroute.formats.router_key import parse_public_key, read_public_key
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey


def read_key(path: Path) -> VerifyingKey:
    """The verifying key in a file."""
    _require(path, "'zkroute keys' derives a verifying key")
    return decode_key(read_bytes(path, MAX_KEY_BYTES), str(path))


def read_header(path: Path) -> Header:
    """The header in a file, or in the batch folder of that name."""
    source = BatchFolder(path).header if path.is_dir() else path
    if path.is_dir() and any(path.glob("*/header.json")) and not source.exists():
        raise UsageError(f"{path} is a folder of batches; name one of them")
    _require(source, "'zkroute route' makes a batch's header")
    return decode_header(read_bytes(source, MAX_HEADER_BYTES), str(source))


def read_proof(path: Path) -> bytes:
    """The bytes of a proof file; what they mean is for the verifier, who has the key."""
    _require(path, f"'zkroute prove {path.parent}' makes a proof")
    return read_bytes(path, MAX_PROOF_BYTES)


def _require(path: Path, how: str) -> None:
    if not path.exists():
        raise UsageError(f"{path} is not there; {how}")


def read_router(text: str) -> bytes:
    """A router's public key: in a file, or as its 64 digits."""
    return parse_public_key(text, text) if len(text) == 64 else read_public_key(Path(text))
