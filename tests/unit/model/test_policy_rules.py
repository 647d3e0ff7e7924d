"""The further tables of the policy language: refusals at their place, defaults, tables."""

from __future__ import annotations

import pytest

from tests.unit.model.test_policy import SMALL
from zkroute.errors import MalformedError
from zkroute.model.policy import parse_policy, policy_from_canonical
from zkroute.model.policy_risk import Publish, Risk, is_prime
from zkroute.model.policy_table import MAX_COMBINATIONS

EVERYTHING = """\
name = "everything"
chain = "test"
slots = 4
bundles = true
[classes]
intents = ["open", "close"]
tiers = ["any"]
instruments = ["A", "B"]
order_types = ["any"]
fee_classes = ["low", "high"]
[widths]
margin_bits = 96
[key]
forecast_weight = 7
[queue]
carry = 64
[risk]
rate_scale = 100
high_value_notional = 1_000_000
[sharding]
a = 5
b = 0
p = 13
shards = 4
[gas]
levels = [10, 20]
[publish]
counts = true
max_share_percent = 30
[[margins]]
match = { intent = ["close"] }
rate = 5
kind = "maintenance"
[[margins]]
rate = 10
kind = "initial"
[[segments]]
name = "one"
nodes = { groups = ["a"] }
overflow = "two"
saturation = 1000
breaker = 5000
[[segments]]
name = "two"
nodes = { groups = ["b"] }
[[routes]]
match = { value = "high", margin = "liquidation", shard = [0, 3], gas_level = [2] }
segment = "two"
[[routes]]
segment = "one"
"""

REFUSED = [
    ("bundles = true", "bundles = 1", ":4: bundles: must be true or false, not 1"),
    ('fee_classes = ["low", "high"]', "fee_classes = []", ":10: classes.fee_classes: must be a"),
    ("margin_bits = 96", "margin_bits = 97", ":12: widths.margin_bits: must be between 1 and 96"),
    ("carry = 64", "carry = 48", ":16: queue.carry: must be a power of two, not 48"),
    ("carry = 64", "carry = 8", ":16: queue.carry: must be between 16 and 4096"),
    ("carry = 64\n", "", ": queue.carry: segment 'one' can close, so orders may be held"),
    ("rate_scale = 100", "rate_scale = 0", ":18: risk.rate_scale: must be between 1"),
    ("a = 5", "a = 13", ":21: sharding.a: must be between 1 and 12"),
    ("a = 5", "a = 0", ":21: sharding.a: must be between 1 and 12"),
    ("b = 0", "b = 13", ":22: sharding.b: must be between 0 and 12"),
    ("p = 13", "p = 15", ":23: sharding.p: must be a prime number, and 15 is not one"),
    ("p = 13", f"p = {1 << 62}", ":23: sharding.p: must be between 2"),
    ("shards = 4", "shards = 1", ":24: sharding.shards: must be between 2 and 256"),
    ("levels = [10, 20]", "levels = [20, 10]", ":26: gas.levels: must ascend"),
    ("levels = [10, 20]", "levels = [10, 10]", ":26: gas.levels: lists a number twice"),
    ("levels = [10, 20]", "levels = [true]", ":26: gas.levels: must list whole numbers"),
    ("levels = [10, 20]", f"levels = {list(range(16))}", ":26: gas.levels: has 16 entries; at"),
    ("counts = true", "count = true", ":28: publish.count: unknown key (did you mean 'counts'?)"),
    ("max_share_percent = 30", "max_share_percent = 0", ":29: publish.max_share_percent: must be"),
    ("rate = 5\n", "rate = 65536\n", ":32: margins[1].rate: must be between 1 and 65535"),
    ('"maintenance"', '"both"', ":33: margins[1].kind: must be one of initial, maintenance"),
    ('["close"]', '["cancel"]', ":31: margins[1].match.intent: 'cancel' is not in the policy's"),
    ('overflow = "two"', 'overflow = "six"', ":40: segments[1].overflow: no segment is called"),
    ('overflow = "two"', 'overflow = "one"', "overflow runs in a circle: one -> one"),
    ("breaker = 5000", "breaker = 0", ":42: segments[1].breaker: must be between 1"),
    ("saturation = 1000", f"saturation = {1 << 52}", ":41: segments[1].saturation: no key reaches"),
    ('"liquidation"', '"short"', ":47: routes[1].match.margin: must be one of ok, liquidation"),
    ("shard = [0, 3]", "shard = [4]", ":47: routes[1].match.shard: shards are numbered 0 to 3"),
    ("shard = [0, 3]", "shard = []", ":47: routes[1].match.shard: must be a list of one or more"),
    ("gas_level = [2]", "gas_level = [3]", "routes[1].match.gas_level: gas levels are numbered 0"),
    ("high_value_notional = 1_000_000\n", "", "match.value: needs [risk] high_value_notional"),
    ("[sharding]\na = 5\nb = 0\np = 13\nshards = 4\n", "", "match.shard: needs [sharding]"),
    ("[gas]\nlevels = [10, 20]\n", "", "match.gas_level: needs [gas] levels"),
    ('kind = "maintenance"', 'kind = "initial"', "match.margin: needs a margin rule of kind"),
    ("[key]", "[decimals.instruments.B]\nmargin = 1\n[key]", "margin rules need the same margin"),
    (
        "saturation = 1000\nbreaker = 5000\n",
        "",
        ":16: queue.carry: means nothing: no segment has saturation or breaker",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_each_mistake_is_refused_at_its_place(old: str, new: str, message: str) -> None:
    assert old in EVERYTHING
    with pytest.raises(MalformedError) as caught:
        parse_policy(EVERYTHING.replace(old, new, 1), "policy.toml")
    assert message in str(caught.value)


def test_notionals_of_different_scale_cannot_share_a_threshold() -> None:
    text = SMALL.replace('"notional"\nunit = 3', '"unit"')
    text += "[risk]\nhigh_value_notional = 9\n[decimals.instruments.A]\nprice = 1\n"
    with pytest.raises(MalformedError, match=r"risk\.high_value_notional: compares notionals"):
        parse_policy(text, "policy.toml")


def test_longer_overflow_circles_are_named_whole() -> None:
    text = EVERYTHING.replace('["b"] }', '["b"] }\noverflow = "three"')
    text = text.replace(
        "[[routes]]", '[[segments]]\nname = "three"\noverflow = "two"\n[[routes]]', 1
    )
    with pytest.raises(MalformedError, match=r"segments\[2\]\.overflow: .* two -> three -> two"):
        parse_policy(text, "policy.toml")


def test_a_policy_with_everything_survives_its_canonical_form() -> None:
    policy = parse_policy(EVERYTHING, "policy.toml")
    again = policy_from_canonical(policy.canonical_bytes())
    assert again == policy
    assert again.digest == policy.digest
    assert policy.placement_order == (0, 1)
    assert policy.margin_rules == ((10, 1),) * 4 + ((5, 2),) * 4
    assert policy.margin_factors == (100, 1)


def test_a_plain_policy_has_none_of_it() -> None:
    policy = parse_policy(SMALL, "policy.toml")
    assert policy.fee_classes == ("any",)
    assert policy.bundles is False
    assert policy.risk == Risk(10_000, None)
    assert policy.margins == ()
    assert set(policy.margin_rules) == {(0, 0)}
    assert policy.sharding is None
    assert policy.gas_levels == ()
    assert policy.carry is None
    assert policy.publish == Publish(False, False, False, False, None)


def test_the_first_fitting_route_decides_each_combination() -> None:
    policy = parse_policy(EVERYTHING, "policy.toml")
    for gas_level in range(3):
        routes = policy.combination_routes(gas_level)
        for index, route in enumerate(routes):
            rest, shard = divmod(index, 4)
            rest, liquidation = divmod(rest, 2)
            class_index, high = divmod(rest, 2)
            is_close = class_index >= 4
            if liquidation and not is_close:
                assert route is None
                continue
            first = gas_level == 2 and shard in (0, 3) and high and liquidation
            assert route is policy.routes[0 if first else 1]


def test_uncovered_combinations_are_spelled_out() -> None:
    text = EVERYTHING.replace(
        '[[routes]]\nsegment = "one"', '[[routes]]\nmatch = { shard = [1] }\nsegment = "one"'
    )
    with pytest.raises(MalformedError) as caught:
        parse_policy(text, "policy.toml")
    message = str(caught.value)
    assert (
        "(intent, tier, instrument, order type, fee class, value, margin, shard, gas level)"
        in message
    )
    assert "open, any, A, any, low, normal, ok, 0, 0;" in message


def test_route_tables_have_a_largest_size() -> None:
    names = ", ".join(f'"i{number}"' for number in range(64))
    sharding = "[sharding]\na = 1\nb = 0\nshards = 256\n"
    text = SMALL.replace('"A", "B"', f'"A", "B", {names}') + sharding
    assert MAX_COMBINATIONS > 2 * 66 * 256
    assert len(parse_policy(text, "policy.toml").combination_routes(0)) == 2 * 66 * 256
    more = text + "[risk]\nhigh_value_notional = 3\n"
    with pytest.raises(MalformedError, match=f"make {2 * 66 * 512} combinations"):
        parse_policy(more, "policy.toml")


def test_primes() -> None:
    sieve = [number for number in range(3000) if all(number % d for d in range(2, number))][2:]
    assert [number for number in range(3000) if is_prime(number)] == sieve
    for prime in ((1 << 61) - 1, (1 << 62) - 57, (1 << 31) - 1):
        assert is_prime(prime)
    # strong pseudoprimes to small bases, and a Carmichael number
    for composite in (3215031751, 3474749660383, 341550071728321, 561, (1 << 61) + 1):
        assert not is_prime(composite)
