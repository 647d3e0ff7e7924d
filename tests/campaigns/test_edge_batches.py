"""Honest batches at the edges of the rule are accepted, by the circuit and with real proofs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.campaigns.edge_batches import EDGES, campaign, edge_case, statuses, table
from tests.oracle.random_policies import settled

FOR_EVERY_CHANGE = 40
PROVE_EVERY = 40


def test_honest_edge_batches_are_accepted(campaign_size: Callable[[int], int]) -> None:
    size = campaign_size(FOR_EVERY_CHANGE)
    outcome = campaign(size, random.randrange(1 << 32), prove_every=PROVE_EVERY)
    print(table(outcome))
    assert outcome.failures == []
    assert sum(outcome.checked.values()) == size
    assert sum(outcome.proven.values()) >= size // PROVE_EVERY


@pytest.mark.parametrize(
    ("name", "expected"),
    [("all rejected", {"rejected"}), ("all held", {"held"}), ("held to the last place", {"held"})],
)
def test_edges_are_what_they_say(name: str, expected: set[str]) -> None:
    rng = random.Random(3)
    for _ in range(5):
        assert statuses(edge_case(rng, name)) == expected


def test_full_rows_fill_a_row_class() -> None:
    rng = random.Random(4)
    for name, count in (("full rows", 0), ("one row short", -1), ("one row more", 1)):
        case = edge_case(rng, name)
        rows = len(settled(case)["rows"])
        assert (rows - count) & (rows - count - 1) == 0


def test_nodes_at_the_limit_have_no_room_for_one_more() -> None:
    case = edge_case(random.Random(5), "nodes at the limit")
    work = [each + 1 if each else 0 for each in case["work_before"]]
    assert "key" in settled(case | {"work_before": work})["refused"]


def test_there_are_many_edges() -> None:
    assert len(EDGES) >= 18
