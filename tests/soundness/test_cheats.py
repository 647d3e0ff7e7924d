"""Every cheat is refused by the checker, for exactly the expected rules, and by the verifier."""

from __future__ import annotations

import pytest

from tests.soundness.cheats import CHEATS, Attack
from tests.support.claims import failures, rows_of_orders, rules, smallest_key
from tests.support.lying import Scene
from tests.support.scenes import chained_scene
from verifier.errors import Code


def staged(name: str) -> tuple[Scene, Attack]:
    policy, count, function = CHEATS[name]
    scene = chained_scene(policy, count)
    setting = scene.setting
    rows = smallest_key(setting, rows_of_orders(setting, scene.batch.orders))
    return scene, function(setting, rows)


@pytest.mark.parametrize("name", CHEATS)
def test_the_checker_names_the_rules_a_cheat_breaks(name: str) -> None:
    scene, cheated = staged(name)
    count = cheated.header.get("order_count", CHEATS[name][1])
    found = rules(failures(scene.setting, cheated.columns, count))
    unexpected = {rule for rule in found if not rule.startswith(tuple(cheated.broken))}
    unbroken = {rule for rule in cheated.broken if not any(f.startswith(rule) for f in found)}
    assert (unexpected, unbroken) == (set(), set())


@pytest.mark.parametrize("name", CHEATS)
def test_the_verifier_refuses_a_cheat(name: str) -> None:
    scene, cheated = staged(name)
    header = scene.header(cheated.columns, **cheated.header)
    proof = scene.prove(cheated.columns, header)
    assert scene.verdict(proof, header) is Code.OPENING_INVALID
