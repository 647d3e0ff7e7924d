"""What forgeries are made with: a registry, and traces with changed cells and the rest fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from circuits.instance import Figures, Instance
from circuits.routing import RoutingCircuit
from tests.oracle import oracle
from tests.oracle.claim_traces import public_side
from tests.oracle.completion import Columns, filled
from tests.oracle.following import follow
from tests.rule.ground import Ground
from zkroute.algebra.scalars import MODULUS

Changes = Mapping[str, Mapping[int, int]]
"""A column, as ``table.name``, to the rows and values changed in it."""


@dataclass(frozen=True)
class Forged:
    """A trace that is wrong, and the public side it is checked against."""

    circuit: RoutingCircuit
    instance: Instance
    columns: Columns

    def fitted_to(self, circuit: RoutingCircuit) -> Columns:
        """The columns with lookups counted as a circuit that asks less has them."""
        return counted(circuit, self.instance, self.columns)


@dataclass(frozen=True)
class Forgery:
    """How one constraint alone stands against a false trace."""

    story: str
    make: Callable[[], Forged]


FORGERIES: dict[str, Forgery] = {}
"""By the constraint's name (`str` of `tests.rule.ground.Constraint`)."""


def forgery(constraint: str, story: str) -> Callable[[Callable[[], Forged]], Callable[[], Forged]]:
    """Registers the function that makes the trace only this constraint refuses."""

    def register(make: Callable[[], Forged]) -> Callable[[], Forged]:
        assert constraint not in FORGERIES, constraint
        FORGERIES[constraint] = Forgery(story, make)
        return make

    return register


def patch(constraint: str, story: str, make: Callable[[], Forged]) -> None:
    """The same for a forgery that is one expression."""
    forgery(constraint, story)(make)


def altered(columns: Columns, changes: Changes) -> Columns:
    """Columns with some cells replaced, negative values as field elements."""
    result = dict(columns)
    for name, cells in changes.items():
        table, column = name.split(".")
        values = list(result[table, column])
        for row, value in cells.items():
            values[row] = value % MODULUS
        result[table, column] = values
    return result


def forged(
    ground: Ground, changes: Changes | None = None, claim: dict | None = None, **public: object
) -> Forged:
    """A claim's trace with cells changed, limbs and lookup counts fitted to it."""
    claim = claim or ground.right
    circuit, instance = public_side(ground.case, claim)
    instance = replace(instance, **public)  # type: ignore[arg-type]  # field names are literals
    columns = ground.honest if claim is ground.right else ground.columns(claim)
    return fitted(circuit, instance, altered(columns, changes or {}))


