"""The checker: honest traces pass, and no single cell of one can be changed unnoticed."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest

from tests.property.brute_force import random_case
from tests.support.cells import (
    ChangeChecker,
    is_free,
    other_values,
    private_cells,
    rules_reading,
)
from tests.support.claims import (
    Columns,
    Setting,
    claimed_columns,
    failures,
    follow,
    rows_of_orders,
    smallest_key,
)
from tests.support.policies import POLICIES, nodes_text
from tests.support.settings import (
    documents,
    prover_columns,
    routed_batch,
    setting_of,
    setting_of_case,
    small_orders,
)
from zkroute.model.order import Orders
from zkroute.model.snapshot import parse_snapshot


def masked_out(setting: Setting, columns: Columns) -> Columns:
    circuit = setting.circuit.lowered.circuit
    return {
        place: values
        for place, values in columns.items()
        if not circuit.specification(*place).masked
    }


def assert_honest(setting: Setting, orders: Orders) -> Columns:
    """Prover and test fill the same trace, each in its own way, and the checker accepts it."""
    columns = prover_columns(setting, orders, routed_batch(setting, orders))
    rows = smallest_key(setting, rows_of_orders(setting, orders))
    twin = claimed_columns(setting, follow(setting, rows))
    assert masked_out(setting, columns) == masked_out(setting, twin)
    assert failures(setting, columns, len(orders)) == []
    return columns


@pytest.mark.parametrize("count", [0, 1, 2, 17, 63, 64])
@pytest.mark.parametrize("name", POLICIES)
def test_honest_batches_pass(name: str, count: int) -> None:
    rng = random.Random(count)
    policy, snapshot = documents(name)
    work = [rng.randint(0, 60) for _ in range(policy.slots)]
    setting = setting_of(policy, snapshot, work, elapsed_ms=5_000, first_sequence=1_000)
    assert_honest(setting, small_orders(policy, count, rng))


@pytest.mark.parametrize("nodes", ["f", "fs", "fsfsfsfs"])
def test_honest_batches_pass_with_one_node_and_with_every_slot_taken(nodes: str) -> None:
    name = "round robin" if nodes == "f" else "notional by seven"
    policy, _ = documents(name)
    setting = setting_of(policy, parse_snapshot(nodes_text(nodes), "nodes"))
    assert_honest(setting, small_orders(policy, 64, random.Random(1)))


def test_honest_batches_pass_with_every_node_but_one_down() -> None:
    policy, _ = documents("round robin")
    snapshot = parse_snapshot(nodes_text("ffff", down="013"), "nodes")
    setting = setting_of(policy, snapshot, [9, 8, 7, 6, 5, 4, 3, 2])
    assert_honest(setting, small_orders(policy, 20, random.Random(1)))


@pytest.mark.parametrize("log_rows", [7, 9, 11])
def test_honest_batches_pass_in_larger_row_classes(log_rows: int) -> None:
    policy, snapshot = documents("notional by seven")
    setting = setting_of(policy, snapshot, log_rows=log_rows)
    assert_honest(setting, small_orders(policy, 100, random.Random(log_rows)))


def honest_cases(seed: int, count: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        assert_honest(*setting_of_case(random_case(rng)))


def test_random_honest_batches_pass() -> None:
    honest_cases(seed=1, count=40)


@pytest.mark.slow
def test_2000_random_honest_batches_pass() -> None:
    honest_cases(seed=2, count=2000)


@cache
def swept(name: str, count: int) -> tuple[Setting, Columns, int]:
    """An honest batch in mid-chain: some nodes drain to zero, some exactly, some not."""
    rng = random.Random(5)
    policy, snapshot = documents(name)
    work = [rng.randint(0, 30) for _ in range(policy.slots)]
    work[0] = 15  # node 0 drains exactly this in five seconds
    setting = setting_of(policy, snapshot, work, elapsed_ms=5_000, first_sequence=77)
    orders = small_orders(policy, count, rng)
    return setting, prover_columns(setting, orders, routed_batch(setting, orders)), count


def sweep(name: str, count: int, share: float, seed: int) -> None:
    """Changes a share of all cells; every change but to declared free cells must be caught."""
    rng = random.Random(seed)
    setting, columns, order_count = swept(name, count)
    checker = ChangeChecker(setting.circuit, setting.instance(order_count), columns)
    missed, tried = [], 0
    for cell in private_cells(setting.circuit):
        if rng.random() >= share:
            continue
        value = columns[cell.table, cell.column][cell.row]
        free = is_free(setting.circuit, columns, cell)
        for other in other_values(value, rng):
            tried += 1
            if (checker.first_failure(cell, other) is None) != free:
                missed.append((cell, value, other))
    assert tried
    assert not missed, f"{len(missed)} of {tried} changes: {missed[:5]}"


@pytest.mark.parametrize("name", POLICIES)
def test_a_changed_cell_is_caught(name: str) -> None:
    sweep(name, 23, share=0.2, seed=11)


def test_a_changed_cell_of_a_full_or_empty_batch_is_caught() -> None:
    sweep("notional by seven", 64, share=0.1, seed=12)
    sweep("notional by seven", 0, share=0.1, seed=13)


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 23, 64])
@pytest.mark.parametrize("name", POLICIES)
def test_every_changed_cell_is_caught(name: str, count: int) -> None:
    sweep(name, count, share=1.0, seed=14)


def test_the_quick_check_of_a_change_agrees_with_the_whole_checker() -> None:
    rng = random.Random(3)
    setting, columns, count = swept("notional by seven", 23)
    quick = ChangeChecker(setting.circuit, setting.instance(count), columns)
    for cell in rng.sample(list(private_cells(setting.circuit)), 60):
        place = (cell.table, cell.column)
        other = rng.choice(other_values(columns[place][cell.row], rng))
        values = list(columns[place])
        values[cell.row] = other
        found = failures(setting, columns | {place: values}, count)
        assert bool(found) == (quick.first_failure(cell, other) is not None), (cell, other)


def test_every_private_column_is_read_by_some_rule() -> None:
    for name in POLICIES:
        setting, columns, _ = swept(name, 23)
        circuit = setting.circuit.lowered.circuit
        for place in columns:
            if circuit.specification(*place).masked:
                continue
            part = rules_reading(circuit, place)
            gates = [gate for table in part.tables.values() for gate in table.gates]
            assert gates or part.interactions or part.totals, place


@pytest.mark.parametrize(("count", "first"), [(22, 77), (24, 77), (23, 76), (23, 78), (23, 0)])
def test_other_public_numbers_are_refused(count: int, first: int) -> None:
    setting, columns, _ = swept("round robin", 23)
    assert failures(setting, columns, count, first)


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("field", ["exists", "segment", "base", "slope", "drain"])
def test_other_public_node_parameters_are_refused(field: str, slot: int) -> None:
    """Slot 3 is down: nothing is derived of it but that it takes nothing."""
    setting, columns, count = swept("notional by seven", 23)
    values = list(getattr(setting.parameters, field))
    values[slot] = 1 - values[slot] if field in ("exists", "segment") else values[slot] + 1
    other = replace(setting, parameters=replace(setting.parameters, **{field: values}))
    assert failures(other, columns, count) or (slot == 3 and field in ("segment", "base", "slope"))
