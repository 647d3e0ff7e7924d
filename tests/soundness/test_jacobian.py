"""No hidden freedom: at honest traces nothing can move but what the statement leaves free.

The null space of all constraints, linearised (tests/soundness/jacobian.py), is exactly the span of
the freedoms that are declared. Deleting a constraint enlarges it, wherever other constraints do not
hold the same cells to first order; `jacobian.md` says where. `python -m
tests.soundness.test_jacobian` writes that page anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from circuits.check import check_trace
from circuits.instance import Instance
from circuits.routing import RoutingCircuit
from prover.trace.limbs import to_integers
from tests.circuits.tracing import traced
from tests.oracle.documents import routed
from tests.oracle.random_policies import next_case, random_case, settled
from tests.rule import grounds
from tests.rule.ground import Constraint, constraints
from tests.soundness.jacobian import Linearised, declared, without
from tests.support.claims import Columns
from tests.support.elimination import Solved, product, rank
from tests.support.policies import POLICIES
from tests.support.settings import (
    documents,
    prover_columns,
    routed_batch,
    setting_of,
    small_orders,
)
from zkroute.algebra.scalars import MODULUS

PAGE = Path(__file__).parent / "jacobian.md"
GROUNDS = ("busy", "calm", "half")

Trace = tuple[RoutingCircuit, Instance, Columns]


@pytest.mark.parametrize("seed", range(20))
def test_elimination_finds_ranks_and_null_spaces(seed: int) -> None:
    """Random combinations of a few random sparse rows."""
    rng = random.Random(seed)
    unknowns = list(range(12))
    few = [{u: rng.randrange(1, MODULUS) for u in rng.sample(unknowns, 3)} for _ in range(6)]
    rows = [
        combined(few, [rng.choice([0, 0, 1, rng.randrange(MODULUS)]) for _ in few]) for _ in few
    ]
    solved = Solved([*rows, *few, *rows])
    null_space = solved.null_space(unknowns)
    assert solved.rank == 6 == len(unknowns) - len(null_space) == rank(few)
    assert not any(product(row, vector) for row in rows for vector in null_space)
    assert all(solved.reduced(row) == {} for row in rows)


def combined(rows: list[dict[int, int]], weights: list[int]) -> dict[int, int]:
    total: dict[int, int] = {}
    for row, weight in zip(rows, weights, strict=True):
        for unknown, value in row.items():
            total[unknown] = (total.get(unknown, 0) + weight * value) % MODULUS
    return total


def require_no_hidden_freedom(circuit: RoutingCircuit, instance: Instance, columns: Columns) -> int:
    """The null space is the span of the declared freedoms; returns its dimension."""
    assert check_trace(circuit, instance, columns) == []
    linear = Linearised(circuit, instance, columns)
    solved = Solved(each.row for each in linear.equations)
    free = declared(circuit, columns)
    supports = {place for vector in free for place in vector}
    for each in linear.equations:
        if not supports.isdisjoint(each.row):
            assert not any(product(each.row, vector) for vector in free), each.constraint
    hidden = [v for v in solved.null_space(linear.unknowns) if not v.keys() <= supports]
    assert not hidden, hidden[:3]
    assert len(linear.unknowns) - solved.rank == len(free) == rank(free)
    return len(free)


def plain_trace(name: str, count: int, seed: int) -> Trace:
    """An honest batch behind others under a policy without closing segments."""
    rng = random.Random(seed)
    policy, snapshot = documents(name)
    work = [rng.randint(0, 50) for _ in range(policy.slots)]
    setting = setting_of(policy, snapshot, work, elapsed_ms=1_500, first_sequence=seed)
    orders = small_orders(policy, count, rng)
    columns = prover_columns(setting, orders, routed_batch(setting, orders))
    return setting.circuit, setting.instance(count), columns


@pytest.mark.parametrize("name", POLICIES)
def test_nothing_moves_under_plain_policies(name: str) -> None:
    circuit, instance, columns = plain_trace(name, 12, 1)
    free = require_no_hidden_freedom(circuit, instance, columns)
    masks = circuit.lowered.circuit.tables["nodes"].rows
    assert free == masks + 12  # and a digest for each order


@pytest.mark.parametrize("count", [0, 1, 64])
def test_nothing_moves_in_empty_and_full_batches(count: int) -> None:
    require_no_hidden_freedom(*plain_trace("notional by seven", count, 2))


@pytest.mark.parametrize("name", GROUNDS)
def test_nothing_moves_under_the_whole_rule(name: str) -> None:
    ground = getattr(grounds, name)()
    assert require_no_hidden_freedom(*ground.public, ground.honest) == 16 + 27


def random_traces(seed: int) -> Iterator[Trace]:
    """Chains of batches under random policies (tests/oracle)."""
    rng = random.Random(seed)
    while True:
        case = random_case(rng)
        for _ in range(3):
            outcome = settled(case)
            if outcome["refused"]:
                break
            circuit, instance, traces = traced(case, routed(case))
            yield (
                circuit,
                instance,
                {
                    (table, name): to_integers(limbs)
                    for table, trace in traces.items()
                    for name, limbs in trace.items()
                },
            )
            case = next_case(rng, case, outcome)


def require_none_hidden(seed: int, batches: int) -> None:
    for _, trace in zip(range(batches), random_traces(seed), strict=False):
        require_no_hidden_freedom(*trace)


def test_nothing_moves_under_random_policies() -> None:
    require_none_hidden(seed=1, batches=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_nothing_moves_under_many_random_policies(seed: int) -> None:
    require_none_hidden(seed, batches=20)


@cache
def linearised(name: str) -> Linearised:
    """A batch of the whole rule, or of a plain policy."""
    if name in POLICIES:
        return Linearised(*plain_trace(name, 12, 1))
    ground = getattr(grounds, name)()
    return Linearised(*ground.public, ground.honest)


def freed(name: str, constraint: Constraint) -> int:
    """How many directions open up in a batch once a constraint is deleted."""
    equations = linearised(name).equations
    return full_rank(name) - rank(without(equations, constraint))


@cache
def full_rank(name: str) -> int:
    return rank(each.row for each in linearised(name).equations)


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint("orders", "gate", "sequence is zero where there is no order"),
        Constraint("orders", "gate", "a leader's composite is its own"),
        Constraint("orders", "gate", "a leg carries its leader's composite"),
        Constraint("nodes", "gate", "work in is what is left after draining, or zero"),
        Constraint("carry", "gate", "digest_after is zero where no entry stands"),
        Constraint("orders", "range", "price"),
        Constraint("nodes", "range", "margin"),
        Constraint("", "bus", "route"),
        Constraint("", "bus", "ends"),
        Constraint("", "bus", "closing"),
        Constraint("", "bus", "carry_out"),
    ],
    ids=str,
)
def test_a_deleted_constraint_shows(constraint: Constraint) -> None:
    assert freed("busy", constraint) > 0


def every_constraint() -> list[Constraint]:
    return constraints(linearised("busy").circuit)


def freed_under_plain_policies(constraint: Constraint) -> int:
    """The most that any of the plain policies which have the constraint shows."""
    having = [name for name in POLICIES if constraint in constraints(linearised(name).circuit)]
    return max((freed(name, constraint) for name in having), default=0)


def page() -> str:
    counts = {
        str(each): [*(freed(name, each) for name in GROUNDS), freed_under_plain_policies(each)]
        for each in every_constraint()
    }
    bearing = sum(any(numbers) for numbers in counts.values())
    return "\n".join(
        [
            "# What each constraint holds to first order",
            "",
            f"{len(counts)} constraints of a policy that uses every feature. With all of them the",
            "null space of the linearised constraints is what the statement leaves free, in each",
            f"of three batches, and so it is under {len(POLICIES)} plain policies. Without one of",
            f"{bearing} constraints it is larger somewhere, by so many dimensions (under the plain",
            "policies: at most). Where no number is given nothing moves infinitesimally: other",
            "constraints hold the same cells to first order, or the constraint decides between",
            "values that lie apart. Whether such a constraint matters is asked one false trace at",
            "a time ([forgeries](../rule/forgeries.md)).",
            "",
            f"| constraint | {' | '.join(GROUNDS)} | plain |",
            "|---|" + "---|" * (len(GROUNDS) + 1),
            *(
                f"| {name} | {' | '.join(str(number or '') for number in numbers)} |"
                for name, numbers in counts.items()
            ),
            "",
        ]
    )


@pytest.mark.slow
def test_the_page_says_what_each_constraint_holds() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
