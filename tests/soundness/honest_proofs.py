"""Honest proofs of two policies' batches, and their elements one by one."""

from __future__ import annotations

from functools import cache

from tests.support.lying import Scene
from tests.support.scenes import chained_scene
from zkroute.protocol.proof import ProofLayout

NAMES = ["round robin", "notional by seven"]
SIZE = 32


@cache
def scene(name: str) -> Scene:
    return chained_scene(name, 23)


@cache
def proof(name: str, number: int = 0) -> bytes:
    """Honest proofs of one header; each has blinding of its own."""
    del number
    return scene(name).prove(scene(name).columns)


@cache
def kinds(name: str) -> str:
    """One letter an element in byte order: p for a point, s for a scalar."""
    key = scene(name).world.proving_key.key
    layout = ProofLayout.of(key.circuit.lowered, key.nodes)
    letters = (
        "p" * (layout.witness + layout.helpers)
        + "s" * layout.slice_digests
        + "p" * (1 + layout.quotient)
        + "s" * (layout.evaluations + layout.evaluations_next)
        + "pp"
    )
    assert len(letters) * SIZE == layout.length == len(proof(name))
    return letters


def element(data: bytes, index: int) -> bytes:
    return data[SIZE * index : SIZE * (index + 1)]


def replaced(data: bytes, index: int, new: bytes) -> bytes:
    return data[: SIZE * index] + new + data[SIZE * (index + 1) :]


def flip(data: bytes, position: int, bit: int) -> bytes:
    return data[:position] + bytes([data[position] ^ (1 << bit)]) + data[position + 1 :]


def points(name: str) -> list[int]:
    return [index for index, kind in enumerate(kinds(name)) if kind == "p"]


def scalars(name: str) -> list[int]:
    return [index for index, kind in enumerate(kinds(name)) if kind == "s"]
