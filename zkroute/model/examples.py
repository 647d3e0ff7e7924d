"""Ready example documents: what `zkroute init` writes and the demonstration runs on."""

from __future__ import annotations

import numpy as np

from zkroute.model.derive import mixed, skewed_positions

EXAMPLE_POLICY = """\
# A routing policy. `docs/policy.md` explains every key; what is left out takes its default, and
# what a policy does not name costs its proofs nothing. `docs/policies` has more to start from:
# margins and liquidation, shards, gas levels, bundles, breakers and overflow, published figures.
# Publish this file: its digest stands in every batch header, and every proof says
# "the batch was routed by exactly this policy".

name = "perpetuals"
chain = "example-perpetuals"   # one chain of batches: queues carry over from batch to batch
slots = 64                     # node slots of the chain, a power of two, fixed for good

# What orders can say. Every combination of the four is an order class.
[classes]
intents = ["open", "close", "liquidation"]
tiers = ["retail", "institutional"]
instruments = ["BTC-PERP", "ETH-PERP", "SOL-PERP"]
order_types = ["limit", "market"]

# Decimal strings in order files become whole numbers with so many digits after the point.
[decimals]
price = 2
size = 4
margin = 2

# What an order adds to its node's work: "unit" (1), "size", or "notional" (price times size,
# in steps of `unit`, rounded up). Here a step is 1.00 of notional: 10^(2 + 4).
[cost]
kind = "notional"
unit = 1_000_000

# Each order goes to the node with the smallest key in its segment:
#   key = gas_weight * gas_price + latency_weight * latency_ms
#       + reputation_weight * (max_reputation - reputation) + slope * work
[key]
gas_weight = 2_000
latency_weight = 1_000
reputation_weight = 100
max_reputation = 1_000
slope = "inverse-capacity"     # a node with twice the capacity fills half as fast
slope_scale = 10_000           # slope = slope_scale / capacity, rounded up

# Work drains between batches by each node's service rate times the time that passed.
[queue]
drain = "service-rate"

# Groups of nodes. Every node of the snapshot must belong to exactly one.
[[segments]]
name = "fast"
nodes = { groups = ["fast"] }

[[segments]]
name = "standard"
nodes = { groups = ["standard"] }

# The first route that fits an order decides its segment and priority (0 goes first).
[[routes]]
match = { intent = ["liquidation"] }
segment = "fast"
priority = 0

[[routes]]
match = { tier = ["institutional"], order_type = ["market"] }
segment = "fast"
priority = 1

[[routes]]
match = { intent = ["close"] }
segment = "standard"
priority = 1

[[routes]]                     # no match: everything that is left
segment = "standard"
priority = 2
"""

EXAMPLE_NODES = """\
# What the router knew about each node in this epoch. The order of the nodes is the order of their
# slots, for good: add new nodes at the end, and mark a node that leaves with status = "down".

epoch = 1

[[nodes]]
name = "frankfurt-1"
chain = "base"
group = "fast"
capacity = 400          # in any unit, the same for all nodes
service_rate = 40_000   # work it settles per second, in cost units
gas_price = 9
latency_ms = 8
reputation = 990

[[nodes]]
name = "frankfurt-2"
chain = "base"
group = "fast"
capacity = 400
service_rate = 40_000
gas_price = 9
latency_ms = 9
reputation = 985

[[nodes]]
name = "london-1"
chain = "arbitrum"
group = "fast"
capacity = 250
service_rate = 25_000
gas_price = 6
latency_ms = 14
reputation = 960

[[nodes]]
name = "virginia-1"
chain = "arbitrum"
group = "standard"
capacity = 800
service_rate = 60_000
gas_price = 5
latency_ms = 45
reputation = 940

[[nodes]]
name = "virginia-2"
chain = "arbitrum"
group = "standard"
capacity = 600
service_rate = 45_000
gas_price = 5
latency_ms = 47
reputation = 970

[[nodes]]
name = "singapore-1"
chain = "optimism"
group = "standard"
capacity = 500
service_rate = 40_000
gas_price = 4
latency_ms = 80
reputation = 930

[[nodes]]
name = "singapore-2"
chain = "optimism"
group = "standard"
capacity = 500
service_rate = 40_000
gas_price = 4
latency_ms = 82
reputation = 900
status = "down"         # keeps its slot and its work, gets no orders

[[nodes]]
name = "tokyo-1"
chain = "base"
group = "standard"
capacity = 700
service_rate = 50_000
gas_price = 7
latency_ms = 90
reputation = 995
"""

