"""Order documents: the fixed binary record an order hashes as, and batches of them in columns."""

from __future__ import annotations

import hashlib
import importlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkroute.errors import MalformedError
from zkroute.model.policy import MAX_BUNDLE, Policy
from zkroute.model.policy_parts import CLASS_FIELDS

ORDER_DOMAIN = b"zkroute/order/v1"
MAX_ORDERS = 1 << 20
LEG_OF_PREVIOUS = 1
"""Bit of `flags`: the order rides with the one before it."""
SIDES = {"buy": 1, "sell": 2}
EMPTY_PAYLOAD = hashlib.sha256(b"").digest()

ORDER_RECORD = np.dtype(
    [
        ("instrument", "S16"),
        ("tier", "S16"),
        ("intent", "S16"),
        ("order_type", "S16"),
        ("fee_class", "S16"),
        ("side", "u1"),
        ("flags", "u1"),
        ("reserved", "u1", (6,)),
        ("account", ">u8"),
        ("size", ">u8"),
        ("price", ">u8"),
        ("margin", ">u8", (2,)),
        ("time_ms", ">u8"),
        ("client_order_id", "S32"),
        ("payload_sha256", "u1", (32,)),
        ("salt", "u1", (32,)),
    ]
)
"""232 bytes, no gaps; docs/orders.md has the offsets."""

Records = NDArray[np.void]
Words = NDArray[np.uint64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class OrderColumns:
    """What a new batch of n orders says, before it becomes documents.

    `digits` are positions in the policy's lists, one array per dimension;
    `margin` is (n, 2), low word first; `client_order_id` is bytes of at most 32;
    `payload_sha256` is (n, 32) uint8; `is_leg` marks orders that ride with the one before, None
    for none.
    """

    digits: tuple[Indices, ...]
    side: NDArray[np.uint8]
    account: Words
    size: Words
    price: Words
    margin: Words
    time_ms: Words
    client_order_id: NDArray[np.bytes_]
    payload_sha256: NDArray[np.uint8]
    is_leg: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Orders:
    """A batch of checked order documents in arrival order, with the columns routing looks at.

    All arrays have one entry per order. `margin` is (n, 2) uint64, low word first; `side` is 1
    for buy and 2 for sell; sizes, prices and margins are scaled by the policy's decimals of the
    instrument. `is_leg` marks orders that ride with the one before; the order before a bundle's
    first leg is its leader. `policy_digest` names the policy they were checked against. Made by
    `orders_from_records`, `new_orders` or a reader only.
    """

    policy_digest: bytes
    records: Records
    class_index: Indices
    side: NDArray[np.uint8]
    account: Words
    size: Words
    price: Words
    margin: Words
    time_ms: Words
    is_leg: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.records)

    def take(self, chosen: slice | Indices) -> Orders:
        """The orders at `chosen` (a slice or positions), in that order."""
        columns = {
            name: values[chosen] for name, values in vars(self).items() if name != "policy_digest"
        }
        return Orders(self.policy_digest, **columns)

    def describe(self, position: int, number: int | None = None) -> str:
        """How to name one order to a person: its number, and its own id where it has one.

        The number is its position, counted from 1, unless given.
        """
        identifier = bytes(self.records["client_order_id"][position]).decode("ascii")
        shown = position + 1 if number is None else number
        return f"order {shown}" + (f" (id {identifier})" if identifier else "")


def joined_orders(first: Orders, second: Orders) -> Orders:
    """The orders of both, one after the other. They must have been checked for one policy."""
    # with its own type: numpy would turn the records' numbers into the machine's byte order
    columns = {
        name: np.concatenate([values, getattr(second, name)], dtype=values.dtype)
        for name, values in vars(first).items()
        if name != "policy_digest"
    }
    columns["records"].flags.writeable = False
    return Orders(first.policy_digest, **columns)


def digests(records: Records) -> Words:
    """Digest of every record as (n, 4) uint64 limbs, least significant first, below 2^248.

    A digest is the first 31 bytes of SHA-256("zkroute/order/v1" || record), read big-endian, so
    it is a canonical field element and binds the whole document; the salt keeps it hiding.
    """
    data, size = records.tobytes(), ORDER_RECORD.itemsize
    sha256 = hashlib.sha256
    hashes = b"".join(
        b"\0" + sha256(ORDER_DOMAIN + data[start : start + size]).digest()[:31]
        for start in range(0, len(data), size)
    )
    words = np.frombuffer(hashes, dtype=">u8").reshape(-1, 4)
    return np.ascontiguousarray(words[:, ::-1]).astype(np.uint64)


