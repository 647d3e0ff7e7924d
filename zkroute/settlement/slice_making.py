"""Cutting a committed batch into slices: what the router hands to each node, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkroute.algebra.engine import Limbs
from zkroute.errors import MismatchError
from zkroute.formats.slice import ENVELOPE_BYTES, Slice
from zkroute.model.order import Indices, Words
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.slices import content_rows, merkle_path, merkle_root, slice_commitments
from zkroute.routing.batch import PLACED, RoutedBatch
from zkroute.settlement.slices import content_columns

if TYPE_CHECKING:
    # a node that checks slices must not load the prover
    from prover.state import CommittedBatch


def cut_slices(
    key: VerifyingKey, batch: CommittedBatch, envelopes: dict[int, bytes] | None = None
) -> list[Slice]:
    """One slice per listed node, in slot order, some of them empty.

    ``envelopes`` are the traders' signatures by sequence number; without them, or without that of
    one of its orders, a slice is unsigned.

    Raises MismatchError where batch and header do not belong together.
    """
    slots = key.circuit.shape.slots
    sequence = batch.routed.sequence
    columns = content_columns(key.circuit, batch.routed.orders, sequence)
    rows = [rows_of_slot(batch.routed, slot) for slot in range(slots)]
    opening = batch.opening
    contents = [content_rows(_taken(columns, each)) for each in rows]
    leaves = slice_commitments(contents, opening.salts, opening.masks)
    if merkle_root(leaves) != batch.header.slices:
        raise MismatchError("the private batch file is not that of the header: slices differ")
    records = batch.routed.orders.records
    return [
        Slice(
            header_digest=batch.header.digest,
            slot=slot,
            sequence=sequence[rows[slot]],
            records=records[rows[slot]].tobytes(),
            salt=opening.salts[slot],
            mask=opening.masks[slot],
            path=tuple(merkle_path(leaves, slot)),
            envelopes=_envelopes(sequence[rows[slot]], envelopes or {}),
        )
        for slot in range(key.nodes)
    ]


def rows_of_slot(routed: RoutedBatch, slot: int) -> Indices:
    """The rows placed on a node, in processing order."""
    return np.flatnonzero((routed.status == PLACED) & (routed.node == slot))


def _taken(columns: list[Limbs], rows: Indices) -> list[Limbs]:
    return [limbs[rows] for limbs in columns]


def _envelopes(sequence: Words, envelopes: dict[int, bytes]) -> bytes:
    """The signatures of these orders; nothing if one is missing."""
    found = [envelopes.get(number, b"") for number in sequence.tolist()]
    return b"".join(found) if all(len(each) == ENVELOPE_BYTES for each in found) else b""
