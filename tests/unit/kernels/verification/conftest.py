from __future__ import annotations

import random

import pytest

from zkroute.algebra.verification import VerificationArithmetic, verification_arithmetic
from zkroute.errors import UsageError


@pytest.fixture(scope="session")
def compiled() -> VerificationArithmetic:
    try:
        return verification_arithmetic("compiled")
    except UsageError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def reference() -> VerificationArithmetic:
    return verification_arithmetic("reference")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A generator seeded by the test's own name: every run of a test sees the same values."""
    return random.Random(request.node.originalname)
