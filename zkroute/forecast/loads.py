"""The load a node is expected to have after the next batch, by exponential smoothing.

Needs the optional extra `forecast` (statsmodels). A forecast is an input like any other in the
snapshot: nobody has to agree on how it was made, only on which one was used.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zkroute.errors import UsageError
from zkroute.model.snapshot import MAX_MEASURE, Snapshot, snapshot_from_canonical

SMOOTHED_FROM = 3
"""Past batches from which on the level is smoothed; with fewer the last load is the forecast."""
TREND_FROM = 10
"""Past batches from which on a damped trend is fitted too."""


def forecast_load(history: Sequence[int]) -> int:
    """The load expected next, 0 to 2^48 - 1, given past ones, oldest first; 0 without any.

    Simple exponential smoothing, with a damped additive trend from `TREND_FROM` values on (Holt
    1957, Gardner and McKenzie 1985), fitted by statsmodels. Raises UsageError where statsmodels
    is not installed.
    """
    if len(history) < SMOOTHED_FROM or len(set(history)) == 1:
        return _bounded(history[-1] if history else 0)
    smoothing = _statsmodels()
    scale = max(history)
    values = [load / scale for load in history]
    trend: dict[str, Any] = {"trend": "add", "damped_trend": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that did not settle is still a forecast
        model = smoothing.ExponentialSmoothing(
            values,
            initialization_method="estimated",
            **(trend if len(history) >= TREND_FROM else {}),
        )
        expected = float(model.fit().forecast(1)[0])
    return _bounded(expected * scale if math.isfinite(expected) else history[-1])


def with_forecasts(snapshot: Snapshot, loads: Sequence[Sequence[int]]) -> Snapshot:
    """The next epoch's snapshot: the same nodes, each with the forecast from its past loads.

    `loads` holds a history per node, in slot order. Raises UsageError where their numbers differ
    or statsmodels is missing.
    """
    if len(loads) != len(snapshot.nodes):
        raise UsageError(f"{len(loads)} histories for {len(snapshot.nodes)} nodes")
    nodes = tuple(
        replace(node, forecast=forecast_load(history))
        for node, history in zip(snapshot.nodes, loads, strict=True)
    )
    later = replace(snapshot, epoch=snapshot.epoch + 1, nodes=nodes)
    return snapshot_from_canonical(later.canonical_bytes())


def _bounded(load: float) -> int:
    return min(max(round(load), 0), MAX_MEASURE)


def _statsmodels() -> Any:
    try:
        return importlib.import_module("statsmodels.tsa.holtwinters")
    except ImportError:
        raise UsageError(
            "forecasts need statsmodels; install it with: pip install 'zkroute[forecast]'"
        ) from None
