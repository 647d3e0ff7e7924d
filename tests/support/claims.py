"""Traces of whatever a router claims, true or not, built without the prover's own trace code.

A claim says row by row which order was processed, on which node and at which composite. From it
follow the base columns, plain integers; ``complete`` then fills range limbs and multiplicities from
the circuit's own rules, in the way that breaks the fewest of them. So a false claim stands or falls
by the rules it really breaks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from circuits.check import check_trace
from circuits.gadgets.range import RANGE
from circuits.instance import Figures, Instance, public_columns
from circuits.ir.check import Checker, Failure
from circuits.ir.circuit import Interaction
from circuits.ir.expression import Cell, Expression, evaluate
from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from zkroute.algebra.scalars import MODULUS
from zkroute.model.order import Orders, digests
from zkroute.model.policy import Policy
from zkroute.routing.parameters import NodeParameters, route_entries

Columns = dict[tuple[str, str], list[int]]
"""(table, column) to its integers, one per row, for every private column."""

LIMBS_SUFFIX = " is the sum of its limbs"


@dataclass(frozen=True)
class Setting:
    """The public things one batch is proven against, and the node state it starts from."""

    circuit: RoutingCircuit
    policy: Policy
    parameters: NodeParameters
    work_before: tuple[int, ...]
    first_sequence: int = 0

    @cached_property
    def work_in(self) -> list[int]:
        """What draining leaves, by the words of the policy."""
        return [
            max(0, work - drain)
            for work, drain in zip(self.work_before, self.parameters.drain, strict=True)
        ]

    def instance(self, order_count: int = 0) -> Instance:
        """The public side of a batch of so many orders."""
        return Instance(self.policy, self.parameters, self.first_sequence, order_count, Figures())

    @cached_property
    def known(self) -> Columns:
        """Public and fixed columns, padded to their tables' rows."""
        return known_columns(self.circuit, self.instance())

    def composite(self, slot: int, work: int) -> int:
        parameters = self.parameters
        key = parameters.base[slot] + parameters.slope[slot] * work
        return key * self.policy.slots + slot


def known_columns(circuit: RoutingCircuit, instance: Instance) -> Columns:
    """Public and fixed columns, padded to their tables' rows."""
    tables = circuit.lowered.circuit.tables
    columns = dict(public_columns(circuit, instance))
    for column in circuit.lowered.circuit.columns(Kind.FIXED):
        columns[column.table, column.name] = list(range(tables[column.table].rows))
    return {
        place: values + [0] * (tables[place[0]].rows - len(values))
        for place, values in columns.items()
    }


