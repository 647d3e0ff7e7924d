"""Limits: honest batches at them are provable, one beyond is refused in words, lies do not wrap."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from circuits.check import check_trace
from circuits.ir.table import Kind
from tests.circuits.tracing import traced, verdict_of
from tests.oracle.documents import routed
from tests.rule.forging import altered, fitted
from tests.rule.ground import Ground
from tests.rule.grounds import busy, calm, half
from tests.support.cells import Cell, is_free
from tests.support.policies import policy_text
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import ZkrouteError
from zkroute.model.policy import parse_policy

SEGMENT = '[[segments]]\nname = "all"\nnodes = {}\n'
ROUTE = '[[routes]]\nsegment = "all"\npriority = 0\n'
NODE = """
[[nodes]]
name = "node-{}"
chain = "c"
group = "fast"
capacity = 1
service_rate = 0
gas_price = 0
latency_ms = 0
reputation = 1
status = "up"
"""


def order(**content: object) -> dict:
    return {
        "intent": "open",
        "tier": "retail",
        "instrument": "BTC",
        "order_type": "market",
        "fee_class": "any",
        "account": 1,
        "size": 1,
        "price": 1,
        "margin": 0,
        "leg": False,
    } | content


def case_of(
    orders: list[dict],
    widths: str = "",
    cost: str = 'kind = "size"',
    segment: str = "",
    extra: str = "",
    first_sequence: int = 0,
    nodes: int = 1,
) -> dict:
    text = policy_text(cost, 'slope = "equal"', "none", SEGMENT + segment + ROUTE, slots=4)
    if "[queue]\n" in extra:
        text = text.replace("[queue]\n", extra.partition("---")[0])
        extra = extra.partition("---")[2]
    text += extra + (f"\n[widths]\n{widths}\n" if widths else "")
    snapshot = "epoch = 1\n" + "".join(NODE.format(number) for number in range(nodes))
    return {
        "policy_text": text,
        "snapshot_text": snapshot,
        "policy": tomllib.loads(text),
        "nodes": tomllib.loads(snapshot)["nodes"],
        "gas_price": 0,
        "elapsed_ms": 0,
        "work_before": [0] * 4,
        "first_sequence": first_sequence,
        "carried": [],
        "orders": orders,
    }


@dataclass(frozen=True)
class Limit:
    """A batch as large as it may be for a number, and that number."""

    make: Callable[[int], dict]
    largest: int
    refusal: str
    """Part of what is said of one more."""


CARRY = "[queue]\ncarry = 16\n---"
MARGINS = '[[margins]]\nrate = 1\nkind = "initial"\n'
NOTIONAL = 'kind = "notional"\nunit = 1'

LIMITS = {
    "size": Limit(lambda n: case_of([order(size=n)], "size_bits = 8\ncost_bits = 8"), 255, "size"),
    "price": Limit(
        lambda n: case_of([order(price=n)], "price_bits = 8", NOTIONAL),
        255,
        "price",
    ),
    "margin": Limit(
        lambda n: case_of([order(margin=n)], "margin_bits = 8", extra=MARGINS), 255, "margin"
    ),
    "cost": Limit(
        lambda n: case_of([order(size=n)], "cost_bits = 8", NOTIONAL), 255, "cost must be"
    ),
    "cost of the widest orders": Limit(
        lambda n: case_of([order(size=n)], "key_bits = 64"), 2**48 - 1, "size"
    ),
    "key": Limit(
        lambda n: case_of([order(size=100), order(size=n)], "key_bits = 8"), 155, "past 8 bits"
    ),
    "key of 64 bits": Limit(
        lambda n: case_of([order()], "key_bits = 64") | {"work_before": [n, 0, 0, 0]},
        2**64 - 2,
        "past 64 bits",
    ),
    "sequence number": Limit(
        lambda n: case_of([order(), order()], first_sequence=n), 2**40 - 2, "2^40 - 1"
    ),
    "sequence number of orders that may wait": Limit(
        lambda n: case_of([order()], first_sequence=n, segment="breaker = 1\n", extra=CARRY),
        2**40 - 1,
        "2^40 - 1",
    ),
    "orders that wait": Limit(
        lambda n: case_of([order()] * (n + 1), segment="breaker = 1\n", extra=CARRY),
        16,
        "at most 16",
    ),
    "account": Limit(
        lambda n: case_of(
            [order(account=n)],
            extra=f"[sharding]\na = {2**61 - 2}\nb = {2**61 - 2}\nshards = 256\n",
        ),
        2**64 - 1,
        "",
    ),
    "breaker": Limit(
        lambda n: case_of(
            [order(size=255)] * 16,
            "size_bits = 8\ncost_bits = 8",
            segment=f"breaker = {n}\n",
            extra=CARRY,
        ),
        2**64 - 1,
        "breaker",
    ),
    "saturation": Limit(
        lambda n: case_of([order()], "key_bits = 8", segment=f"saturation = {n}\n", extra=CARRY),
        255,
        "saturation",
    ),
    "high value": Limit(
        lambda n: case_of(
            [order(size=2**48 - 1, price=n)],
            "key_bits = 64",
            'kind = "unit"',
            extra=f"[risk]\nhigh_value_notional = {(2**48 - 1) ** 2}\n",
        ),
        2**48 - 1,
        "price",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_at_a_limit_is_provable(name: str) -> None:
    limit = LIMITS[name]
    for number in (limit.largest, limit.largest - 1):
        case = limit.make(number)
        assert verdict_of(*traced(case, routed(case))) == []


@pytest.mark.parametrize("name", [name for name in LIMITS if LIMITS[name].refusal])
def test_one_beyond_a_limit_is_refused_in_words(name: str) -> None:
    limit = LIMITS[name]
    with pytest.raises(ZkrouteError) as caught:
        routed(limit.make(limit.largest + 1))
    assert limit.refusal in str(caught.value)


@pytest.mark.parametrize("breaker", [254, 255, 256, 16 * 255, 16 * 255 + 1, 2**14 - 1, 2**14])
def test_a_breaker_right_at_the_sum_of_all_costs(breaker: int) -> None:
    case = LIMITS["breaker"].make(breaker)
    batch = routed(case)
    assert batch.closing[0].closed_by_breaker == (breaker <= 16 * 255)
    assert verdict_of(*traced(case, batch)) == []


@pytest.mark.parametrize("priority", [0, 255])
def test_the_first_and_the_last_priority(priority: int) -> None:
    case = case_of([order()] * 3, segment="breaker = 1\n", extra=CARRY, first_sequence=2**40 - 3)
    text = case["policy_text"].replace("priority = 0", f"priority = {priority}")
    case |= {"policy_text": text, "policy": tomllib.loads(text)}
    assert verdict_of(*traced(case, routed(case))) == []


def test_a_priority_beyond_is_refused_in_words() -> None:
    text = case_of([])["policy_text"].replace("priority = 0", "priority = 256")
    with pytest.raises(ZkrouteError, match="priority"):
        parse_policy(text, "policy.toml")


# Lies


@dataclass
class Sweep:
    """Single values at the edge of their columns' widths; limbs and lookups are fitted to them."""

    tried: int = 0
    missed: list[tuple[str, str, int, int]] = field(default_factory=list)


