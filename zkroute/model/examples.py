"""Ready example documents: what `zkroute init` writes and the demonstration runs on."""

from __future__ import annotations

EXAMPLE_POLICY = """\
# A routing policy. `docs/policy.md` explains every key; what is left out takes its default.
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
