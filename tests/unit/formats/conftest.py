from pathlib import Path

import pytest

from prover.state import CommittedBatch
from tests.support.holding import HOLDING_POLICY
from tests.support.ptau_builder import PtauFile, build
from tests.support.world import World, make_world
from tests.unit.formats.ptau_samples import Take
from zkroute.algebra.engine import Engine, engine
from zkroute.formats.ptau import import_ptau
from zkroute.protocol.srs import StructuredReferenceString


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


@pytest.fixture(scope="module")
def reference() -> Engine:
    return engine("reference")


@pytest.fixture(scope="module")
def made() -> PtauFile:
    """A complete .ptau file of a ceremony that nobody knows."""
    return build(power=2)


@pytest.fixture
def take(tmp_path: Path, reference: Engine) -> Take:
    """Imports the bytes of a .ptau file."""

    def import_bytes(
        data: bytes, name: str | None = "made-up", engine: Engine = reference
    ) -> StructuredReferenceString:
        path = tmp_path / "file.ptau"
        path.write_bytes(data)
        return import_ptau(path, name=name, engine=engine)

    return import_bytes
