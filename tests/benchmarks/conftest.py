"""Every benchmark is also a test: once and small in the usual run, timed with --benchmark-only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from zkroute.algebra.engine import Engine
from zkroute.algebra.engine import engine as make_engine
from zkroute.errors import UsageError

Result = TypeVar("Result")
Timing = Callable[[Callable[[], Result]], Result]

TRANSFORM_LOG_SIZES = range(10, 19)
TIMED_LOG_ROWS = 16
SMALL_LOG_ROWS = 6


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Timing wants one process and a clock, whatever the project's own options say."""
    if config.option.benchmark_only:
        config.option.benchmark_disable = False
        if hasattr(config.option, "numprocesses"):  # pytest-xdist is installed
            config.option.numprocesses = 0


def is_timed(config: pytest.Config) -> bool:
    """Whether the benchmarks run at full size under the clock."""
    return bool(config.option.benchmark_enable or not config.option.benchmark_disable)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "transform_log_size" in metafunc.fixturenames:
        sizes = TRANSFORM_LOG_SIZES if is_timed(metafunc.config) else (SMALL_LOG_ROWS,)
        metafunc.parametrize("transform_log_size", sizes)


@pytest.fixture(scope="session")
def log_rows(request: pytest.FixtureRequest) -> int:
    """Logarithm of the rows that a benchmark of no particular size works on."""
    return TIMED_LOG_ROWS if is_timed(request.config) else SMALL_LOG_ROWS


@pytest.fixture(scope="session", params=("portable", "ifma"))
def engine(request: pytest.FixtureRequest) -> Engine:
    try:
        return make_engine(request.param)
    except UsageError as error:
        pytest.skip(f"the {request.param} kernel does not run here: {error}")


@pytest.fixture
def timing(benchmark: Any) -> Timing[Any]:
    """Times an action that has run once before, so that compiling does not count."""

    def run(action: Callable[[], Any]) -> Any:
        action()
        return benchmark(action)

    return run
