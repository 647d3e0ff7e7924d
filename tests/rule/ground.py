"""The ground forgeries stand on: one batch of the whole rule, and its constraints by name."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

from circuits.gadgets.range import RANGE
from circuits.instance import Instance
from circuits.ir.circuit import Interaction
from circuits.routing import RoutingCircuit
from tests.oracle.claim_traces import claimed_columns, public_side
from tests.oracle.completion import Columns
from tests.oracle.random_policies import random_margin, random_orders, settled
from tests.oracle.toml_text import snapshot_toml
from tests.support.policies import SNAPSHOTS, WHOLE_RULE

_RANGE_SENTENCE = re.compile(r"(.*)_limb_\d+ is below .*")


@dataclass(frozen=True)
class Constraint:
    """Something that can be taken out of a circuit: a gate, a bus, a range check, or a total."""

    table: str
    kind: str
    name: str
    """A gate's or a total's sentence, a bus, or the value whose range is checked."""

    def __str__(self) -> str:
        return f"{self.table}: {self.name}" if self.table else self.name


def constraints(circuit: RoutingCircuit) -> list[Constraint]:
    """Everything that can refuse a trace, in the circuit's order.

    The slice digests' total is left out: the checker has no digests, they are what it says.
    """
    whole = circuit.lowered.circuit
    found = [
        Constraint(table.name, "gate", gate.sentence)
        for table in whole.tables.values()
        for gate in table.gates
    ]
    ranges = [
        Constraint(each.table, "range", name)
        for each in whole.interactions
        if (name := checked_value(each)) is not None
    ]
    buses = {each.bus: Constraint("", "bus", each.bus) for each in whole.interactions}
    del buses[RANGE]
    totals = [Constraint("", "total", each.sentence) for each in whole.totals[:-1]]
    return [*found, *dict.fromkeys(ranges), *buses.values(), *totals]


def checked_value(interaction: Interaction) -> str | None:
    """Which value a lookup in the range table bounds; None for any other interaction."""
    match = _RANGE_SENTENCE.fullmatch(interaction.sentence)
    return match[1] if interaction.bus == RANGE and match else None


def without(circuit: RoutingCircuit, left_out: Constraint) -> RoutingCircuit:
    """The circuit as if somebody had forgotten one constraint."""
    whole = circuit.lowered.circuit
    part = replace(
        whole,
        tables={
            name: replace(
                table,
                gates=[
                    gate
                    for gate in table.gates
                    if Constraint(name, "gate", gate.sentence) != left_out
                ],
            )
            for name, table in whole.tables.items()
        },
        interactions=[each for each in whole.interactions if not _belongs(each, left_out)],
        totals=[
            each for each in whole.totals if Constraint("", "total", each.sentence) != left_out
        ],
    )
    return replace(circuit, lowered=replace(circuit.lowered, circuit=part))


def _belongs(interaction: Interaction, left_out: Constraint) -> bool:
    if left_out.kind == "range":
        return (interaction.table, checked_value(interaction)) == (left_out.table, left_out.name)
    return left_out.kind == "bus" and interaction.bus == left_out.name


@dataclass(frozen=True)
class Ground:
    """A batch under some policy: the case, what the oracle makes of it, and its circuit."""

    case: dict

    @cached_property
    def right(self) -> dict:
        return settled(self.case)

    @cached_property
    def public(self) -> tuple[RoutingCircuit, Instance]:
        return public_side(self.case, self.right)

    @property
    def circuit(self) -> RoutingCircuit:
        return self.public[0]

    @cached_property
    def honest(self) -> Columns:
        return self.columns(self.right)

    def columns(self, claim: dict) -> Columns:
        circuit, instance = public_side(self.case, claim)
        return claimed_columns(circuit, instance, self.case, claim)

    def where(self, condition: Callable[[dict[str, int]], bool]) -> Iterator[int]:
        """Rows of the orders table whose columns fulfil a condition."""
        names = [name for table, name in self.honest if table == "orders"]
        for row in range(self.circuit.lowered.circuit.tables["orders"].rows):
            if condition({name: self.honest["orders", name][row] for name in names}):
                yield row


BUSY_RULE = (
    WHOLE_RULE.replace("unit = 100", "unit = 30").replace("notional = 1200", "notional = 500")
    + """
[[segments]]
name = "spare"
nodes = { groups = ["spare"] }
[decimals]
price = 0
size = 0
margin = 0
"""
)
"""Every feature at once, costs at which two segments close, and a third that gets no orders."""


RETAIL_MAKER = {
    "intent": "open",
    "tier": "retail",
    "instrument": "BTC",
    "order_type": "market",
    "fee_class": "maker",
    "account": 1,
    "leg": False,
}
"""An order of class 0, which has an initial margin rule."""


def poor_order(leg: bool = False) -> dict:
    """An order that is rejected for lack of margin."""
    return RETAIL_MAKER | {"size": 10, "price": 10, "margin": 0, "leg": leg}


@cache
def batch(seed: int, text: str = BUSY_RULE, orders: int = 24, carried: int = 4) -> Ground:
    """A batch in mid-chain; the last new orders are rejected: one alone, and a bundle of two."""
    rng = random.Random(seed)
    policy = tomllib.loads(text)
    snapshot = tomllib.loads(SNAPSHOTS["whole rule"])
    nodes = [*snapshot["nodes"], snapshot["nodes"][0] | {"name": "spare", "group": "spare"}]
    bundles = bool(policy.get("bundles"))
    new = random_orders(rng, policy, orders, bundles=bundles)
    before = random_orders(rng, policy, carried, bundles=bundles)
    for number, order in enumerate(before):
        order["sequence"] = 71 + number
    for order in new + before:
        order["margin"] = random_margin(rng, policy, order)
    if orders:
        new += [poor_order(), poor_order(leg=bundles), poor_order()]
    case = {
        "gas_price": snapshot["gas_price"],
        "elapsed_ms": 3_000,
        "work_before": [rng.randint(40, 60) for _ in range(policy["slots"])],
        "first_sequence": 80,
        "carried": before,
        "orders": new,
        "policy": policy,
        "policy_text": text,
        "nodes": nodes,
        "snapshot_text": snapshot_toml(nodes, snapshot["gas_price"]),
    }
    return Ground(case)