def edges(bits: int) -> tuple[int, ...]:
    return ((1 << bits) % MODULUS, (1 << bits) + 1, MODULUS - 1, MODULUS - (1 << bits))


def is_bound_elsewhere(ground: Ground, cell: Cell) -> bool:
    """Contents that commitments bind, and unused entries, which the previous batch's proof made."""
    if is_free(ground.circuit, ground.honest, cell):
        return True
    if (cell.table, cell.column) not in (("carry", "sequence_before"), ("carry", "digest_before")):
        return False
    return not ground.honest["carry", "used_before"][cell.row]


def sweep(share: float, seed: int) -> Sweep:
    rng, result = random.Random(seed), Sweep()
    for ground in (busy(), half(), calm()):
        circuit, instance = ground.public
        tables = circuit.lowered.circuit.tables
        orders = len(ground.right["rows"])
        rows = {
            "orders": [*range(0, orders, 3), orders - 1, orders, tables["orders"].rows - 1],
            "nodes": [0, 1, 2, 6, 7, 15],
            "carry": [0, 5, 31],
            "lookup": [0, 100, 127],
        }
        for column in circuit.lowered.circuit.columns(Kind.HEADER, Kind.WITNESS):
            for row in rows[column.table]:
                for value in edges(min(column.bits, 253)):
                    if column.masked or rng.random() >= share:
                        continue
                    if is_bound_elsewhere(ground, Cell(column.table, column.name, row)):
                        continue
                    changes = {f"{column.table}.{column.name}": {row: value}}
                    columns = altered(ground.honest, changes)
                    fits = column.table == "lookup" or "_limb_" in column.name
                    if not fits:
                        columns = fitted(circuit, instance, columns).columns
                    result.tried += 1
                    if not check_trace(circuit, instance, columns):
                        result.missed.append((column.table, column.name, row, value))
    return result


def test_no_value_beyond_its_width_passes() -> None:
    found = sweep(share=0.003, seed=1)
    assert found.tried > 30
    assert found.missed == []


@pytest.mark.slow
def test_no_value_beyond_its_width_passes_anywhere() -> None:
    found = sweep(share=0.04, seed=2)
    assert found.tried > 1_000
    assert found.missed == []
