"""The one switch that makes golden files anew:  pytest tests/golden --regenerate"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write golden files anew (pinned circuits, the self-test's batch), then test them",
    )


@pytest.fixture(scope="session")
def regenerate(request: pytest.FixtureRequest) -> bool:
    """Whether to write; the option is only known where pytest starts in this folder."""
    return bool(request.config.getoption("--regenerate", default=False))
