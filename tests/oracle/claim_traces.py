"""Traces of claimed outcomes, right or wrong, built without the prover's own trace code.

Whatever the claim says stands in the trace as it says it. What a claim leaves open (range limbs,
multiplicities, what segments say of their end) is filled from the circuit's rules and the claim's
own consequences, in the way that breaks the fewest rules.
"""

from __future__ import annotations

import hashlib
import json
import secrets

from circuits.check import check_trace
from circuits.instance import Figures, Instance
from circuits.ir.check import Failure
from circuits.routing import RoutingCircuit, routing_circuit
from circuits.statement import smallest_log_rows
from tests.oracle import oracle
from tests.oracle.completion import Columns, filled
from tests.oracle.documents import policy_of, snapshot_of
from zkroute.algebra.scalars import MODULUS
from zkroute.routing.parameters import node_parameters


def judged_by_circuit(case: dict, claim: dict) -> list[Failure]:
    """What the circuit's checker finds wrong with a claim about a case."""
    circuit, instance = public_side(case, claim)
    return check_trace(circuit, instance, claimed_columns(circuit, instance, case, claim))


def public_side(case: dict, claim: dict) -> tuple[RoutingCircuit, Instance]:
    """The circuit, and an instance whose published figures are those of the claim."""
    policy = policy_of(case)
    circuit = routing_circuit(policy, smallest_log_rows(policy, len(claim["rows"])))
    counts = oracle.node_counts(claim["rows"])
    listed = [counts.get(slot, 0) for slot in range(len(case["nodes"]))]
    publish = policy.publish
    figures = Figures(
        counts=tuple(listed) if publish.counts else (),
        loads=tuple(claim["work_out"][: len(listed)]) if publish.loads else (),
        herfindahl=sum(count**2 for count in listed) if publish.herfindahl else None,
        max_count=max(listed) if publish.max_count else None,
        placed_count=sum(listed) if publish.max_share_percent is not None else None,
    )
    parameters = node_parameters(policy, snapshot_of(case), case["elapsed_ms"])
    sequence, count = case["first_sequence"], len(case["orders"])
    return circuit, Instance(policy, parameters, sequence, count, figures)


def claimed_columns(
    circuit: RoutingCircuit, instance: Instance, case: dict, claim: dict
) -> Columns:
    """Every private column of the claim."""
    tables = circuit.lowered.circuit.tables
    columns = {
        (table, name): [int(value) % MODULUS for value in values]
        for table, named in (
            ("orders", order_columns(circuit, case, claim)),
            ("nodes", node_columns(circuit, case, claim)),
            ("carry", carry_columns(case, claim)),
        )
        if table in tables
        for name, values in named.items()
        if name in tables[table].columns
    }
    for place, values in columns.items():
        values.extend([0] * (tables[place[0]].rows - len(values)))
    if ("nodes", "carried") in columns:
        # rows beyond the slots carry zero work, and zero is not below a zero drain
        beyond = tables["nodes"].rows - len(claim["work_in"])
        columns["nodes", "carried"][len(claim["work_in"]) :] = [1] * beyond
    return filled(circuit, instance, columns)


def digest(order: dict) -> int:
    """A number that stands for the whole document of an order."""
    content = {name: value for name, value in order.items() if name != "sequence"}
    return int.from_bytes(hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()[1:])


# Orders


def order_columns(circuit: RoutingCircuit, case: dict, claim: dict) -> dict[str, list[int]]:
    rows = claim["rows"]
    columns = {name: [row[name] for row in rows] for name in CLAIMED}
    columns |= {
        name: [row["order"][name] for row in rows]
        for name in ("size", "price", "margin", "account", "leg")
    }
    slopes = [oracle.slope(case["policy"], node) for node in case["nodes"]]
    columns |= {
        "digest": [digest(row["order"]) for row in rows],
        "active": [1] * len(rows),
        "arrived": [1] * len(case["orders"]),
        "last": [
            row["segment"] != following
            for row, following in zip(rows, next_groups(rows), strict=True)
        ],
        "slope": [slopes[row["node"]] * (row["status"] == oracle.PLACED) for row in rows],
        "held": [row["status"] == oracle.HELD for row in rows],
        "rejected": [row["status"] == oracle.REJECTED for row in rows],
        "leader_composite": from_leader(rows, columns["composite"]),
        "cumulative": costs_before(rows),
        "leader_cumulative": from_leader(rows, costs_before(rows)),
    }
    columns |= margin_columns(case["policy"], rows)
    columns |= shard_quotients(case["policy"], rows)
    return columns | displacement(circuit, case["policy"], claim)


