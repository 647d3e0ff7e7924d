"""Order documents back as an order file, or as text."""

from __future__ import annotations

import csv
import io

from zkroute.model.order import SIDES, Orders
from zkroute.model.policy import Policy
from zkroute.model.policy_parts import CLASS_FIELDS
from zkroute.settlement.slices import CheckedSlice

_SIDE_NAMES = {number: name for name, number in SIDES.items()}
_AMOUNTS = ("size", "price", "margin")
_COLUMNS = ("time_ms", "account", "client_order_id", *CLASS_FIELDS, "side", *_AMOUNTS)


def orders_csv(orders: Orders, policy: Policy) -> str:
    """The orders as CSV that ``read_orders`` takes; payload hashes and salts are left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for position in range(len(orders)):
        writer.writerow(order_fields(orders, position, policy).values())
    return text.getvalue()


def settled_csv(checked: CheckedSlice, policy: Policy) -> str:
    """A node's orders as CSV: sequence number and digest before the fields of ``orders_csv``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sequence", "digest", *_COLUMNS])
    for position, digest in enumerate(checked.digests):
        fields = order_fields(checked.orders, position, policy)
        writer.writerow([int(checked.sequence[position]), digest.hex(), *fields.values()])
    return text.getvalue()


def order_fields(orders: Orders, position: int, policy: Policy) -> dict[str, str]:
    """One order's fields by their names in order files, in the order of ``orders_csv``."""
    record = orders.records[position]
    names = {field: bytes(record[field]).decode("ascii") for field in CLASS_FIELDS}
    decimals = policy.decimals[policy.instruments.index(names["instrument"])]
    low, high = (int(word) for word in orders.margin[position])
    amounts = {
        "size": int(orders.size[position]),
        "price": int(orders.price[position]),
        "margin": low | high << 64,
    }
    return {
        "time_ms": str(int(orders.time_ms[position])),
        "account": str(int(orders.account[position])),
        "client_order_id": bytes(record["client_order_id"]).decode("ascii"),
        **names,
        "side": _SIDE_NAMES[int(orders.side[position])],
        **{name: _decimal(amounts[name], getattr(decimals, name)) for name in _AMOUNTS},
    }


def _decimal(scaled: int, places: int) -> str:
    if not places:
        return str(scaled)
    whole, fraction = divmod(scaled, 10**places)
    return f"{whole}.{fraction:0{places}d}"
