"""The orders that a ledger settled are held against what its links cover."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.settlement.days import Day
from zkroute.settlement.errors import LedgerError, Reason
from zkroute.settlement.ledger import Ledger

ORDERS = [bytes([number]) * 32 for number in range(1, 4)]


@pytest.fixture
def path(day: Day, tmp_path: Path) -> Path:
    """A ledger of three batches, of which the middle one settled orders."""
    path = tmp_path / "ledger.db"
    with Ledger(path) as ledger:
        for number, orders in enumerate(([], ORDERS, [])):
            header = day.batches[number].header
            ledger.append(header, b"proof", day.world.snapshot, orders)
    return path


def test_what_was_settled_is_checked(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.check() == 3
        assert ledger.orders_of(1) == ORDERS


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM orders", "the orders settled with entry 1 were changed"),
        ("DELETE FROM orders WHERE position = 2", "the orders settled with entry 1 were changed"),
        ("UPDATE orders SET height = 2", "the orders settled with entry 1 were changed"),
        ("UPDATE orders SET position = 3 - position", "orders settled with entry 1 were changed"),
        (
            "INSERT INTO orders VALUES (zeroblob(32), 2, 0)",
            "the orders settled with entry 2 were changed",
        ),
        ("INSERT INTO orders VALUES (zeroblob(32), 7, 0)", "orders of batch 7, which it does not"),
    ],
)
def test_orders_that_were_changed_are_noticed(path: Path, damage: str, said: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    with pytest.raises(LedgerError, match=said) as caught:
        Ledger(path)
    assert caught.value.code is Reason.LEDGER_DAMAGED
