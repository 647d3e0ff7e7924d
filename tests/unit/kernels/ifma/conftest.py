"""These tests run where the instructions exist; elsewhere they say why they do not."""

from __future__ import annotations

import random

import llvmlite.binding
import pytest


@pytest.fixture(autouse=True)
def _needs_ifma() -> None:
    if not llvmlite.binding.get_host_cpu_features().get("avx512ifma", False):
        pytest.skip("this processor has no AVX-512 IFMA instructions")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A generator seeded by the test's own name: every run of a test sees the same values."""
    return random.Random(request.node.originalname)
