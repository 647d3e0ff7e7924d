"""Orders made from Binance trades. docs/orders.md says what is read and what is derived."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zkroute.errors import MalformedError, UsageError
from zkroute.model.derive import mixed, skewed_accounts, skewed_positions
from zkroute.model.derived_margins import derived_margins
from zkroute.model.order import (
    EMPTY_PAYLOAD,
    MAX_ORDERS,
    SIDES,
    OrderColumns,
    Orders,
    new_orders,
)
from zkroute.model.order_files import scaled_amounts
from zkroute.model.policy import Policy
from zkroute.model.text_columns import TextColumns, read_text_columns
from zkroute.model.text_values import choices, identifiers, whole_numbers

TRADE_COLUMNS = (
    "exchange_ts_ms",
    "recv_ts_ns",
    "market",
    "instrument",
    "trade_id",
    "taker_side",
    "price",
    "qty",
    "exec_type",
)
ACCOUNTS = 5000
_ACCOUNT, _TIER, _INTENT, _ORDER_TYPE, _MARGIN, _FEE_CLASS = range(6)


def read_trades(
    path: Path,
    policy: Policy,
    *,
    first: int = 0,
    count: int | None = None,
    skip_unlisted: bool = False,
) -> Orders:
    """Orders made from rows `first` to `first + count` of a trade file, salted afresh.

    An instrument is called market:instrument, as in "usdm:BTCUSDT". With `skip_unlisted`, trades
    of instruments the policy does not list are passed over and not counted; without, they are
    refused. Account, tier, intent, order type and margin are derived from trade_id.

    Raises MalformedError naming file, line and field; UsageError for rows that are not there.
    """
    columns = read_text_columns(path)
    columns.check_names(TRADE_COLUMNS, ())
    columns = _with_names(columns)
    columns = _chosen_rows(columns, policy, first, count, skip_unlisted)
    trade_id = whole_numbers(columns, "trade_id")
    instruments = choices(columns, "instrument", policy.instruments)
    intents, tiers, order_types, fee_classes = (
        skewed_positions(mixed(trade_id, purpose), len(names))
        for purpose, names in (
            (_INTENT, policy.intents),
            (_TIER, policy.tiers),
            (_ORDER_TYPE, policy.order_types),
            (_FEE_CLASS, policy.fee_classes),
        )
    )
    size, price, _ = scaled_amounts(columns, policy, instruments)
    side = choices(columns, "side", list(SIDES)) + 1
    return new_orders(
        policy,
        OrderColumns(
            digits=(intents, tiers, instruments, order_types, fee_classes),
            side=side.astype(np.uint8),
            account=skewed_accounts(mixed(trade_id, _ACCOUNT), ACCOUNTS),
            size=size,
            price=price,
            margin=derived_margins(policy, instruments, size, price, mixed(trade_id, _MARGIN)),
            time_ms=whole_numbers(columns, "exchange_ts_ms"),
            client_order_id=identifiers(columns, "client_order_id"),
            payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, np.uint8), (columns.count, 1)),
        ),
    )


def _with_names(columns: TextColumns) -> TextColumns:
    """The trade columns under the names orders have."""
    given = columns.columns
    instrument = pc.binary_join_element_wise(given["market"], given["instrument"], ":")
    return TextColumns(
        columns.source,
        {
            "instrument": instrument,
            "side": given["taker_side"],
            "size": given["qty"],
            "price": given["price"],
            "margin": pa.array(["0"] * columns.count, type=pa.string()),
            "trade_id": given["trade_id"],
            "exchange_ts_ms": given["exchange_ts_ms"],
            "client_order_id": pc.binary_join_element_wise(instrument, given["trade_id"], ":"),
        },
        columns.count,
        columns.place,
    )


def _chosen_rows(
    columns: TextColumns, policy: Policy, first: int, count: int | None, skip_unlisted: bool
) -> TextColumns:
    """The rows asked for; says what to do where the policy does not list an instrument."""
    listed = pc.is_in(
        columns.columns["instrument"], value_set=pa.array(policy.instruments, type=pa.string())
    ).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(listed) if skip_unlisted else np.arange(columns.count)
    if first < 0 or (count is not None and count < 1):
        raise UsageError(f"{columns.source}: first must be 0 or more and count 1 or more")
    rows = rows[first:] if count is None else rows[first : first + count]
    if count is not None and len(rows) < count:
        raise UsageError(
            f"{columns.source}: {len(rows)} usable trades from number {first} on, "
            f"but {count} were asked for"
        )
    if len(rows) > MAX_ORDERS:
        raise MalformedError(f"{columns.source}: more than {MAX_ORDERS} trades; ask for fewer")
    if len(rows) and not listed[rows].all():
        row = int(rows[np.argmin(listed[rows])])
        name = columns.columns["instrument"][row].as_py()
        message = (
            f"policy {policy.name!r} does not list {name!r}; list it, or skip such trades "
            "(--skip-unlisted)"
        )
        columns.refuse(row, "instrument", message)
    return columns.take(rows.astype(np.int64))