def new_orders(policy: Policy, columns: OrderColumns) -> Orders:
    """Order documents with the contents of `columns` and a fresh salt each.

    Raises MalformedError naming the order where a value does not suit the policy.
    """
    count = len(columns.size)
    records = np.zeros(count, dtype=ORDER_RECORD)
    for field, names, digit in zip(CLASS_FIELDS, policy.dimensions, columns.digits, strict=True):
        records[field] = np.array(names, dtype="S16")[digit]
    for field in ("side", "account", "size", "price", "time_ms"):
        records[field] = getattr(columns, field)
    if columns.is_leg is not None:
        records["flags"] = columns.is_leg.astype(np.uint8) * np.uint8(LEG_OF_PREVIOUS)
    records["margin"] = columns.margin[:, ::-1]
    records["client_order_id"] = columns.client_order_id
    records["payload_sha256"] = columns.payload_sha256
    salts = secrets.token_bytes(32 * count)
    records["salt"] = np.frombuffer(salts, dtype=np.uint8).reshape(count, 32)
    return orders_from_records(records, policy, "new orders")


def orders_from_bytes(data: bytes, policy: Policy, source: str) -> Orders:
    """The orders whose records, one after the other, are exactly `data`.

    Raises MalformedError naming `source` where the length or any record is wrong.
    """
    if len(data) % ORDER_RECORD.itemsize:
        raise MalformedError(
            f"{source}: {len(data)} bytes are not a whole number of "
            f"{ORDER_RECORD.itemsize}-byte order records"
        )
    return orders_from_records(np.frombuffer(data, dtype=ORDER_RECORD), policy, source)


def orders_from_records(records: Records, policy: Policy, source: str) -> Orders:
    """The batch these records hold, every field checked against the policy.

    Raises MalformedError naming `source`, order and field. Records with one meaning have one
    encoding: names and ids are zero-padded text, unused bytes are zero.
    """
    if len(records) > MAX_ORDERS:
        raise MalformedError(f"{source}: {len(records)} orders; a batch has at most {MAX_ORDERS}")
    records = np.array(records, dtype=ORDER_RECORD)
    records.flags.writeable = False
    class_index = np.zeros(len(records), dtype=np.int64)
    for field, names in zip(CLASS_FIELDS, policy.dimensions, strict=True):
        digit = _positions(records[field], names)
        _refuse_any(digit < 0, source, field, "is not in the policy's list", records[field])
        class_index = class_index * len(names) + digit
    orders = Orders(
        policy_digest=policy.digest,
        records=records,
        class_index=class_index,
        side=records["side"].astype(np.uint8),
        account=records["account"].astype(np.uint64),
        size=records["size"].astype(np.uint64),
        price=records["price"].astype(np.uint64),
        margin=np.ascontiguousarray(records["margin"][:, ::-1]).astype(np.uint64),
        time_ms=records["time_ms"].astype(np.uint64),
        is_leg=(records["flags"] & LEG_OF_PREVIOUS) != 0,
    )
    _check_fields(orders, policy, source)
    return orders


def read_orders(path: Path, policy: Policy) -> Orders:
    """The orders of a CSV, Parquet or JSON Lines file, as new documents with fresh salts.

    docs/orders.md has the columns. Raises MalformedError naming file, line and field.
    """
    reader: Callable[..., Orders] = _lazily("order_files").read_orders
    return reader(path, policy)


def read_trades(path: Path, policy: Policy, **choices: Any) -> Orders:
    """Orders made from a file of Binance trades; what trades do not have is derived.

    docs/orders.md has the mapping, `zkroute.model.trades.read_trades` the `choices`.
    Raises MalformedError naming file, line and field.
    """
    reader: Callable[..., Orders] = _lazily("trades").read_trades
    return reader(path, policy, **choices)


def _lazily(module: str) -> Any:
    """A reader's module, imported on first use: circuits and verifier must not load pyarrow."""
    return importlib.import_module(f"zkroute.model.{module}")


