"""Public columns at their limits."""

from __future__ import annotations

import pytest

from circuits.instance import _reachable


@pytest.mark.parametrize(("threshold", "counts"), [(None, None), (0, 0), (15, 15), (16, None)])
def test_a_threshold_that_no_batch_reaches_is_none(
    threshold: int | None, counts: int | None
) -> None:
    """Of four bits: 15 is the last number a batch may come to."""
    assert _reachable(threshold, 4) == counts
