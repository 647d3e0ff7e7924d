"""One small world, shared by every test of settlement: proving it takes most of their time."""

from __future__ import annotations

import pytest

from tests.support.world import ROUND_ROBIN, World, make_world


@pytest.fixture(scope="session")
def plain_world() -> World:
    """Round robin without content columns: the cheapest batches to commit to."""
    return make_world(policy_text=ROUND_ROBIN)