def _positions(values: NDArray[np.bytes_], names: tuple[str, ...]) -> Indices:
    """Position of every value in `names`, -1 where it is none of them."""
    table = np.array(names, dtype="S16")
    order = np.argsort(table)
    found = np.minimum(np.searchsorted(table[order], values), len(names) - 1)
    return np.where(table[order][found] == values, order[found], -1).astype(np.int64)


def _check_fields(orders: Orders, policy: Policy, source: str) -> None:
    records, widths = orders.records, policy.widths
    unused = (records["flags"] > LEG_OF_PREVIOUS) | (records["reserved"] != 0).any(axis=1)
    _refuse_any(unused, source, "flags", "unused bits are set")
    _check_bundles(orders.is_leg, policy, source)
    sides = (orders.side == 0) | (orders.side > 2)
    _refuse_any(sides, source, "side", "is neither buy (1) nor sell (2)", orders.side)
    _refuse_any(orders.size == 0, source, "size", "is zero")
    for field, bits in (("size", widths.size_bits), ("price", widths.price_bits)):
        values = getattr(orders, field)
        wide = (values >> np.uint64(bits)) != 0
        _refuse_any(wide, source, field, f"needs more than {bits} bits", values)
    if policy.cost.kind == "notional":
        _refuse_any(orders.price == 0, source, "price", "is zero, and the cost is notional")
    wide = needs_more_bits(orders.margin, widths.margin_bits)
    _refuse_any(wide, source, "margin", f"needs more than {widths.margin_bits} bits")
    _refuse_any(~_is_padded_text(records), source, "client_order_id", "is not printable ASCII")


def _check_bundles(is_leg: NDArray[np.bool_], policy: Policy, source: str) -> None:
    if not is_leg.any():
        return
    if not policy.bundles:
        _refuse_any(
            is_leg, source, "flags", "rides with the one before, but the policy has no bundles"
        )
    _refuse_any(is_leg[:1], source, "flags", "rides with the one before, and there is none")
    too_long = positions_in_bundle(is_leg) >= MAX_BUNDLE
    _refuse_any(
        too_long,
        source,
        "flags",
        f"is order {MAX_BUNDLE + 1} of a bundle; {MAX_BUNDLE} are allowed",
    )


def positions_in_bundle(is_leg: NDArray[np.bool_]) -> Indices:
    """How many orders each order comes after its bundle's leader; 0 for a leader."""
    positions = np.arange(len(is_leg), dtype=np.int64)
    leader = np.maximum.accumulate(np.where(is_leg, 0, positions))
    return np.asarray(positions - leader, dtype=np.int64)


def needs_more_bits(words: Words, bits: int) -> NDArray[np.bool_]:
    """Per row of (n, 2) words, low word first, whether the value is 2^bits or more."""
    if bits > 64:
        return np.asarray((words[:, 1] >> np.uint64(bits - 64)) != 0)
    low = words[:, 0] >> np.uint64(bits) if bits < 64 else np.zeros_like(words[:, 0])
    return np.asarray((words[:, 1] != 0) | (low != 0))


def _is_padded_text(records: Records) -> NDArray[np.bool_]:
    """Per record, whether its client order id is printable ASCII, then only zero bytes."""
    identifiers = np.ascontiguousarray(records["client_order_id"])
    letters = identifiers.view(np.uint8).reshape(-1, 32)
    is_text = (letters > 32) & (letters < 127)
    is_padding = np.logical_and.accumulate(letters[:, ::-1] == 0, axis=1)[:, ::-1]
    return np.asarray((is_text | is_padding).all(axis=1))


def _shown(value: object) -> str:
    """A value as the trader wrote it: text in quotes, whatever it is kept as."""
    return repr(value.decode("ascii", "replace") if isinstance(value, bytes) else value)


def _refuse_any(
    wrong: Any, source: str, field: str, message: str, values: NDArray[Any] | None = None
) -> None:
    """Raise MalformedError for the first order marked in the boolean array `wrong`."""
    if wrong.any():
        position = int(np.argmax(wrong))
        value = "" if values is None else f"{_shown(values[position].item())} "
        raise MalformedError(f"{source}: order {position + 1}: {field}: {value}{message}")
