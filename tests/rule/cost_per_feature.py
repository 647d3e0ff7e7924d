"""Measures what each feature of a policy costs: the table in docs/performance.md.

python -m tests.rule.cost_per_feature 12 14      row classes
Times are processor time of the whole prover, all threads together, the least of three runs.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from circuits.ir.table import COMMITTED_KINDS
from prover.prove import prove
from tests.support.policies import nodes_text
from tests.support.world import World, make_world
from zkroute.algebra.engine import engine
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders
from zkroute.model.policy import Policy
from zkroute.routing.flow import generate_flow

RUNS = 3
ONE = '[[segments]]\nname = "fast"\nnodes = { groups = ["fast", "slow"] }\n'
TWO = (
    '[[segments]]\nname = "fast"\nnodes = { groups = ["fast"] }\n'
    '[[segments]]\nname = "slow"\nnodes = { groups = ["slow"] }\n'
)
TO_FAST = '[[routes]]\nsegment = "fast"\n'
INSTITUTIONS = '[[routes]]\nmatch = { tier = ["institutional"] }\nsegment = "slow"\n'
MARGIN = '[[margins]]\nrate = 100\nkind = "{}"\n'
CARRY = "carry = 256\n"


def policy(
    cost: str = 'kind = "unit"',
    queue: str = 'drain = "none"\n',
    segments: str = ONE,
    routes: str = TO_FAST,
    top: str = "",
    more: str = "",
    key: str = "",
) -> str:
    return f"""
