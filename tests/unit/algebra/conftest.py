from __future__ import annotations

import random

import pytest

from tests.unit.algebra.samples import KnownPoints
from zkroute.algebra.engine import Engine
from zkroute.algebra.engine import engine as make_engine
from zkroute.errors import UsageError


def make_or_skip(name: str) -> Engine:
    try:
        return make_engine(name)
    except UsageError as error:
        pytest.skip(f"the {name} kernel does not run here: {error}")


@pytest.fixture(scope="session", params=("reference", "portable", "ifma"))
def engine(request: pytest.FixtureRequest) -> Engine:
    return make_or_skip(request.param)


@pytest.fixture(scope="session", params=("portable", "ifma"))
def compiled_engine(request: pytest.FixtureRequest) -> Engine:
    """For sizes that only compiled code serves in time, with an oracle other than the reference."""
    return make_or_skip(request.param)


@pytest.fixture(scope="session")
def reference() -> Engine:
    return make_engine("reference")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A generator seeded by the test's own name: every run of a test sees the same values."""
    return random.Random(request.node.originalname)


@pytest.fixture(scope="session")
def known_points() -> KnownPoints:
    return KnownPoints.make(4096)
