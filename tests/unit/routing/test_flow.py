"""The made-up flow has the traits it claims."""

from __future__ import annotations

import numpy as np
import pytest

from zkroute.errors import UsageError
from zkroute.model.examples import EXAMPLE_POLICY
from zkroute.model.order import Orders
from zkroute.model.policy import parse_policy
from zkroute.routing.flow import generate_flow


def test_flow_is_bursty_in_time_order_and_fits_the_policy() -> None:
    policy = parse_policy(EXAMPLE_POLICY, "policy.toml")
    flow = generate_flow(policy, 20_000)
    times = flow.time_ms.astype(np.int64)
    assert (np.diff(times) >= 0).all()
    # a Poisson flow has variance / mean = 1 in one-second counts; this one tends to 6.25
    counts = np.bincount((times - times[0]) // 1000)
    assert counts.var() / counts.mean() > 2
    assert len(np.unique(flow.class_index)) > policy.class_count // 2
    logs = np.log(flow.size[flow.records["instrument"] == b"BTC-PERP"].astype(float))
    assert logs.std() > 1
    assert len(np.unique(flow.price)) > 1000


def test_two_flows_are_never_alike_but_chance_can_be_given() -> None:
    policy = parse_policy(EXAMPLE_POLICY, "policy.toml")
    assert (generate_flow(policy, 50).size != generate_flow(policy, 50).size).any()

    def flow() -> Orders:
        rng = np.random.default_rng(1)
        return generate_flow(
            policy, 50, draw=lambda count: rng.integers(0, 2**64, count, dtype=np.uint64)
        )

    assert (flow().size == flow().size).all()
    with pytest.raises(UsageError, match="a flow has 1 to"):
        generate_flow(policy, 0)
