"""For all tests: bases of strings that live for one test stay out of the user's cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from zkroute.paths import cache_directory
from zkroute.protocol import lagrange_cache


@pytest.fixture(autouse=True, scope="session")
def bases_of_this_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Unless a test names a cache of its own, bases go to a folder that goes with the session."""
    folder = tmp_path_factory.mktemp("cache")

    def directory() -> Path:
        return cache_directory() if "ZKROUTE_CACHE_DIR" in os.environ else folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lagrange_cache, "cache_directory", directory)
        yield
