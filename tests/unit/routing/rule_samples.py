"""Small policies with the features of the whole rule, and orders for them, by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.batch import CarriedOrders, RoutedBatch
from zkroute.routing.parameters import NodeParameters, node_parameters
from zkroute.routing.router import route

CLASSES = """
[classes]
intents = ["open", "close"]
tiers = ["any"]
instruments = ["A"]
order_types = ["any"]
fee_classes = ["low", "high"]
[decimals]
price = 1
size = 1
margin = 1
"""
TWO_SEGMENTS = """
[[segments]]
name = "fast"
nodes = { groups = ["f"] }
FAST
[[segments]]
name = "slow"
nodes = { groups = ["s"] }
SLOW
"""
ALL_FAST = '[[routes]]\nsegment = "fast"\n'


def policy(
    tables: str = "",
    *,
    fast: str = "",
    slow: str = "",
    routes: str = ALL_FAST,
    top: str = "",
    cost: str = 'kind = "size"',
) -> Policy:
    """Two segments of nodes; `fast`, `slow`: their further keys; `top`: further top-level keys."""
    segments = TWO_SEGMENTS.replace("FAST", fast).replace("SLOW", slow)
    head = f'name = "rule"\nchain = "test"\nslots = 4\n{top}\n'
    text = f"{head}{CLASSES}[cost]\n{cost}\n{tables}\n{segments}{routes}"
    return parse_policy(text, "policy.toml")


def nodes(groups: str = "ffs", gas_price: int = 0, **extra: int) -> str:
    """A node per letter of `groups`; `extra`: keys that all of them get."""
    text = f"epoch = 1\ngas_price = {gas_price}\n"
    for number, group in enumerate(groups):
        text += f'[[nodes]]\nname = "n{number}"\nchain = "c"\ngroup = "{group}"\ncapacity = 1\n'
        text += "service_rate = 0\ngas_price = 0\nlatency_ms = 0\nreputation = 0\n"
        text += "".join(f"{key} = {value * (number + 1)}\n" for key, value in extra.items())
    return text


def parameters(policy: Policy, text: str | None = None) -> NodeParameters:
    return node_parameters(policy, parse_snapshot(text or nodes(), "nodes.toml"), 0)


@dataclass
class Ask:
    """One order; size, price and margin are scaled already."""

    size: int = 1
    price: int = 1
    margin: int = 0
    intent: int = 0
    fee: int = 0
    account: int = 0
    leg: bool = False


def orders(policy: Policy, *asks: Ask) -> Orders:
    def words(field: str) -> np.ndarray:
        return np.array([getattr(ask, field) for ask in asks], dtype=np.uint64)

    def digits(field: str) -> np.ndarray:
        return np.array([getattr(ask, field) for ask in asks], dtype=np.int64)

    count = len(asks)
    nothing = np.zeros(count, dtype=np.int64)
    columns = OrderColumns(
        digits=(digits("intent"), nothing, nothing, nothing, digits("fee")),
        side=np.ones(count, dtype=np.uint8),
        account=words("account"),
        size=words("size"),
        price=words("price"),
        margin=np.stack([words("margin"), np.zeros(count, dtype=np.uint64)], axis=1),
        time_ms=words("size"),
        client_order_id=np.zeros(count, dtype="S32"),
        payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, dtype=np.uint8), (count, 1)),
        is_leg=np.array([ask.leg for ask in asks], dtype=np.bool_),
    )
    return new_orders(policy, columns)


def routed(
    policy: Policy,
    *asks: Ask,
    work: tuple[int, ...] = (0, 0, 0, 0),
    snapshot: str | None = None,
    first_sequence: int = 0,
    carried: CarriedOrders | None = None,
) -> RoutedBatch:
    return route(
        policy, parameters(policy, snapshot), work, orders(policy, *asks), first_sequence, carried
    )