def fitted(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> Forged:
    """Limbs and lookup counts follow from the other columns."""
    base = {place: values for place, values in columns.items() if "_limb_" not in place[1]}
    return Forged(circuit, instance, filled(circuit, instance, base))


def counted(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> Columns:
    """Lookup counts follow from the other columns; limbs stay."""
    gates_off = {
        name: replace(table, gates=[]) for name, table in circuit.lowered.circuit.tables.items()
    }
    lowered = replace(circuit.lowered, circuit=replace(circuit.lowered.circuit, tables=gates_off))
    kept = {place: list(values) for place, values in columns.items()}
    return filled(replace(circuit, lowered=lowered), instance, kept)


def with_figures(made: Forged, **figures: object) -> Forged:
    """The same trace against other published figures."""
    changed = replace(made.instance.figures, **figures)  # type: ignore[arg-type]  # as above
    instance = replace(made.instance, figures=changed)
    return fitted(made.circuit, instance, made.columns)


def figures_of_counts(figures: Figures, counts: list[int]) -> dict[str, object]:
    """What a router publishes that wants these counts believed."""
    return {
        "counts": tuple(counts),
        "herfindahl": sum(count**2 for count in counts),
        "max_count": max(counts),
        "placed_count": figures.placed_count,
    }


def row(ground: Ground, condition: Callable[[dict[str, int]], bool]) -> int:
    """The first row of the orders table with an order that fulfils a condition."""
    return next(ground.where(lambda cells: bool(cells["active"]) and condition(cells)))


def lone(ground: Ground, condition: Callable[[dict[str, int]], bool]) -> int:
    """The first such row that neither is a leg nor has one, and is not the last of its group."""
    legs = ground.honest["orders", "leg"]
    rows = ground.where(
        lambda cells: (
            bool(cells["active"] and not cells["last"] and not cells["leg"]) and condition(cells)
        )
    )
    return next(number for number in rows if not legs[number + 1])


def last_row(ground: Ground) -> int:
    """The row of the newest order, which is rejected alone."""
    return len(ground.right["rows"]) - 1


def restated(ground: Ground, number: int, **content: int) -> dict[str, dict[int, int]]:
    """Changes after which a row tells the truth about another order: these fields replaced."""
    policy = ground.case["policy"]
    before = ground.right["rows"][number]
    order = before["order"] | content
    after = oracle.described(policy, {"order": order})
    by = policy["sharding"]
    wraps, residue = divmod(by["a"] * order["account"] + by["b"], by["p"])
    values = {name: order[name] for name in ("size", "price", "margin", "account")}
    values |= {name: int(after[name]) for name in ("cost", "high", "short", "shard")}
    values |= {"hash_quotient": wraps, "shard_quotient": residue // by["shards"]}
    changes = {f"orders.{name}": {number: value} for name, value in values.items()}
    return changes | shifted_costs(ground, number, after["cost"] - before["cost"])


def shifted_costs(ground: Ground, number: int, by: int) -> dict[str, dict[int, int]]:
    """Costs of the row's group, from the next row on, are higher by so much."""
    orders = {name: ground.honest["orders", name] for name in ("segment", "active", "leg")}
    cumulative = list(ground.honest["orders", "cumulative"])
    leaders = list(ground.honest["orders", "leader_cumulative"])
    changed: dict[str, dict[int, int]] = {"orders.cumulative": {}, "orders.leader_cumulative": {}}
    later = number + 1
    while orders["active"][later] and orders["segment"][later] == orders["segment"][number]:
        changed["orders.cumulative"][later] = cumulative[later] + by
        follows_leader = not orders["leg"][later] or later in _led_since(orders["leg"], number)
        changed["orders.leader_cumulative"][later] = leaders[later] + by * follows_leader
        later += 1
    return changed


def _led_since(legs: list[int], number: int) -> set[int]:
    """Rows whose bundle begins after the given row."""
    rows = set()
    leader = number
    for later in range(number + 1, len(legs)):
        leader = leader if legs[later] else later
        if leader > number:
            rows.add(later)
    return rows


def reordered(made: Ground, columns: Columns, rows: list[int]) -> Columns:
    """The orders table with its rows in another order; groups and their costs follow."""
    result = dict(columns)
    for (table, name), values in columns.items():
        if table == "orders" and name != "arrived":
            result[table, name] = [values[number] for number in rows] + values[len(rows) :]
    return regrouped(result, len(rows))


def regrouped(columns: Columns, count: int) -> Columns:
    """``last`` and the groups' costs as they follow from the rows."""
    orders = {name: values for (table, name), values in columns.items() if table == "orders"}
    rows = len(orders["active"])
    last, cumulative, leaders = [0] * rows, [0] * rows, [0] * rows
    for number in range(count):
        segment = orders["segment"]
        ends = number + 1 == count or segment[number + 1] != segment[number]
        last[number] = int(ends)
        if not ends:
            cumulative[number + 1] = cumulative[number] + orders["cost"][number]
        leads = not orders["leg"][number]
        leaders[number] = cumulative[number] if leads else leaders[number - 1]
    found = {"last": last, "cumulative": cumulative, "leader_cumulative": leaders}
    return columns | {("orders", name): values for name, values in found.items()}


def treated(ground: Ground, leader: int, **fate: object) -> dict:
    """The claim that the bundle with this leading sequence number has another fate."""

    def change(bundles: list[dict]) -> None:
        for bundle in bundles:
            if bundle["rows"][0]["sequence"] == leader:
                bundle.update(fate)
                priority = bundle["priority"]
                bundle["turn"] = (priority, leader)

    return follow(ground.case, ground.right, change=change)