CLAIMED = (
    "sequence",
    "class",
    "node",
    "segment",
    "primary",
    "priority",
    "composite",
    "cost",
    "short",
    "high",
    "shard",
    "carried",
)
"""Columns that hold just what the claim's rows say."""


def next_groups(rows: list[dict]) -> list[int | None]:
    return [row["segment"] for row in rows[1:]] + [None] * bool(rows)


def from_leader(rows: list[dict], values: list[int]) -> list[int]:
    """Each row's value taken from the last row that leads."""
    taken: list[int] = []
    for row, value in zip(rows, values, strict=True):
        taken.append(taken[-1] if row["leg"] and taken else value)
    return taken


def costs_before(rows: list[dict]) -> list[int]:
    """Cost of each row's group before the row."""
    costs: list[int] = []
    before = 0
    for row, following in zip(rows, next_groups(rows), strict=True):
        costs.append(before)
        before = before + row["cost"] if row["segment"] == following else 0
    return costs


def margin_columns(policy: dict, rows: list[dict]) -> dict[str, list[int]]:
    """Each order's margin rule, and whether its bundle has failed so far."""
    rules = [oracle.margin_rule(policy, row["order"]) or {} for row in rows]
    failed: list[bool] = []
    for row in rows:
        earlier = bool(row["leg"] and failed and failed[-1])
        failed.append(earlier or oracle.fails(policy, row))
    return {
        "rate": [rule.get("rate", 0) for rule in rules],
        "initial": [rule.get("kind") == "initial" for rule in rules],
        "maintenance": [rule.get("kind") == "maintenance" for rule in rules],
        "failed": failed,
    }


def displacement(circuit: RoutingCircuit, policy: dict, claim: dict) -> dict[str, list[int]]:
    """Where orders outside their primary segment were sent, and behind whom they sort."""
    held_group, bounds = len(policy["segments"]), segment_bounds(claim)
    names = ("moved", "rerouted", "target", "bound", "bound_again")
    columns: dict[str, list[int]] = {name: [] for name in names}
    for row in claim["rows"]:
        overflow = oracle.overflow_of(policy, row["primary"])
        held = row["status"] == oracle.HELD
        moved = row["status"] == oracle.PLACED and row["segment"] != row["primary"]
        moved = moved and circuit.features.overflows
        target = held_group if overflow is None else overflow
        target = row["segment"] if moved else target
        rerouted = held and target != held_group
        columns["moved"].append(moved)
        columns["rerouted"].append(rerouted)
        columns["target"].append((moved or held) * target)
        columns["bound"].append((moved or held) * bounds.get(row["primary"], 0))
        columns["bound_again"].append(rerouted * bounds.get(target, 0))
    return columns


