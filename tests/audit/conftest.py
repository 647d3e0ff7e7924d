"""One chain of three batches, proven and published once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import verifier.many
import verifier.opening
from prover.batch import CommittedBatch
from tests.audit.published import COUNTS, Site, make_site, proven_chain
from tests.settlement.conftest import quick_product_is_one, world_of
from tests.support.world import World
from zkroute.model.examples import EXAMPLE_POLICY

PUBLISHING_POLICY = EXAMPLE_POLICY + "\n[publish]\ncounts = true\nloads = true\n"


@pytest.fixture(autouse=True, scope="session")
def quick_pairings() -> Iterator[None]:
    """Pairings by the trapdoor, as the tests of settlement have them."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (verifier.opening, verifier.many):
            patch.setattr(module, "pairing_product_is_one", quick_product_is_one)
        yield


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
