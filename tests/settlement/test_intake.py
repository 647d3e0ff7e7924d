"""The intake: numbers given once, receipts that chain, nothing promised before it is kept."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.state import CommittedBatch, Place
from tests.support.world import ROUND_ROBIN, World, make_world
from zkroute.cli.intake_input import take_in
from zkroute.errors import UsageError
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.order import LEG_OF_PREVIOUS, ORDER_RECORD, Orders, orders_from_records
from zkroute.model.policy import Policy
from zkroute.protocol.intake import head_after, start_head
from zkroute.routing.parameters import node_parameters
from zkroute.settlement.errors import LedgerError, Reason, SettlementError
from zkroute.settlement.intake import Intake, Terms
from zkroute.settlement.order_signatures import SignedOrders, sign_orders

HOLDING_ROBIN = (
    ROUND_ROBIN.replace("slots = 16", "slots = 16\nbundles = true")
    .replace('drain = "none"', 'drain = "none"\ncarry = 16')
    .replace("nodes = {}", "nodes = {}\nbreaker = 1")
)
"""One order of each batch is placed and at most 16 are held."""

TRADER = Ed25519PrivateKey.generate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intake.db"


@pytest.fixture
def intake(path: Path, world: World) -> Iterator[Intake]:
    with Intake(path, Terms(world.policy), world.router, clock=lambda: 1000) as opened:
        yield opened


def signed(world: World, count: int) -> SignedOrders:
    return sign_orders(world.orders(count), world.policy, TRADER)


def count(intake: Intake) -> int:
    return len(intake.take(0, 100).orders)


def test_receipts_chain_from_the_start(intake: Intake, world: World) -> None:
    first, second = signed(world, 3), signed(world, 2)
    receipts = intake.submit(first.orders, first.envelopes)
    receipts += intake.submit(second.orders, second.envelopes)
    assert [receipt.sequence for receipt in receipts] == [0, 1, 2, 3, 4]
    head = start_head(world.policy.chain)
    for receipt in receipts:
        assert receipt.before == head
        head = receipt.head
    taken = intake.take(0, 100)
    assert taken.head == head
    assert len(taken.orders) == 5
    envelopes = intake.envelopes(range(9))
    assert sorted(envelopes) == [0, 1, 2, 3, 4]
    assert envelopes[3] == second.envelopes[:128]


def test_batches_follow_on(intake: Intake, world: World) -> None:
    orders = signed(world, 7)
    intake.submit(orders.orders, orders.envelopes)
    first, second, third = intake.take(0, 4), intake.take(4, 4), intake.take(7, 4)
    assert [len(each.orders) for each in (first, second, third)] == [4, 3, 0]
    assert head_after(first.head, second.leaves.leaves) == second.head == third.head
    assert first.leaves.first_sequence == 0
    assert second.leaves.first_sequence == 4


def test_the_same_orders_get_the_same_receipts(intake: Intake, world: World) -> None:
    orders = signed(world, 3)
    receipts = intake.submit(orders.orders, orders.envelopes)
    assert intake.submit(orders.orders, orders.envelopes) == receipts
    assert count(intake) == 3


def test_partly_known_orders_are_refused(intake: Intake, world: World) -> None:
    orders = signed(world, 3)
    part = orders.orders.take(slice(0, 2))
    intake.submit(part, orders.envelopes[: 2 * 128])
    with pytest.raises(UsageError, match="taken in before"):
        intake.submit(orders.orders, orders.envelopes)
    twice = orders.orders.take(np.array([2, 2]))
    with pytest.raises(UsageError, match="twice"):
        intake.submit(twice, orders.envelopes[2 * 128 :] * 2)
    assert count(intake) == 2


def test_unsigned_and_forged_orders_are_refused(intake: Intake, world: World, path: Path) -> None:
    orders = signed(world, 2)
    for envelopes, code in (
        (b"", Reason.ORDER_UNSIGNED),
        (orders.envelopes[128:] + orders.envelopes[:128], Reason.ORDER_SIGNATURE_INVALID),
    ):
        with pytest.raises(SettlementError) as caught:
            intake.submit(orders.orders, envelopes)
        assert caught.value.code is code
    assert count(intake) == 0
    with Intake(path, Terms(world.policy, traders={}), world.router) as strict:
        with pytest.raises(SettlementError) as caught:
            strict.submit(orders.orders, orders.envelopes)
        assert caught.value.code is Reason.TRADER_UNKNOWN
    with Intake(path, Terms(world.policy, must_be_signed=False), world.router) as lax:
        lax.submit(world.orders(2))
        assert len(lax.take(0, 10).orders) == 2
        assert lax.envelopes(range(2)) == {}


def bundled(world: World, legs: list[int]) -> tuple[Policy, Orders]:
    """Orders of which some ride with the one before them, and a policy that lets them."""
    policy = replace(world.policy, bundles=True)
    records = np.array(world.orders(len(legs)).records, dtype=ORDER_RECORD)
    records["flags"] = np.array(legs) * LEG_OF_PREVIOUS
    return policy, orders_from_records(records, policy, "bundles")


def test_bundles_are_not_parted(path: Path, world: World) -> None:
    policy, orders = bundled(world, [0, 0, 1, 1, 0, 1])
    terms = Terms(policy, must_be_signed=False)
    with Intake(path, terms, world.router) as intake:
        intake.submit(orders)
        assert [len(intake.take(0, limit).orders) for limit in (1, 2, 3, 4, 5, 6, 7)] == [
            1,
            1,
            1,
            4,
            4,
            6,
            6,
        ]
        assert len(intake.take(1, 2).orders) == 0, "the next ones ride together and are more"


def test_an_order_that_no_batch_could_place_gets_no_number(path: Path) -> None:
    """Numbers have no gaps: one such order would stop the router for good."""
    world = make_world(EXAMPLE_POLICY, EXAMPLE_NODES)
    nodes = node_parameters(world.policy, world.snapshot, 0)
    large = priced(world, 1 << 34, 1 << 33)
    with Intake(path, Terms(world.policy, must_be_signed=False), world.router) as intake:
        with pytest.raises(UsageError, match=r"order 1 .* a cost must be"):
            intake.submit(priced(world, (1 << 48) - 1, (1 << 48) - 1))
        assert count(intake) == 0
        intake.submit(large)
    terms = Terms(world.policy, must_be_signed=False, nodes=nodes)
    with Intake(path.with_name("other.db"), terms, world.router) as intake:
        with pytest.raises(UsageError, match=r"order 1 .* no batch could place it"):
            intake.submit(large)
        intake.submit(world.orders(3))
        assert count(intake) == 3


def priced(world: World, size: int, price: int) -> Orders:
    records = np.array(world.orders(1).records, dtype=ORDER_RECORD)
    records["size"], records["price"] = size, price
    return orders_from_records(records, world.policy, "large")


def test_a_batch_takes_as_many_orders_as_the_policy_can_hold(path: Path) -> None:
    """And goes on, with the rest in later batches, none of them lost or out of order."""
    world = make_world(HOLDING_ROBIN, EXAMPLE_NODES)
    with Intake(path, Terms(world.policy, must_be_signed=False), world.router) as intake:
        intake.submit(world.orders(40))
    place, numbers = Place(None, None, 0), 0
    last: CommittedBatch | None = None
    for _ in range(12):
        taken = take_in(path, world.proving_key.key, world.snapshot, place, world.router)
        last = world.commit(taken.orders, last, place.time_ms)
        assert last.header.first_sequence == numbers
        numbers += len(taken.orders)
        place = Place(last.header, last.opening.after, place.time_ms + 10_000_000)
    assert numbers > 16


def test_time_does_not_go_back(path: Path, world: World) -> None:
    times = iter([5000, 4000, 6000])
    terms = Terms(world.policy, must_be_signed=False, promise_ms=10)
    with Intake(path, terms, world.router, clock=lambda: next(times)) as intake:
        given = [intake.submit(world.orders(1))[0] for _ in range(3)]
    assert [receipt.time_ms for receipt in given] == [5000, 5000, 6000]
    assert [receipt.include_by_ms for receipt in given] == [5010, 5010, 6010]


def test_numbers_survive_a_restart_and_a_new_key(path: Path, world: World) -> None:
    terms = Terms(world.policy, must_be_signed=False)
    orders = world.orders(1)
    with Intake(path, terms, world.router) as intake:
        (old,) = intake.submit(orders)
    with Intake(path, terms, Ed25519PrivateKey.generate()) as intake:
        assert intake.submit(orders) == [old]
        (new,) = intake.submit(world.orders(1))
    assert new.before == old.head
    assert new.router != old.router


def test_many_at_once_get_numbers_of_their_own(path: Path, world: World) -> None:
    terms = Terms(world.policy, must_be_signed=False)
    with Intake(path, terms, world.router) as intake, Intake(path, terms, world.router) as other:
        batches = [world.orders(2) for _ in range(20)]
        doors = [intake, other] * 10
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda door, new: door.submit(new), doors, batches))
        receipts = sorted(chain.from_iterable(answers), key=lambda receipt: receipt.sequence)
        assert [receipt.sequence for receipt in receipts] == list(range(40))
        assert all(a.head == b.before for a, b in pairwise(receipts))


def test_disk_that_fails_promises_nothing(intake: Intake, world: World) -> None:
    orders = signed(world, 2)
    intake._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError) as caught:
        intake.submit(orders.orders, orders.envelopes)
    assert caught.value.code is Reason.LEDGER_UNAVAILABLE
    intake._connection.execute("PRAGMA query_only = OFF")
    assert count(intake) == 0


def test_file_is_private(path: Path, world: World) -> None:
    Intake(path, Terms(world.policy), world.router).close()
    assert path.stat().st_mode & 0o077 == 0
    if os.name == "posix":
        path.chmod(0o644)
        with pytest.raises(UsageError, match="chmod 600"):
            Intake(path, Terms(world.policy), world.router)


def test_other_files_are_refused(path: Path, world: World) -> None:
    sqlite3.connect(path).execute("CREATE TABLE mine (value)").connection.close()
    path.chmod(0o600)
    with pytest.raises(LedgerError, match="not an intake log"):
        Intake(path, Terms(world.policy), world.router)
    path.write_bytes(b"something else, and long enough to be no database" * 30)
    with pytest.raises(LedgerError):
        Intake(path, Terms(world.policy), world.router)


def test_log_of_another_chain_or_policy_is_refused(
    path: Path, intake: Intake, world: World, plain_world: World
) -> None:
    with pytest.raises(LedgerError, match="another chain"):
        Intake(path, Terms(plain_world.policy), world.router)
    with pytest.raises(UsageError, match="another policy"):
        intake.submit(plain_world.orders(1))


def test_numbers_not_given(intake: Intake) -> None:
    with pytest.raises(UsageError, match="has given numbers up to 0, and number 5 is next"):
        intake.take(5, 10)