def shard_quotients(policy: dict, rows: list[dict]) -> dict[str, list[int]]:
    """Quotients that make the hash right, and the shard right where that is possible."""
    if "sharding" not in policy:
        return {}
    by = policy["sharding"]
    prime = by.get("p", oracle.DEFAULT_PRIME)
    hashes = [divmod(by["a"] * row["order"]["account"] + by["b"], prime) for row in rows]
    return {
        "hash_quotient": [wraps for wraps, _ in hashes],
        "shard_quotient": [residue // by["shards"] for _, residue in hashes],
    }


def sort_key(row: dict) -> int:
    return (row["priority"] << 40) + row["sequence"]


def segment_bounds(claim: dict) -> dict[int, int]:
    """One above the sort key of the last row placed in each segment that has any."""
    return {
        row["segment"]: sort_key(row) + 1 for row in claim["rows"] if row["status"] == oracle.PLACED
    }


# Nodes and carried orders


def node_columns(circuit: RoutingCircuit, case: dict, claim: dict) -> dict[str, list[int]]:
    policy, nodes, rows = case["policy"], case["nodes"], claim["rows"]
    slots = range(policy["slots"])
    counts = oracle.node_counts(rows)
    listed = [counts.get(slot, 0) for slot in slots]
    names = ("nonempty", "threshold", "bound", "saturated", "tripped", "cost_before", "cost_after")
    columns = {name: [0] * len(slots) for name in (*names, "displaced", "displaced_again")}
    for segment in range(len(policy["segments"])):
        eligible = oracle.eligible(policy, nodes, segment)
        if eligible:
            end = segment_end(circuit, case, claim, segment, eligible)
            for name in ("threshold", "saturated"):
                for slot in eligible:
                    columns[name][slot] = end[name]
            for name in set(columns) - {"threshold", "saturated"}:
                columns[name][eligible[0]] = end[name]
    drains = [0] * len(slots)
    for slot, node in enumerate(nodes):
        drains[slot] = oracle.served(policy, node, case["elapsed_ms"])
    return columns | {
        "work_before": case["work_before"],
        "work_in": claim["work_in"],
        "work_after": claim["work_out"],
        "carried": [work >= drain for work, drain in zip(case["work_before"], drains, strict=True)],
        "multiplicity": listed,
        "mask": [secrets.randbelow(MODULUS) for _ in slots],
        "reaches_maximum": [slot == listed.index(max(listed)) for slot in slots],
    }


def segment_end(
    circuit: RoutingCircuit, case: dict, claim: dict, segment: int, eligible: list[int]
) -> dict[str, int]:
    """What the head of a segment can say of its end, given the claim."""
    policy, rows = case["policy"], claim["rows"]
    placed = [row for row in rows if row["segment"] == segment]
    leaders = [row for row in placed if not row["leg"]]
    costs = [row["cost"] for row in placed]
    keys = [oracle.key(policy, case["nodes"][j], claim["work_out"][j]) for j in eligible]
    reasons = oracle.closed_by(policy, segment, keys, sum(costs))
    left = [
        row
        for row in rows
        if row["status"] != oracle.REJECTED
        and row["segment"] != row["primary"]
        and row["primary"] == segment
    ]
    again = [
        row
        for row in rows
        if row["status"] == oracle.HELD and oracle.overflow_of(policy, row["primary"]) == segment
    ]
    last_leader = placed.index(leaders[-1]) if leaders else 0
    return {
        "nonempty": int(bool(placed)),
        "threshold": leaders[-1]["composite"] + 1 if leaders else 0,
        "bound": segment_bounds(claim).get(segment, 0),
        "saturated": int("saturation" in reasons),
        "tripped": int("breaker" in reasons),
        "cost_before": sum(costs[:last_leader]),
        "cost_after": sum(costs),
        "displaced": len(left),
        "displaced_again": len(again),
    }


def carry_columns(case: dict, claim: dict) -> dict[str, list[int]]:
    columns = {}
    for when, orders in (("before", case["carried"]), ("after", claim["held"])):
        columns[f"sequence_{when}"] = [order["sequence"] for order in orders]
        columns[f"digest_{when}"] = [digest(order) for order in orders]
        columns[f"used_{when}"] = [1] * len(orders)
    return columns


# What can be claimed at all


def can_be_said(circuit: RoutingCircuit, right: dict, claim: dict) -> bool:
    """Whether the claim makes another trace than the truth does.

    What the circuit has no column for, or derives from the order itself, nobody can misstate.
    """
    declared = circuit.lowered.circuit.tables["orders"].columns
    usual = {row["sequence"]: row for row in right["rows"]}
    for row in claim["rows"]:
        if row["status"] in (oracle.HELD, oracle.REJECTED) and row["status"] not in declared:
            return False
        for name in ("segment", "primary", "priority"):
            if name not in declared and row[name] != usual.get(row["sequence"], row)[name]:
                return False
    return said(right) != said(claim)


def said(outcome: dict) -> list:
    """What a trace shows of an outcome, apart from what follows from it."""
    names = ("status", "order", *CLAIMED)
    rows = [[row[name] for name in names] for row in outcome["rows"]]
    return [rows, outcome["work_in"], outcome["work_out"], outcome["held"]]