@dataclass(frozen=True)
class Row:
    """One order as it stands in the orders table; composite is left to ``follow``."""

    sequence: int
    digest: int
    order_class: int
    size: int
    price: int
    segment: int
    priority: int
    node: int
    composite: int = 0

    def cost(self, policy: Policy) -> int:
        if policy.cost.kind == "unit":
            return 1
        if policy.cost.kind == "size":
            return self.size
        return -(-self.size * self.price // policy.cost.unit)


@dataclass(frozen=True)
class Claim:
    """Rows in table order, each node's work at the end, and the order count of the header."""

    rows: tuple[Row, ...]
    work_after: tuple[int, ...]
    overrides: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """(table, column, row) to a value put there before limbs and multiplicities are filled."""


def rows_of_orders(setting: Setting, orders: Orders) -> list[Row]:
    """The orders in processing order (segment, priority, arrival), sent nowhere yet."""
    routes = {entry[0]: entry[4:] for entry in route_entries(setting.policy, 0)}
    hashes = [
        sum(int(word) << (64 * i) for i, word in enumerate(words))
        for words in digests(orders.records)
    ]
    rows = []
    for arrival, index in enumerate(orders.class_index.tolist()):
        segment, priority = routes[index]
        rows.append(
            Row(
                sequence=setting.first_sequence + arrival,
                digest=hashes[arrival],
                order_class=index,
                size=int(orders.size[arrival]),
                price=int(orders.price[arrival]),
                segment=segment,
                priority=priority,
                node=0,
            )
        )
    return sorted(rows, key=lambda row: (row.segment, row.priority, row.sequence))


def follow(
    setting: Setting, rows: Sequence[Row], chain: Iterable[int] | None = None, **overrides: Any
) -> Claim:
    """The claim that each row went to its ``node``; composites follow the nodes' work.

    ``chain`` is the order in which rows add their work (row order if left out): any order keeps
    the multiset of node states, only the true one keeps composites increasing.
    """
    work = list(setting.work_in)
    done = list(rows)
    for position in range(len(rows)) if chain is None else chain:
        row = rows[position]
        done[position] = replace(row, composite=setting.composite(row.node, work[row.node]))
        work[row.node] += row.cost(setting.policy)
    return Claim(tuple(done), tuple(work), **overrides)


def smallest_key(setting: Setting, rows: Sequence[Row]) -> list[Row]:
    """The rows sent where the policy wants them, by looking at every node at every step."""
    parameters, work = setting.parameters, list(setting.work_in)
    sent = []
    for row in rows:
        slot = min(
            (
                slot
                for slot, exists in enumerate(parameters.exists)
                if exists and parameters.segment[slot] == row.segment
            ),
            key=lambda slot: setting.composite(slot, work[slot]),
        )
        sent.append(replace(row, node=slot))
        work[slot] += row.cost(setting.policy)
    return sent


def claimed_columns(setting: Setting, claim: Claim) -> Columns:
    """Every private column of the claim, limbs and multiplicities included."""
    columns = _order_base(setting, claim) | _node_base(setting, claim)
    for (table, name, row), value in claim.overrides.items():
        columns[table, name][row] = value % MODULUS
    return complete(setting, columns)


def _padded(values: Iterable[int], rows: int) -> list[int]:
    values = [value % MODULUS for value in values]
    return values + [0] * (rows - len(values))


def _order_base(setting: Setting, claim: Claim) -> Columns:
    rows, policy = claim.rows, setting.policy
    ends = [
        int(position + 1 == len(rows) or rows[position + 1].segment != row.segment)
        for position, row in enumerate(rows)
    ]
    values: dict[str, Iterable[int]] = {
        "sequence": (row.sequence for row in rows),
        "digest": (row.digest for row in rows),
        "class": (row.order_class for row in rows),
        "size": (row.size for row in rows),
        "price": (row.price for row in rows),
        "node": (row.node for row in rows),
        "active": (1 for _ in rows),
        "last": ends,
        "segment": (row.segment for row in rows),
        "priority": (row.priority for row in rows),
        "slope": (setting.parameters.slope[row.node] for row in rows),
        "composite": (row.composite for row in rows),
        "cost": (row.cost(policy) for row in rows),
    }
    table = setting.circuit.lowered.circuit.tables["orders"]
    return {
        ("orders", name): _padded(column, table.rows)
        for name, column in values.items()
        if name in table.columns
    }


def _node_base(setting: Setting, claim: Claim) -> Columns:
    parameters, slots = setting.parameters, range(setting.policy.slots)
    thresholds: dict[int, int] = {}
    for row in claim.rows:
        thresholds[row.segment] = row.composite + 1
    head = setting.known["nodes", "head"]
    table = setting.circuit.lowered.circuit.tables["nodes"]
    drain = setting.known.get(("nodes", "drain"), [0] * table.rows)
    before = _padded(setting.work_before, table.rows)
    values: dict[str, Iterable[int]] = {
        "work_before": before,
        "work_after": claim.work_after,
        "work_in": setting.work_in,
        "carried": (int(work >= out) for work, out in zip(before, drain, strict=True)),
        "multiplicity": (sum(row.node == slot for row in claim.rows) for slot in slots),
        "nonempty": (head[slot] * (parameters.segment[slot] in thresholds) for slot in slots),
        "threshold": (
            parameters.exists[slot] * thresholds.get(parameters.segment[slot], 0) for slot in slots
        ),
    }
    for name, specification in table.columns.items():
        if specification.masked:
            values[name] = (secrets.randbelow(MODULUS) for _ in slots)
    return {
        ("nodes", name): _padded(column, table.rows)
        for name, column in values.items()
        if name in table.columns
    }


class _Rows:
    """Resolves cells to whole columns; what is not there yet counts as zero."""

    def __init__(self, circuit: RoutingCircuit, instance: Instance, columns: Columns) -> None:
        known = known_columns(circuit, instance)
        self._known = {
            place: np.array(values, dtype=object) for place, values in {**known, **columns}.items()
        }
        self._claims = instance.claims

    def cell(self, cell: Cell) -> Any:
        column = self._known.get((cell.table, cell.column), np.zeros(1, dtype=object))
        return np.roll(column, -cell.rotation) if cell.rotation else column

    def claim(self, name: str) -> int:
        return self._claims[name]

    challenge = embedded = None


def complete(setting: Setting, columns: Columns) -> Columns:
    """``completed`` for a setting, whose policies publish no figures."""
    return completed(setting.circuit, setting.instance(), columns)


def completed(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> Columns:
    """The columns with range limbs and the lookup table's multiplicities filled in.

    A value out of range keeps its sum: the excess goes into the top limb, so that only the range
    bus shows it. Existing limbs and multiplicities are replaced.
    """
    limb_bits = circuit.shape.limb_bits
    columns = {place: values for place, values in columns.items() if "_limb_" not in place[1]}
    resolver = _Rows(circuit, instance, columns)
    for name, table in circuit.lowered.circuit.tables.items():
        for gate in table.gates:
            if gate.sentence.endswith(LIMBS_SUFFIX):
                base = gate.sentence.removesuffix(LIMBS_SUFFIX)
                count = sum(column.startswith(f"{base}_limb_") for column in table.columns)
                values = _rows(gate.expression, resolver, table.rows)
                for number in range(count):
                    shifted = [value >> (number * limb_bits) for value in values]
                    if number + 1 < count:
                        shifted = [value & ((1 << limb_bits) - 1) for value in shifted]
                    columns[name, f"{base}_limb_{number}"] = shifted
    return _counted(circuit, instance, columns)


def _rows(expression: Expression, resolver: _Rows, rows: int) -> list[int]:
    values: Any = evaluate(expression, resolver, MODULUS, {})  # type: ignore[arg-type]  # arrays
    return [int(value) for value in np.broadcast_to(values, rows)]


LISTS = {
    RANGE: "range_multiplicity",
    "route": "route_multiplicity",
    "margin": "margin_multiplicity",
}
"""Bus to the column of the lookup table that counts for it."""


def _counted(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> Columns:
    """How often each entry of the lookup table is used; uses of what is not there are not counted.

    Of several equal entries the first is counted.
    """
    rules = circuit.lowered.circuit
    resolver = _Rows(circuit, instance, columns)
    for bus, multiplicity in LISTS.items():
        if multiplicity not in rules.tables["lookup"].columns:
            continue
        rows = rules.tables["lookup"].rows
        uses = [0] * rows
        sends = [each for each in rules.interactions if each.bus == bus]
        entries = next(each for each in sends if each.table == "lookup")
        position: dict[tuple[int, ...], int] = {}
        for row, values in enumerate(_tuples(entries, resolver, rows)):
            position.setdefault(values, row)
        for each in sends:
            if each is entries:
                continue
            size = rules.tables[each.table].rows
            weights = _rows(each.multiplicity, resolver, size)
            for weight, values in zip(weights, _tuples(each, resolver, size), strict=True):
                if weight and values in position:
                    uses[position[values]] += weight
        columns["lookup", multiplicity] = [count % MODULUS for count in uses]
    return columns


def _tuples(each: Interaction, resolver: _Rows, rows: int) -> list[tuple[int, ...]]:
    return list(zip(*(_rows(value, resolver, rows) for value in each.values), strict=True))


def failures(
    setting: Setting, columns: Columns, order_count: int, first_sequence: int | None = None
) -> list[Failure]:
    """What the checker says."""
    first = setting.first_sequence if first_sequence is None else first_sequence
    instance = replace(setting, first_sequence=first).instance(order_count)
    return check_trace(setting.circuit, instance, columns)


def rules(found: Iterable[Failure]) -> set[str]:
    """The sentences of the rules that were broken."""
    return {failure.rule for failure in found}


def is_accepted(setting: Setting, columns: Columns, order_count: int) -> bool:
    """The checker's verdict, without looking for more than one failure."""
    arrays = {
        place: np.array(values, dtype=object)
        for place, values in {**setting.known, **columns}.items()
    }
    numbers = {"first_sequence": setting.first_sequence, "order_count": order_count}
    checker = Checker(setting.circuit.lowered.circuit, arrays, numbers, MODULUS)
    return next(checker.failures(), None) is None
