import pytest

from prover.batch import CommittedBatch
from tests.support.holding import HOLDING_POLICY
from tests.support.world import World, make_world


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(HOLDING_POLICY)


@pytest.fixture(scope="session")
def first(world: World) -> CommittedBatch:
    """A batch that holds orders for the next."""
    batch = world.commit(world.orders(60))
    assert batch.opening.after.held is not None
    return batch


@pytest.fixture(scope="session")
def second(world: World, first: CommittedBatch) -> CommittedBatch:
    """The batch that takes them over."""
    return world.commit(world.orders(2), first, 1_700_000_001_000)
