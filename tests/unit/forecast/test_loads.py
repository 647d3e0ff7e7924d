"""Forecasts of loads: sensible numbers, whole and in range, and a snapshot that holds them."""

from __future__ import annotations

import importlib
import random

import pytest

from zkroute.errors import UsageError
from zkroute.forecast.loads import SMOOTHED_FROM, TREND_FROM, forecast_load, with_forecasts
from zkroute.model.examples import EXAMPLE_NODES
from zkroute.model.snapshot import MAX_MEASURE, check_succession, parse_snapshot

NODES = parse_snapshot(EXAMPLE_NODES, "nodes.toml")


def test_short_and_constant_histories_need_no_fitting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", pytest.fail)
    assert forecast_load([]) == 0
    assert forecast_load([7]) == 7
    assert forecast_load([7, 9]) == 9
    assert forecast_load([5] * 50) == 5
    assert forecast_load([0] * 50) == 0
    assert forecast_load([1 << 60] * 3) == MAX_MEASURE


def test_without_statsmodels_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"pip install 'zkroute\[forecast\]'"):
        forecast_load([1, 2, 3])


class TestFitted:
    @pytest.fixture(autouse=True)
    def _needs_statsmodels(self) -> None:
        pytest.importorskip("statsmodels")

    def test_a_level_is_found_through_noise(self) -> None:
        rng = random.Random(5)
        history = [100_000 + rng.randint(-5_000, 5_000) for _ in range(TREND_FROM - 1)]
        assert 95_000 <= forecast_load(history) <= 105_000

    def test_a_trend_is_followed(self) -> None:
        assert 1_900 <= forecast_load(list(range(0, 2_000, 100))) <= 2_050

    def test_falling_loads_do_not_go_below_zero(self) -> None:
        assert forecast_load(list(range(1_900, -1, -100))) == 0

    def test_any_history_gives_a_number_in_range(self) -> None:
        rng = random.Random(11)
        for count in (SMOOTHED_FROM, TREND_FROM - 1, TREND_FROM, 40):
            for top in (1, 10**6, (1 << 64) - 1):
                expected = forecast_load([rng.randint(0, top) for _ in range(count)])
                assert 0 <= expected <= min(2 * top + 1, MAX_MEASURE)


def test_the_next_snapshot_holds_the_forecasts_and_nothing_else_changes() -> None:
    later = with_forecasts(NODES, [[], *[[slot, 2 * slot] for slot in range(1, 8)]])
    assert [node.forecast for node in later.nodes] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert later.epoch == NODES.epoch + 1
    check_succession(NODES, later)
    assert later.digest != NODES.digest
    assert [node.name for node in later.nodes] == [node.name for node in NODES.nodes]
    with pytest.raises(UsageError, match="2 histories for 8 nodes"):
        with_forecasts(NODES, [[1], [2]])
