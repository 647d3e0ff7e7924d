"""Gates that only simpler policies have: each stands alone against a forgery, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits.check import check_trace
from circuits.routing import routing_circuit
from circuits.statement import smallest_log_rows
from tests.rule.forging import Forged, forged, lone, restated, treated
from tests.rule.ground import BUSY_RULE, Constraint, batch, constraints, without
from tests.rule.grounds import SILENT_RULE, busy
from tests.support.policies import POLICIES
from zkroute.model.policy import parse_policy

UNIT_RULE = BUSY_RULE.replace("unit = 30", "unit = 1")
SINGLE_RULE = SILENT_RULE.replace("bundles = true\n", "")
OPEN_RULE = SILENT_RULE
for line in ("breaker = 40", "breaker = 60", "saturation = 190", 'overflow = "slow"', "carry = 32"):
    OPEN_RULE = OPEN_RULE.replace(f"{line}\n", "")


def another_cost() -> Forged:
    ground = batch(1, UNIT_RULE)
    leg = len(ground.right["rows"]) - 2
    changes = restated(ground, leg, size=1, price=1)
    told = changes["orders.cost"][leg]
    changes["orders.cost"] = {leg: told + 1}
    for name in ("cumulative", "leader_cumulative"):
        later = changes[f"orders.{name}"]
        changes[f"orders.{name}"] = {number: value + 1 for number, value in later.items()}
    return forged(ground, changes)


def placed_though_failing() -> Forged:
    ground = batch(1, SINGLE_RULE)
    return forged(
        ground, claim=treated(ground, ground.right["rows"][-1]["sequence"], rejected=False)
    )


def placed_elsewhere() -> Forged:
    ground = batch(1, OPEN_RULE, 24, 0)
    number = lone(ground, lambda cells: bool(cells["slope"] and not cells["segment"]))
    leader = ground.honest["orders", "sequence"][number]
    return forged(ground, claim=treated(ground, leader, path=[1]))


ONLY_HERE: dict[str, Callable[[], Forged]] = {
    "cost is size times price": another_cost,
    "an order is rejected exactly when it fails its margin": placed_though_failing,
    "an order is placed in its primary segment": placed_elsewhere,
}


@pytest.mark.parametrize("gate", ONLY_HERE)
def test_a_forgery_passes_exactly_when_its_gate_is_taken_out(gate: str) -> None:
    made = ONLY_HERE[gate]()
    assert check_trace(made.circuit, made.instance, made.columns)
    part = without(made.circuit, Constraint("orders", "gate", gate))
    assert not check_trace(part, made.instance, made.columns)


def test_no_policy_has_any_other_constraint() -> None:
    known = {str(each) for each in constraints(busy().circuit)}
    known |= {f"orders: {gate}" for gate in ONLY_HERE}
    for text in (*POLICIES.values(), UNIT_RULE, SINGLE_RULE, OPEN_RULE):
        policy = parse_policy(text, "policy")
        circuit = routing_circuit(policy, smallest_log_rows(policy, 0))
        assert {str(each) for each in constraints(circuit)} <= known


def test_the_grounds_are_honest() -> None:
    grounds = (batch(1, UNIT_RULE), batch(1, SINGLE_RULE), batch(1, OPEN_RULE, 24, 0))
    for ground in grounds:
        assert not check_trace(*ground.public, ground.honest)
