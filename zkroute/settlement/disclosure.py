"""Disclosure to a regulator: chosen orders, chosen fields, a node's work; and nothing else.

Everything is opened against the published header, so a router can leave things out but not say
anything untrue. Openings follow from commitments and values alone: they reveal no other cell.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zkroute.errors import UsageError
from zkroute.formats.disclosure import Disclosure
from zkroute.formats.inclusion import NODES, ORDERS, Opening, decode_opening, encode_opening
from zkroute.model.order import Orders
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.opening_making import open_nodes, open_orders
from zkroute.settlement.openings import check_openings
from zkroute.settlement.records import order_of_record
from zkroute.settlement.slices import content_columns, digest_bytes, integers

if TYPE_CHECKING:
    # whoever checks a disclosure must not load the prover
    from prover.keygen import ProvingKey
    from prover.state import CommittedBatch


@dataclass(frozen=True)
class Disclosed:
    """What a checked disclosure says."""

    orders: tuple[Mapping[str, int], ...]
    """For each opened order its committed columns."""
    nodes: Mapping[int, Mapping[str, int]]
    """Slot to work before and after."""
    documents: Mapping[int, Orders]
    """Sequence number to the whole order, where its document is disclosed."""


@dataclass(frozen=True)
class Choice:
    """What to disclose of a batch."""

    sequence: Sequence[int] = ()
    columns: Sequence[str] = ()
    """Beside sequence number and digest."""
    slots: Sequence[int] = ()
    with_documents: bool = False
    """The whole orders too, with all that the policy does not look at."""


def disclose(
    proving_key: ProvingKey,
    batch: CommittedBatch,
    choice: Choice,
    recipient: str,
    purpose: str,
    made_ms: int | None = None,
) -> Disclosure:
    """The chosen parts of the batch, opened. The caller writes it to the disclosure log first.

    Raises UsageError for orders, columns or nodes that the batch does not have.
    """
    if not choice.sequence and not choice.slots:
        raise UsageError("nothing is chosen to be disclosed: name orders, or nodes")
    key = proving_key.key
    orders = nodes = b""
    records: tuple[bytes, ...] = ()
    if choice.sequence:
        # a document shows every field, so the batch must show what it committed to for each
        columns = key.circuit.content_names if choice.with_documents else choice.columns
        opening = open_orders(proving_key, batch, choice.sequence, columns)
        orders = encode_opening(opening, key)
        if choice.with_documents:
            rows = batch.routed.orders.records[list(opening.rows)]
            records = tuple(record.tobytes() for record in rows)
    if choice.slots:
        nodes = encode_opening(open_nodes(proving_key, batch, choice.slots), key)
    now = int(time.time() * 1000) if made_ms is None else made_ms
    return Disclosure(batch.header.digest, recipient, purpose, now, orders, nodes, records)


def check_disclosure(key: VerifyingKey, header: Header, disclosure: Disclosure) -> Disclosed:
    """What the disclosure says of the batch, every value of it committed to in the header.

    Raises SettlementError where it is not, MalformedError for bytes that are no opening.

    Soundness: the caller has verified the batch, or trusts that somebody did.
    """
    if disclosure.header != header.digest:
        raise SettlementError(Reason.INCLUSION_INVALID, "the disclosure is of another batch")
    openings = {
        table: decode_opening(data, key, f"disclosed {table}")
        for table, data in ((ORDERS, disclosure.orders), (NODES, disclosure.nodes))
        if data
    }
    for table, opening in openings.items():
        if opening.table != table:
            raise SettlementError(Reason.INCLUSION_INVALID, f"the opening is not one of {table}")
    if not openings:
        raise SettlementError(Reason.INCLUSION_INVALID, "it discloses nothing")
    check_openings(key, header, list(openings.values()))
    orders = _rows(openings.get(ORDERS))
    if any("sequence" not in row or not row.get("digest") for row in orders):
        raise SettlementError(
            Reason.INCLUSION_INVALID, "an opened row shows no order's number and digest"
        )
    nodes = openings.get(NODES)
    return Disclosed(
        orders,
        {} if nodes is None else dict(zip(nodes.rows, _rows(nodes), strict=True)),
        _documents(key, orders, disclosure.records),
    )


def _rows(opening: Opening | None) -> tuple[Mapping[str, int], ...]:
    if opening is None:
        return ()
    return tuple(opening.row(position) for position in range(len(opening.rows)))


def _documents(
    key: VerifyingKey, orders: Sequence[Mapping[str, int]], records: Sequence[bytes]
) -> dict[int, Orders]:
    """The disclosed documents by sequence number, each held against its opened row."""
    rows = {row["digest"]: row for row in orders}
    documents: dict[int, Orders] = {}
    for record in records:
        order = order_of_record(record, key.policy)
        sequence = np.zeros(1, dtype=np.uint64)
        columns = content_columns(key.circuit, order, sequence)
        row = rows.get(int.from_bytes(digest_bytes(columns[1])[0], "big"))
        if row is None:
            raise SettlementError(
                Reason.INCLUSION_INVALID, "a disclosed document is not one of the opened orders"
            )
        for name, limbs in zip(key.circuit.content_names, columns, strict=True):
            if name not in row:
                raise SettlementError(
                    Reason.INCLUSION_INVALID,
                    f"the document of order {row['sequence']} is disclosed, but not the {name} "
                    "that the batch commits to for it: the two could differ",
                )
            if name != "sequence" and row[name] != integers(limbs)[0]:
                raise SettlementError(
                    Reason.INCLUSION_INVALID,
                    f"the batch commits to another {name} than the document of order "
                    f"{row['sequence']} says",
                )
        documents[row["sequence"]] = order
    return documents
