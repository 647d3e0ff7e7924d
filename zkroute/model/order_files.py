"""Order files: one row per order, checked against the policy. docs/orders.md has the columns."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zkroute.errors import MalformedError
from zkroute.model.order import (
    EMPTY_PAYLOAD,
    MAX_ORDERS,
    SIDES,
    Indices,
    OrderColumns,
    Orders,
    Words,
    new_orders,
)
from zkroute.model.policy import Policy
from zkroute.model.policy_parts import CLASS_FIELDS
from zkroute.model.text_columns import TextColumns, read_text_columns
from zkroute.model.text_values import (
    choices,
    hashes,
    identifiers,
    scaled_decimals,
    whole_numbers,
)

REQUIRED = ("account", "side", "size", "price")
DEFAULTS = {
    "margin": "0",
    "time_ms": "0",
    "client_order_id": "",
    "payload": "",
    "leg_of_previous": "no",
}
PAYLOAD_HASH = "payload_sha256"


def read_orders(path: Path, policy: Policy) -> Orders:
    """The orders of a CSV, Parquet or JSON Lines file, as new documents with fresh salts.

    Raises MalformedError naming file, line and field; UsageError where there is no such file.
    """
    columns = read_text_columns(path)
    if columns.count > MAX_ORDERS:
        raise MalformedError(f"{path}: {columns.count} orders; a batch has at most {MAX_ORDERS}")
    named = [
        field
        for field, names in zip(CLASS_FIELDS, policy.dimensions, strict=True)
        if len(names) > 1
    ]
    columns.check_names([*named, *REQUIRED], [*CLASS_FIELDS, *DEFAULTS, PAYLOAD_HASH])
    columns = _with_defaults(columns, policy)
    digits = {
        field: choices(columns, field, names)
        for field, names in zip(CLASS_FIELDS, policy.dimensions, strict=True)
    }
    size, price, margin = scaled_amounts(columns, policy, digits["instrument"])
    account = whole_numbers(columns, "account")
    client_order_id = identifiers(columns, "client_order_id")
    _refuse_duplicates(columns, account, client_order_id)
    side = choices(columns, "side", list(SIDES)) + 1
    return new_orders(
        policy,
        OrderColumns(
            digits=tuple(digits.values()),
            side=side.astype(np.uint8),
            account=account,
            size=size,
            price=price,
            margin=margin,
            time_ms=whole_numbers(columns, "time_ms"),
            client_order_id=client_order_id,
            payload_sha256=_payloads(columns),
            is_leg=_legs(columns, policy),
        ),
    )


def scaled_amounts(
    columns: TextColumns, policy: Policy, instruments: Indices
) -> tuple[Words, Words, Words]:
    """Size, price (uint64) and margin ((n, 2) words) by the decimals of each row's instrument."""

    def places(field: str) -> Indices:
        table = [getattr(decimals, field) for decimals in policy.decimals]
        return np.array(table, dtype=np.int64)[instruments]

    widths = policy.widths
    size = scaled_decimals(columns, "size", places("size"), widths.size_bits)[:, 0]
    price = scaled_decimals(columns, "price", places("price"), widths.price_bits)[:, 0]
    margin = scaled_decimals(columns, "margin", places("margin"), widths.margin_bits)
    for field, values in (("size", size), ("price", price)):
        if (values == 0).any() and (field == "size" or policy.cost.kind == "notional"):
            why = "" if field == "size" else ", and the policy's cost is notional"
            columns.refuse(int(np.argmax(values == 0)), field, f"must be above zero{why}")
    return size, price, margin


def _with_defaults(columns: TextColumns, policy: Policy) -> TextColumns:
    """The same with a value for everything that may be left out, as a column or in a row."""
    defaults = dict(DEFAULTS)
    for field, names in zip(CLASS_FIELDS, policy.dimensions, strict=True):
        if len(names) == 1:
            defaults[field] = names[0]
    filled = dict(columns.columns)
    for field, default in defaults.items():
        if field not in filled:
            filled[field] = pa.array([default] * columns.count, type=pa.string())
        elif default:
            texts = [text or default for text in filled[field].to_pylist()]
            filled[field] = pa.array(texts, type=pa.string())
    return TextColumns(columns.source, filled, columns.count, columns.place)


def _legs(columns: TextColumns, policy: Policy) -> NDArray[np.bool_]:
    """Which rows ride with the one before; refuses what the policy does not allow, by its row."""
    is_leg = choices(columns, "leg_of_previous", ["no", "yes"]) == 1
    if is_leg.any() and not policy.bundles:
        message = "rides with the order before, but the policy does not say bundles = true"
        columns.refuse(int(np.argmax(is_leg)), "leg_of_previous", message)
    if is_leg[:1].any():
        columns.refuse(0, "leg_of_previous", "the first order has none before it to ride with")
    return np.asarray(is_leg)


def _payloads(columns: TextColumns) -> NDArray[np.uint8]:
    """SHA-256 of every payload, from the payload itself or from its given hash."""
    has_payload = any(columns.columns["payload"].to_pylist())
    if PAYLOAD_HASH not in columns.columns:
        texts = columns.columns["payload"].to_pylist()
        data = b"".join(
            hashlib.sha256(text.encode("utf-8")).digest() if text else EMPTY_PAYLOAD
            for text in texts
        )
        return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)
    if has_payload:
        raise MalformedError(
            f"{columns.source}: give payload or {PAYLOAD_HASH}, not both; "
            "the hash follows from the payload"
        )
    return hashes(columns, PAYLOAD_HASH)


def _refuse_duplicates(
    columns: TextColumns, account: Words, client_order_id: NDArray[np.bytes_]
) -> None:
    """An account's own order id may stand in a file once; orders without one may repeat."""
    seen: dict[tuple[int, bytes], int] = {}
    pairs = zip(account.tolist(), client_order_id.tolist(), strict=True)
    for row, (number, identifier) in enumerate(pairs):
        first = seen.setdefault((number, identifier), row)
        if identifier and first != row:
            columns.refuse(
                row,
                "client_order_id",
                f"{identifier.decode('ascii')!r} of account {number} was already used "
                f"at {columns.place(first)}",
            )
