"""One small world, shared by every test of settlement: proving it takes most of their time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.settlement.days import Day, make_day
from tests.support.pairings import quick_pairings, real_pairings, world_of
from tests.support.world import ROUND_ROBIN, World
from zkroute.model.examples import EXAMPLE_POLICY
from zkroute.protocol.header import Header
from zkroute.settlement.ledger import Ledger

__all__ = ["day", "ledger", "like", "plain_world", "quick_pairings", "real_pairings", "world"]


@pytest.fixture(scope="session")
def plain_world() -> World:
    """Round robin without content columns: the cheapest batches to commit to."""
    return world_of(ROUND_ROBIN)


@pytest.fixture(scope="session")
def like(plain_world: World) -> Header:
    """What headers are made like that a ledger alone looks at."""
    return plain_world.commit(plain_world.orders(3)).header


@pytest.fixture(scope="session")
def world() -> World:
    """The example policy: segments, priorities, notional costs, drains."""
    return world_of(EXAMPLE_POLICY)


@pytest.fixture(scope="session")
def day(world: World, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Three chained batches of signed orders."""
    return make_day(world, [40, 24, 9], tmp_path_factory.mktemp("day"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened
