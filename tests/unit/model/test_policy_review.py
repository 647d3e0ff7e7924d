"""Reviewing, comparing and explaining policies."""

from __future__ import annotations

import pytest

from tests.unit.model.test_policy import SMALL
from tests.unit.model.test_policy_rules import EVERYTHING
from zkroute.model.examples import EXAMPLE_POLICY
from zkroute.model.policy import parse_policy, policy_from_canonical
from zkroute.model.policy_diff import policy_changes
from zkroute.model.policy_review import Problem, policy_problems
from zkroute.model.policy_words import explain_policy
from zkroute.model.toml_lines import key_lines

AGAIN = '[[routes]]\nsegment = "two"'
REMARKS = [
    (EVERYTHING + AGAIN, AGAIN, AGAIN, 51, "route 3 (to 'two') never"),
    (SMALL, 'segment = "two"', 'segment = "one"', 17, "segment 'two' is unreachable: no order"),
    (EVERYTHING, "saturation = 1000\n", "saturation = 0\n", 41, "closed from the start"),
    (EVERYTHING, "rate = 5\n", 'rate = 5\nkind = "initial"\n[[margins]]\nrate = 7\n', 37, "rule 3"),
    (EVERYTHING, "shard = [0, 3], ", "", 20, "no route asks for a shard; it makes proofs longer"),
    (EVERYTHING, 'value = "high", ', "", 19, "no route asks for a value"),
    (EVERYTHING, ", gas_level = [2]", "", 25, "no route asks for a gas level"),
    (EVERYTHING, ' margin = "liquidation",', "", 30, "no route asks for liquidation"),
    (EVERYTHING, "p = 13", "p = 7\n", None, None),
    (EVERYTHING, "max_share_percent = 30", "max_share_percent = 24", 29, "4 nodes cannot all stay"),
]


def problems_of(text: str) -> list[Problem]:
    return policy_problems(parse_policy(text, "policy.toml"), key_lines(text))


@pytest.mark.parametrize(("text", "old", "new", "line", "message"), REMARKS)
def test_what_decides_nothing_is_said_with_its_line(
    text: str, old: str, new: str, line: int | None, message: str | None
) -> None:
    assert old in text
    problems = problems_of(text.replace(old, new, 1))
    if message is None:
        assert problems == []
        return
    (problem,) = problems
    assert problem.line == line
    assert message in problem.message


@pytest.mark.parametrize("text", [SMALL, EVERYTHING, EXAMPLE_POLICY])
def test_good_policies_draw_no_remark(text: str) -> None:
    assert problems_of(text) == []


def test_overflow_reaches_one_segment_and_no_further() -> None:
    text = EVERYTHING.replace('["b"] }', '["b"] }\nbreaker = 3\noverflow = "three"')
    third = '[[segments]]\nname = "three"\nnodes = { groups = ["c"] }\n[[routes]]'
    text = text.replace("[[routes]]", third, 1).replace('segment = "two"', 'segment = "one"')
    (problem,) = problems_of(text)
    assert "segment 'three' is unreachable" in problem.message
    problems = problems_of(text.replace("saturation = 1000\nbreaker = 5000\n", ""))
    assert [problem.message.split()[1] for problem in problems] == ["'one'", "'two'", "'three'"]
    assert "never overflows: it has neither" in problems[0].message


def test_few_shards_occur_where_p_is_small() -> None:
    text = EVERYTHING.replace("p = 13", "p = 3").replace("a = 5", "a = 2")
    (problem,) = problems_of(text)
    assert (problem.line, problem.message[:27]) == (23, "only shards 0 to 2 occur: p")


def test_problems_of_a_canonical_policy_have_no_lines() -> None:
    text = SMALL.replace('segment = "two"', 'segment = "one"')
    policy = policy_from_canonical(parse_policy(text, "p").canonical_bytes())
    assert [problem.line for problem in policy_problems(policy, {})] == [None]


def changes(before: str, after: str) -> list[tuple[str, object, object]]:
    found = policy_changes(parse_policy(before, "a"), parse_policy(after, "b"))
    return [(change.place, change.before, change.after) for change in found]


def test_changes_are_told_by_key_name_and_position() -> None:
    assert changes(EVERYTHING, "# comment\n" + EVERYTHING) == []
    after = EVERYTHING.replace("breaker = 5000", "breaker = 6000").replace("slots = 4", "slots = 8")
    assert changes(EVERYTHING, after) == [("segments.one.breaker", 5000, 6000), ("slots", 4, 8)]
    assert changes(EVERYTHING, EVERYTHING.replace('["low", "high"]', '["low"]')) == [
        ("classes.fee_classes", ["low", "high"], ["low"])
    ]
    without = EVERYTHING.replace("saturation = 1000\n", "")
    assert changes(EVERYTHING, without) == [("segments.one.saturation", 1000, None)]


def test_routes_are_matched_by_what_they_say() -> None:
    first = '[[routes]]\nmatch = { intent = ["open"] }\nsegment = "two"\n'
    ((place, before, after),) = changes(
        SIMPLE, SIMPLE.replace("[[routes]]", first + "[[routes]]", 1)
    )
    assert (place, before) == ("routes[1]", None)
    assert isinstance(after, dict)
    assert after["segment"] == "two"
    ((place, before, after),) = changes(
        SIMPLE.replace("[[routes]]", first + "[[routes]]", 1), SIMPLE
    )
    assert (place, after) == ("routes[1]", None)
    assert changes(SIMPLE, SIMPLE.replace("priority = 3", "priority = 4")) == [
        ("routes[1].priority", 3, 4)
    ]


def test_the_order_of_segments_counts() -> None:
    one = '[[segments]]\nname = "one"\nnodes = { groups = ["a"] }\n'
    two = '[[segments]]\nname = "two"\nnodes = { groups = ["b"] }\n'
    assert one + two in SIMPLE
    assert changes(SIMPLE, SIMPLE.replace(one + two, two + one)) == [
        ("segments (order)", ["one", "two"], ["two", "one"])
    ]


SIMPLE = """\
name = "simple"
chain = "test"
slots = 4
[classes]
intents = ["open", "close"]
tiers = ["any"]
instruments = ["A"]
order_types = ["any"]
[[segments]]
name = "one"
nodes = { groups = ["a"] }
[[segments]]
name = "two"
nodes = { groups = ["b"] }
[[routes]]
segment = "one"
priority = 3
"""


def test_a_policy_in_words() -> None:
    passages = {
        each.title: each.sentences for each in explain_policy(parse_policy(EVERYTHING, "p"))
    }
    words = "\n".join(sentence for sentences in passages.values() for sentence in sentences)
    for sentence in (
        "Orders are high-value from a notional of 1,000,000 on.",
        "Orders of intent close, with a margin below 5 % of their notional are in liquidation.",
        "Orders with a margin below 10 % of their notional are rejected.",
        "It closes once all its keys have reached 1,000 or orders of a batch have cost it 5,000; "
        "what is left goes to 'two', or is held if that is closed.",
        "1. Orders of high value, in liquidation, of shard 0 or 3, at gas level 2: to 'two'.",
        "2. Everything else: to 'one'.",
        "A batch holds at most 64 orders for the next one.",
        "No node gets more than 30 % of a batch's placed orders",
        "A node's key is 7 * forecast + work; the smallest key is next.",
    ):
        assert sentence in words, sentence


def test_what_a_policy_does_not_use_is_not_mentioned() -> None:
    titles = [passage.title for passage in explain_policy(parse_policy(SMALL, "p"))]
    assert "Risk" not in titles
    assert "Published" not in titles
    words = str(explain_policy(parse_policy(SIMPLE, "p")))
    for word in ("shard", "gas", "bundle", "closes", "priority", "forecast"):
        assert word not in words


def test_the_largest_notional_is_written_exactly() -> None:
    largest = (1 << 96) - 1
    text = EVERYTHING.replace("1_000_000", str(largest))
    policy = parse_policy(text + "[decimals]\nprice = 2\n", "p")
    words = str(explain_policy(policy))
    assert f"from a notional of {largest // 100:,}.{largest % 100:02} on" in words