_TRADES_POLICY = """\
# Routes Binance trades (see docs/orders.md) by notional over however many nodes there are.
# Coin-margined instruments are left out: they trade in contracts, so that size times price is
# not their notional and would not add up with the others.

name = "binance-trades"
chain = "binance-trades"
slots = SLOTS

[classes]
intents = ["open", "close", "liquidation"]
tiers = ["retail", "institutional"]
instruments = ["usdm:BTCUSDT", "usdm:ETHUSDT", "spot:BTCUSDT", "spot:ETHUSDT"]
order_types = ["market", "limit"]

[decimals]
price = 2
size = 5
margin = 2

[cost]                 # in steps of about 1.68 of the quote currency
kind = "notional"
unit = 16_777_216      # a power of two (2^24) saves the proof a range check

[widths]               # as narrow as trades of these markets allow: proofs get shorter
size_bits = 36
price_bits = 36
cost_bits = 36
key_bits = 44

[key]
gas_weight = 2_000
latency_weight = 1_000
slope = "inverse-capacity"
slope_scale = 10_000

[queue]
drain = "service-rate"

[[segments]]
name = "fast"
nodes = { groups = ["fast"] }

[[segments]]
name = "standard"
nodes = { groups = ["standard"] }

[[routes]]
match = { intent = ["liquidation"] }
segment = "fast"
priority = 0

[[routes]]
match = { tier = ["institutional"] }
segment = "fast"
priority = 1

[[routes]]
segment = "standard"
priority = 2
"""


def trades_policy(nodes: int) -> str:
    """Policy for the trades mapping with as many slots as that many nodes need."""
    slots = max(4, 1 << (nodes - 1).bit_length())
    return _TRADES_POLICY.replace("SLOTS", str(slots))


def made_up_nodes(count: int) -> str:
    """A snapshot of `count` nodes (2 or more), a quarter of them in group "fast", as TOML.

    The attributes are derived from the node's number, so that the same count gives the same text.
    """
    numbers = np.arange(count, dtype=np.uint64)
    drawn = [(mixed(numbers, purpose) % np.uint64(1000)).tolist() for purpose in range(4)]
    parts = ["epoch = 1\n"]
    for number, (capacity, gas, latency, reputation) in enumerate(zip(*drawn, strict=True)):
        is_fast = number % 4 == 0
        parts.append(
            "[[nodes]]\n"
            f'name = "node-{number + 1}"\n'
            f'chain = "{("base", "arbitrum", "optimism")[number % 3]}"\n'
            f'group = "{"fast" if is_fast else "standard"}"\n'
            f"capacity = {200 + capacity}\n"
            f"service_rate = {100 * (200 + capacity)}\n"
            f"gas_price = {4 + gas % 10}\n"
            f"latency_ms = {5 + latency % 20 if is_fast else 30 + latency % 80}\n"
            f"reputation = {900 + reputation % 100}\n"
        )
    return "\n".join(parts)


def example_orders_csv(count: int) -> str:
    """`count` orders for `EXAMPLE_POLICY` as CSV; the same count gives the same text."""
    numbers = np.arange(count, dtype=np.uint64)

    def pick(names: tuple[str, ...], purpose: int) -> list[str]:
        positions = skewed_positions(mixed(numbers, purpose), len(names)).tolist()
        return [names[position] for position in positions]

    def below(limit: int, purpose: int) -> list[int]:
        drawn: list[int] = (mixed(numbers, purpose) % np.uint64(limit)).tolist()
        return drawn

    levels = {"BTC-PERP": 6_400_000, "ETH-PERP": 340_000, "SOL-PERP": 15_000}
    lines = [
        "time_ms,account,client_order_id,instrument,tier,intent,order_type,side,size,price,margin"
    ]
    rows = zip(
        pick(("BTC-PERP", "ETH-PERP", "SOL-PERP"), 1),
        pick(("retail", "institutional"), 2),
        pick(("open", "close", "liquidation"), 3),
        pick(("limit", "market"), 4),
        below(2, 5),
        below(500, 6),
        below(1_000_000, 7),
        below(2_001, 8),
        below(19, 9),
        strict=True,
    )
    for number, (
        instrument,
        tier,
        intent,
        order_type,
        side,
        account,
        dollars,
        move,
        share,
    ) in enumerate(rows):
        price = levels[instrument] * (99_000 + move) // 100_000  # in hundredths
        size = max(1, (100 + dollars) * 10_000 // price)  # in ten-thousandths
        margin = size * price * (2 + share) // 1_000_000  # in hundredths
        lines.append(
            f"{1_750_000_000_000 + 7 * number},{account + 1},example-{number + 1},{instrument},"
            f"{tier},{intent},{order_type},{('buy', 'sell')[side]},"
            f"{_point(size, 4)},{_point(price, 2)},{_point(margin, 2)}"
        )
    return "\n".join(lines) + "\n"


def _point(value: int, places: int) -> str:
    whole, fraction = divmod(value, 10**places)
    return f"{whole}.{fraction:0{places}d}"