name = "cost"
chain = "cost"
slots = 64
{top}
[classes]
intents = ["open", "close"]
tiers = ["retail", "institutional"]
instruments = ["BTC"]
order_types = ["market"]
[cost]
{cost}
[key]
slope = "equal"
{key}
[queue]
{queue}
{more}
{segments}
{routes}
"""


NOTIONAL = 'kind = "notional"\nunit = 1_048_576'
HIGH = "[risk]\nhigh_value_notional = 1_000_000\n"
SHARDS = "[sharding]\na = 12345\nb = 678\nshards = 8\n"


def closing(option: str, *, overflow: bool = False) -> dict[str, str]:
    onward = 'overflow = "slow"\n' if overflow else ""
    head, tail = TWO.split('\n[[segments]]\nname = "slow"')
    return {
        "queue": f'drain = "none"\n{CARRY}',
        "segments": f'{head}\n{option}\n{onward}[[segments]]\nname = "slow"{tail}',
        "routes": INSTITUTIONS + TO_FAST,
    }


def published(line: str) -> dict[str, str]:
    return {"more": f"[publish]\n{line}\n"}


PLAIN, ROUTED, BY_NOTIONAL = "round robin", "two segments", "cost by notional"
NOTIONAL_ROUTED = "cost by notional, two segments"
FEATURES: dict[str, tuple[str | None, str]] = {
    PLAIN: (None, policy()),
    "cost by size": (PLAIN, policy(cost='kind = "size"')),
    BY_NOTIONAL: (PLAIN, policy(cost=NOTIONAL)),
    "a unit that is no power of two": (
        BY_NOTIONAL,
        policy(cost='kind = "notional"\nunit = 1_000_000'),
    ),
    "draining queues": (PLAIN, policy(queue='drain = "service-rate"\n')),
    "latency, gas and forecast in the key": (
        PLAIN,
        policy(key="gas_weight = 3\nlatency_weight = 2\nforecast_weight = 1"),
    ),
    ROUTED: (PLAIN, policy(segments=TWO, routes=INSTITUTIONS + TO_FAST)),
    NOTIONAL_ROUTED: (
        BY_NOTIONAL,
        policy(cost=NOTIONAL, segments=TWO, routes=INSTITUTIONS + TO_FAST),
    ),
    "priorities": (
        ROUTED,
        policy(segments=TWO, routes=INSTITUTIONS + "priority = 1\n" + TO_FAST),
    ),
    "gas levels": (
        ROUTED,
        policy(segments=TWO, routes=INSTITUTIONS + TO_FAST, more="[gas]\nlevels = [10, 20]\n"),
    ),
    "bundles": (PLAIN, policy(top="bundles = true")),
    "initial margins, rejection": (
        BY_NOTIONAL,
        policy(cost=NOTIONAL, more=MARGIN.format("initial")),
    ),
    "maintenance margins, liquidation": (
        NOTIONAL_ROUTED,
        policy(
            cost=NOTIONAL,
            more=MARGIN.format("maintenance"),
            segments=TWO,
            routes='[[routes]]\nmatch = { margin = "liquidation" }\nsegment = "slow"\n' + TO_FAST,
        ),
    ),
    "high-value orders": (
        NOTIONAL_ROUTED,
        policy(
            cost=NOTIONAL,
            more=HIGH,
            segments=TWO,
            routes='[[routes]]\nmatch = { value = "high" }\nsegment = "slow"\n' + TO_FAST,
        ),
    ),
    "shards": (
        ROUTED,
        policy(
            more=SHARDS,
            segments=TWO,
            routes='[[routes]]\nmatch = { shard = [1, 3, 5] }\nsegment = "slow"\n' + TO_FAST,
        ),
    ),
    "breaker and hold": (ROUTED, policy(**closing("breaker = 1_000_000"))),
    "saturation and hold": (ROUTED, policy(**closing("saturation = 1_000_000"))),
    "overflow": ("breaker and hold", policy(**closing("breaker = 1_000_000", overflow=True))),
    "published counts": (PLAIN, policy(**published("counts = true"))),
    "published loads": (PLAIN, policy(**published("loads = true"))),
    "dispersion": (PLAIN, policy(**published("herfindahl = true"))),
    "largest count": (PLAIN, policy(**published("max_count = true"))),
    "promised share": (PLAIN, policy(**published("max_share_percent = 90"))),
}
"""Feature to what it is compared with, and a policy that has it."""


def orders_for(routing: Policy, count: int) -> Orders:
    """Random orders with ample margin, a quarter of them legs where the policy has bundles."""
    rng = np.random.default_rng(1)

    def words(limit: int) -> np.ndarray:
        return rng.integers(1, limit, count, dtype=np.uint64)

    leg = rng.random(count) < 0.25 * routing.bundles
    leg[:1] = False
    digits = [rng.integers(0, len(names), count) for names in routing.dimensions]
    return new_orders(
        routing,
        OrderColumns(
            digits=tuple(digits),
            side=np.ones(count, dtype=np.uint8),
            account=words(1 << 60),
            size=words(1000),
            price=words(5000),
            margin=np.stack([words(1 << 40), np.zeros(count, np.uint64)], axis=1),
            time_ms=words(1 << 40),
            client_order_id=np.zeros(count, dtype="S32"),
            payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, dtype=np.uint8), (count, 1)),
            is_leg=leg,
        ),
    )


class Measured:
    """One policy in one row class: its columns, its proof's size, and its prover's time."""

    def __init__(self, world: World, orders: Orders) -> None:
        circuit = world.proving_key.circuit.lowered.circuit
        self._world, self._batch = world, world.commit(orders)
        self.columns = {
            name: len(table.of_kind(*COMMITTED_KINDS)) for name, table in circuit.tables.items()
        }
        self.degree = max(
            gate.expression.degree
            for gates in world.proving_key.circuit.lowered.gates.values()
            for gate in gates
        )
        self.count = len(orders)
        self.seconds = float("inf")
        self.proof_bytes = 0

    def run(self) -> None:
        start = time.process_time()
        self.proof_bytes = len(prove(self._world.proving_key, self._world.snapshot, self._batch))
        self.seconds = min(self.seconds, time.process_time() - start)

    @property
    def microseconds(self) -> float:
        return 1e6 * self.seconds / self.count


def measured(log_rows: int) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for name, (_, text) in FEATURES.items():
        world = make_world(text, nodes_text("fsfsfsfsfsfsfsfs"), log_rows)
        found[name] = Measured(world, orders_for(world.policy, 1 << log_rows))
    for _ in range(RUNS):
        for each in found.values():
            each.run()
    return found


def feature_table(classes: list[int]) -> str:
    found = {log_rows: measured(log_rows) for log_rows in classes}
    first = found[classes[0]]
    heads = " | ".join(f"us/order 2^{log_rows}" for log_rows in classes)
    lines = [
        f"| feature | added to | orders' columns | others | degree | proof bytes | {heads} |",
        "|---|---|--:|--:|--:|--:|" + "--:|" * len(classes),
    ]
    for name, (base, _) in FEATURES.items():
        each, than = first[name], first[base] if base else None
        orders = each.columns["orders"] - (than.columns["orders"] if than else 0)
        others = sum(each.columns.values()) - each.columns["orders"]
        if than:
            others -= sum(than.columns.values()) - than.columns["orders"]
        sign = "+" if than else ""
        size = each.proof_bytes - (than.proof_bytes if than else 0)
        times = " | ".join(
            f"{ran[name].microseconds - (ran[base].microseconds if base else 0):{sign}.1f}"
            for ran in found.values()
        )
        lines.append(
            f"| {name} | {base or ''} | {orders:{sign}d} | {others:{sign}d} | {each.degree} "
            f"| {size:{sign}d} | {times} |"
        )
    return "\n".join(lines)


def node_table(log_rows: int) -> str:
    found = {}
    for nodes in (16, 64, 256, 1024):
        world = make_world(trades_policy(nodes), made_up_nodes(nodes), log_rows)
        found[nodes] = Measured(world, generate_flow(world.policy, 1 << log_rows))
    for _ in range(RUNS):
        for each in found.values():
            each.run()
    lines = [f"| nodes | us/order 2^{log_rows} | to 16 nodes | proof bytes |", "|--:|--:|--:|--:|"]
    for nodes, each in found.items():
        ratio = each.seconds / found[16].seconds
        lines.append(f"| {nodes} | {each.microseconds:.1f} | {ratio:.3f} | {each.proof_bytes} |")
    return "\n".join(lines)


if __name__ == "__main__":
    chosen = [int(each) for each in sys.argv[1:]]
    print(f"kernel: {type(engine()).__module__}", flush=True)
    print(feature_table(chosen), flush=True)
    print(node_table(chosen[-1]), flush=True)
