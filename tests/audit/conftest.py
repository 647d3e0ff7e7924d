"""One chain of three batches, proven and published once."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.state import CommittedBatch
from tests.audit.published import COUNTS, PUBLISHING_POLICY, Site, make_site, proven_chain
from tests.support.pairings import quick_pairings, world_of
from tests.support.world import World

__all__ = ["honest", "made", "quick_pairings", "site", "world"]


@pytest.fixture(scope="session")
def world() -> World:
    return world_of(PUBLISHING_POLICY)


@pytest.fixture(scope="session")
def made(world: World) -> list[tuple[CommittedBatch, bytes]]:
    return proven_chain(world, COUNTS)


@pytest.fixture(scope="session")
def honest(
    world: World,
    made: list[tuple[CommittedBatch, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    """Read only: tests that change something take ``site``."""
    return make_site(world, made, tmp_path_factory.mktemp("published") / "chain")


@pytest.fixture
def site(honest: Site, tmp_path: Path) -> Site:
    """A copy of the honest folder for one test."""
    return honest.copy(tmp_path / "site")
