"""How large the campaigns are that a run of the tests makes."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

collect_ignore = [] if os.name == "posix" else ["test_malformed.py"]
"""Memory and time of one input are bounded by means that POSIX has."""


@pytest.fixture
def campaign_size(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """The size asked for by ``--campaign-size``, else the default."""
    asked = request.config.getoption("--campaign-size", default=None)
    return lambda default: default if asked is None else int(asked)
