"""What `route` does not sign: numbers promised to others, orders it was told of in vain, one
header over another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settlement.floor import Floor, floor
from tests.support.lock_holder import held
from zkroute.cli import batches

__all__ = ["floor"]


def test_numbers_that_receipts_promise_are_not_given_to_a_files_orders(
    floor: Floor, tmp_path: Path
) -> None:
    """On a batch that took its orders from a log, and where a log lies for the first batch."""
    for place, said in (
        (("--after", "batches/1"), "batch 1 took its orders from an intake log"),
        ((), "intake.db is here"),
    ):
        refused = floor.refused("route", *place, "-o", tmp_path / "batch")
        assert refused["error"] == "usage"
        assert said in refused["message"]
        assert not (tmp_path / "batch").exists()


def test_orders_beside_a_log_are_refused(floor: Floor, tmp_path: Path) -> None:
    words = ("route", "orders.csv", "--intake", "intake.db", "--after", "batches/1")
    code, _, err = floor.run(*words, "-o", tmp_path / "batch")
    assert code == 2
    assert "ORDERS and --intake exclude each other" in err
    assert not (tmp_path / "batch").exists()


def test_a_folder_is_routed_into_by_one_at_a_time(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LOCK_SECONDS", 0.0)
    words = ("route", "--intake", "intake.db", "--after", "batches/1", "-o", tmp_path)
    with held(tmp_path / ".routing.lock"):
        assert "is routing into" in floor.refused(*words)["message"]
    assert not (tmp_path / "header.json").exists()


def test_a_key_that_is_named_goes_before_the_environments(floor: Floor, tmp_path: Path) -> None:
    floor.must("router", "new", tmp_path / "other.key")
    floor.must("router", "new", tmp_path / "heir.key")
    pem = (tmp_path / "other.key").read_text()
    words = ("router", "handover", tmp_path / "heir.key", "--chain", "c", "--from-batch", 1, "-o")
    router, other = ((floor.path / "router.pub"), tmp_path / "other.pub")
    named = ("--router-key", "router.key")
    for number, (options, old) in enumerate(((named, router), ((), other))):
        output = tmp_path / f"{number}.json"
        answer = floor.must(*words, output, *options, ZKROUTE_ROUTER_KEY=pem)
        assert answer["old"] == old.read_text().strip()
