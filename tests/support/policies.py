"""Policies and snapshots that between them use every feature of the routing circuit."""

from __future__ import annotations

from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY

_CLASSES = """
[classes]
intents = ["open", "close", "liquidation"]
tiers = ["retail", "institutional"]
instruments = ["BTC"]
order_types = ["market"]
[decimals]
price = 0
size = 0
margin = 0
"""

_ONE_SEGMENT = """
[[segments]]
name = "all"
nodes = {}
[[routes]]
segment = "all"
priority = 3
"""

_TWO_SEGMENTS = """
[[segments]]
name = "fast"
nodes = { groups = ["fast"] }
[[segments]]
name = "slow"
nodes = { groups = ["slow"] }
[[routes]]
match = { intent = ["liquidation"] }
segment = "fast"
priority = 2
[[routes]]
match = { tier = ["institutional"] }
segment = "fast"
priority = 7
[[routes]]
segment = "slow"
priority = 1
"""

_PRIORITIES_ONLY = """
[[segments]]
name = "all"
nodes = {}
[[routes]]
match = { intent = ["liquidation"] }
segment = "all"
priority = 0
[[routes]]
segment = "all"
priority = 255
"""


def policy_text(cost: str, key: str, drain: str, segments: str, slots: int = 8) -> str:
    return "\n".join(
        [
            'name = "test"',
            'chain = "test"',
            f"slots = {slots}",
            _CLASSES,
            "[cost]",
            cost,
            "[key]",
            key,
            "[queue]",
            f'drain = "{drain}"',
            segments,
        ]
    )


_EQUAL = 'slope = "equal"'
_BY_CAPACITY = """
gas_weight = 3
latency_weight = 2
slope = "inverse-capacity"
slope_scale = 600
"""

POLICIES = {
    "round robin": policy_text('kind = "unit"', _EQUAL, "none", _ONE_SEGMENT),
    "weighted round robin": policy_text('kind = "unit"', _BY_CAPACITY, "none", _ONE_SEGMENT),
    "least loaded by size": policy_text('kind = "size"', _EQUAL, "service-rate", _ONE_SEGMENT),
    "notional by one": policy_text(
        'kind = "notional"\nunit = 1', _BY_CAPACITY, "none", _TWO_SEGMENTS
    ),
    "notional by seven": policy_text(
        'kind = "notional"\nunit = 7', _BY_CAPACITY, "service-rate", _TWO_SEGMENTS
    ),
    "notional by sixteen": policy_text(
        'kind = "notional"\nunit = 16', _BY_CAPACITY, "service-rate", _PRIORITIES_ONLY
    ),
    "priorities by unit": policy_text('kind = "unit"', _EQUAL, "service-rate", _PRIORITIES_ONLY, 4),
    "example": EXAMPLE_POLICY,
}
"""Name to policy text; SNAPSHOTS has the nodes that go with each."""


def nodes_text(groups: str, down: str = "") -> str:
    """One node per letter of ``groups`` (f is fast, s is slow); numbers in ``down`` are down."""
    parts = ["epoch = 1"]
    for number, letter in enumerate(groups):
        parts += [
            "[[nodes]]",
            f'name = "node-{number}"',
            'chain = "c"',
            f'group = "{"fast" if letter == "f" else "slow"}"',
            f"capacity = {70 + 130 * (number % 3)}",
            f"service_rate = {3 + 2 * number}",
            f"gas_price = {5 + 7 * number % 4}",
            f"latency_ms = {20 - number}",
            "reputation = 1",
            f'status = "{"down" if str(number) in down else "up"}"',
        ]
    return "\n".join(parts)


NODES = nodes_text("fsfssf", down="3")
"""Six nodes in two groups; slot 3 is down."""

SNAPSHOTS = dict.fromkeys(POLICIES, NODES) | {
    "priorities by unit": nodes_text("fsf", down="1"),
    "example": EXAMPLE_NODES,
}

WHOLE_RULE = """
name = "whole rule"
chain = "test"
slots = 8
bundles = true
[classes]
intents = ["open", "close"]
tiers = ["retail", "institutional"]
instruments = ["BTC"]
order_types = ["market"]
fee_classes = ["maker", "taker"]
[cost]
kind = "notional"
unit = 100
[key]
gas_weight = 3
latency_weight = 2
forecast_weight = 1
slope = "inverse-capacity"
slope_scale = 600
[queue]
drain = "service-rate"
carry = 32
[risk]
high_value_notional = 1200
rate_scale = 1000
[[margins]]
match = { intent = ["open"], tier = ["retail"] }
rate = 5
kind = "initial"
[[margins]]
match = { intent = ["close"] }
rate = 9
kind = "maintenance"
[sharding]
a = 7
b = 3
p = 101
shards = 3
[gas]
levels = [10, 20]
[publish]
counts = true
loads = true
herfindahl = true
max_count = true
max_share_percent = 90
[[segments]]
name = "fast"
nodes = { groups = ["fast"] }
overflow = "slow"
breaker = 40
[[segments]]
name = "slow"
nodes = { groups = ["slow"] }
saturation = 190
breaker = 60
[[routes]]
match = { margin = "liquidation" }
segment = "fast"
priority = 0
[[routes]]
match = { value = "high" }
segment = "fast"
priority = 2
[[routes]]
match = { shard = [1], gas_level = [1, 2] }
segment = "fast"
priority = 4
[[routes]]
match = { tier = ["institutional"], fee_class = ["taker"] }
segment = "fast"
priority = 1
[[routes]]
segment = "slow"
priority = 3
"""
"""Every feature at once; small numbers, so that every one of them decides some order's fate."""

POLICIES_WITH_CLOSING = {"whole rule": WHOLE_RULE}
SNAPSHOTS |= {"whole rule": NODES.replace("epoch = 1", "epoch = 1\ngas_price = 15")}
ALL_POLICIES = POLICIES | POLICIES_WITH_CLOSING
