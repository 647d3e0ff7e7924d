"""A case as the documents and orders the package reads, and a routed batch as an outcome."""

from __future__ import annotations

import secrets

import numpy as np

from zkroute.model.order import ORDER_RECORD, Orders, orders_from_records
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.routing.batch import CarriedOrders, RoutedBatch
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

STATUS = ("placed", "held", "rejected")
FLAGS = ("leg", "high", "liquidation", "short", "carried")
NUMBERS = ("sequence", "segment", "primary", "priority", "shard", "node", "cost")


def policy_of(case: dict) -> Policy:
    return parse_policy(case["policy_text"], "policy.toml")


def snapshot_of(case: dict) -> Snapshot:
    return parse_snapshot(case["snapshot_text"], "nodes.toml")


def orders_of(policy: Policy, orders: list[dict]) -> Orders:
    """The orders as documents, each with a salt of its own."""
    records = np.zeros(len(orders), dtype=ORDER_RECORD)
    for number, order in enumerate(orders):
        record = records[number]
        for field in ("intent", "tier", "instrument", "order_type", "fee_class"):
            record[field] = order[field].encode()
        for field in ("account", "size", "price"):
            record[field] = order[field]
        record["margin"] = order["margin"] >> 64, order["margin"] % 2**64
        record["side"], record["flags"] = 1, int(order["leg"])
        record["salt"] = np.frombuffer(secrets.token_bytes(32), dtype=np.uint8)
    return orders_from_records(records, policy, "orders")


def carried_of(policy: Policy, carried: list[dict]) -> CarriedOrders:
    numbers = np.array([order["sequence"] for order in carried], dtype=np.uint64)
    return CarriedOrders(orders_of(policy, carried), numbers)


def routed(case: dict) -> RoutedBatch:
    """What the router makes of a case."""
    policy = policy_of(case)
    parameters = node_parameters(policy, snapshot_of(case), case["elapsed_ms"])
    carried = carried_of(policy, case["carried"]) if case["carried"] else None
    orders = orders_of(policy, case["orders"])
    work = case["work_before"]
    return route(policy, parameters, work, orders, case["first_sequence"], carried)


def outcome_of(batch: RoutedBatch) -> dict:
    """The routed batch in the oracle's words, as far as `comparable` goes."""
    columns = {name: getattr(batch, name).tolist() for name in (*NUMBERS, *FLAGS, "source")}
    rows = [
        {name: values[row] for name, values in columns.items()}
        | {
            "status": STATUS[int(batch.status[row])],
            "composite": int(batch.composite[row, 0]) + (int(batch.composite[row, 1]) << 64),
        }
        for row in range(len(batch))
    ]
    segments = [
        {
            "saturated": end.closed_by_saturation,
            "tripped": end.closed_by_breaker,
            "cumulative": end.cumulative,
            "before_leader": end.cumulative_before_leader,
        }
        for end in batch.closing
    ]
    return {
        "rows": rows,
        "work_in": batch.work_in,
        "work_out": batch.work_out,
        "held": batch.held().sequence.tolist(),
        "segments": segments,
    }


def comparable(case: dict, outcome: dict) -> dict:
    """The oracle's outcome, cut down to what a routed batch says."""
    arrival = [order["sequence"] for order in case["carried"]]
    arrival += range(case["first_sequence"], case["first_sequence"] + len(case["orders"]))
    names = ("status", "composite", *NUMBERS, *FLAGS)
    rows = [
        {name: row[name] for name in names} | {"source": arrival.index(row["sequence"])}
        for row in outcome["rows"]
    ]
    held = [order["sequence"] for order in outcome["held"]]
    kept = {name: outcome[name] for name in ("work_in", "work_out", "segments")}
    return kept | {"rows": rows, "held": held}
