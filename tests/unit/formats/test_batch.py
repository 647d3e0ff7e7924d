"""batch.private: comes back whole, is for its owner alone, and no damage goes unnoticed."""

import hashlib
import os
import struct
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from prover.state import CommittedBatch
from tests.support.world import World
from zkroute.algebra.scalars import MODULUS
from zkroute.cli.batches import to_private
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.batch import (
    DIGEST_BYTES,
    PrivateBatch,
    PrivateState,
    decode_batch,
    encode_batch,
    read_batch,
    write_batch,
)


@pytest.fixture(scope="module")
def private(second: CommittedBatch) -> PrivateBatch:
    return to_private(second)


def resealed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


def test_every_field_comes_back(private: PrivateBatch) -> None:
    full = private.with_proof(b"some proof").with_another_child()
    again = decode_batch(encode_batch(full), "b")
    assert full.before.held_sequence
    for ours, theirs in ((full, again), (full.before, again.before), (full.after, again.after)):
        for each in fields(ours):
            mine, read = getattr(ours, each.name), getattr(theirs, each.name)
            assert type(mine) is type(read), each.name
            if not isinstance(mine, PrivateState):
                assert np.array_equal(mine, read) if isinstance(mine, np.ndarray) else mine == read


def test_an_empty_batch_comes_back(world: World) -> None:
    orders = world.orders(1).take(slice(0, 0))
    encoded = encode_batch(to_private(world.commit(orders)))
    assert encode_batch(decode_batch(encoded, "b")) == encoded


def test_every_flipped_bit_is_noticed(private: PrivateBatch) -> None:
    encoded = encode_batch(private)
    for position in (*range(0, 64), *range(64, len(encoded), 97), len(encoded) - 1):
        damaged = bytearray(encoded)
        damaged[position] ^= 1
        with pytest.raises(MalformedError, match=r"damaged|not a private batch"):
            decode_batch(bytes(damaged), "b")


@pytest.mark.parametrize("length", [0, 7, 8, 40, 60, 1000])
def test_a_cut_file_is_refused(private: PrivateBatch, length: int) -> None:
    with pytest.raises(MalformedError, match=r"damaged|not a private batch"):
        decode_batch(encode_batch(private)[:length], "b")


def test_a_cut_file_with_a_new_digest_is_refused(private: PrivateBatch) -> None:
    body = encode_batch(private)[:-DIGEST_BYTES]
    for length in (20, 70, 500, len(body) - 1):
        with pytest.raises(MalformedError, match="the file ends inside"):
            decode_batch(resealed(body[:length]), "b")


def test_bytes_too_many_are_refused(private: PrivateBatch) -> None:
    body = encode_batch(private)[:-DIGEST_BYTES]
    with pytest.raises(MalformedError, match="1 bytes too many"):
        decode_batch(resealed(body + b"\0"), "b")


def test_another_version_is_refused(private: PrivateBatch) -> None:
    body = bytearray(encode_batch(private)[:-DIGEST_BYTES])
    body[8:10] = struct.pack(">H", 2)
    with pytest.raises(MalformedError, match="version 2 of the file is not 1"):
        decode_batch(resealed(bytes(body)), "b")


@pytest.mark.parametrize("offset", [48, 52, 56, 60])
def test_sizes_out_of_range_are_refused_before_anything_is_made(
    private: PrivateBatch, offset: int
) -> None:
    body = bytearray(encode_batch(private)[:-DIGEST_BYTES])
    body[offset : offset + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(MalformedError, match="out of range"):
        decode_batch(resealed(bytes(body)), "b")


def test_scalars_must_be_canonical(private: PrivateBatch) -> None:
    encoded = encode_batch(private)
    mask = private.masks[0]
    aliased = encoded.replace(mask.to_bytes(32, "big"), (mask + MODULUS).to_bytes(32, "big"))
    with pytest.raises(MalformedError, match="mask 0: the scalar is not below"):
        decode_batch(resealed(aliased[:-DIGEST_BYTES]), "b")


def test_the_file_is_for_its_owner_alone(private: PrivateBatch, tmp_path: Path) -> None:
    path = tmp_path / "batch.private"
    write_batch(path, private)
    assert encode_batch(read_batch(path)) == encode_batch(private)
    if os.name != "posix":
        pytest.skip("modes mean nothing here")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        read_batch(path)


def test_secrets_do_not_show_when_printed(private: PrivateBatch) -> None:
    assert str(private.masks[0]) not in repr(private)
    assert "masks" not in repr(private)
