"""How large the campaigns are that a run of the tests makes."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

collect_ignore = [] if os.name == "posix" else ["test_malformed.py"]
"""Memory and time of one input are bounded by means that POSIX has."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where the command line names a path in here: ``pytest tests/campaigns ...``."""
    parser.addoption(
        "--campaign-size", type=int, metavar="COUNT", help="inputs for each campaign that runs"
    )


@pytest.fixture
def campaign_size(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """The size asked for by ``--campaign-size``, else the default."""
    asked = request.config.getoption("--campaign-size", default=None)
    return lambda default: int(asked or default)
