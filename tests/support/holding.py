"""A policy whose batches hold orders back and publish every figure."""

from __future__ import annotations

from zkroute.model.examples import EXAMPLE_POLICY

HOLDING_POLICY = EXAMPLE_POLICY.replace(
    'drain = "service-rate"', 'drain = "service-rate"\ncarry = 64'
).replace(
    'nodes = { groups = ["standard"] }',
    'nodes = { groups = ["standard"] }\nbreaker = 100_000',
)
HOLDING_POLICY += """
[publish]
counts = true
loads = true
herfindahl = true
max_count = true
max_share_percent = 100
"""
