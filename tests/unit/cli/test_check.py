"""prove --check: a broken rule is named with the order or node it is about."""

from pathlib import Path

import numpy as np
import pytest

from prover.prove import Traces, build_traces
from tests.unit.cli.conftest import Desk
from zkroute.cli import operator_terms


def breaking(table: str, column: str, row: int, value: int) -> object:
    def build(*arguments: object) -> Traces:
        traces = build_traces(*arguments)  # type: ignore[arg-type]  # handed through as they come
        cells = traces[table][column].copy()
        cells[row] = np.uint64(0)
        cells[row, 0] = np.uint64(value)
        traces[table][column] = cells
        return traces

    return build


def test_an_honest_batch_passes(desk: Desk, tmp_path: Path) -> None:
    desk.must("route", "--output", tmp_path / "batch")
    answer = desk.run("prove", tmp_path / "batch", "--check")
    assert answer.code == 0
    assert "checked: every rule holds on every row" in answer.stdout


def test_a_misrouted_order_is_named(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.must("route", "--output", tmp_path / "batch")
    monkeypatch.setattr(operator_terms, "build_traces", breaking("orders", "node", 20, 63))
    answer = desk.run("prove", tmp_path / "batch", "--check")
    assert answer.code == 1
    assert "rules are broken; the batch cannot be proven" in answer.stderr
    assert "orders row 20, order " in answer.stderr
    assert "(id example-" in answer.stderr
    assert " sent to slot " in answer.stderr
    assert not (tmp_path / "batch" / "proof.bin").exists()


def test_a_wrong_work_names_the_node(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.must("route", "--output", tmp_path / "batch")
    monkeypatch.setattr(operator_terms, "build_traces", breaking("nodes", "work_after", 6, 5))
    answer = desk.run("prove", tmp_path / "batch", "--check", "--json")
    assert answer.code == 1
    assert (
        "nodes slot 6, singapore-2: work stays where there is no eligible node"
        in (answer.document["message"])
    )
    assert "work_after = 5" in answer.document["message"]
