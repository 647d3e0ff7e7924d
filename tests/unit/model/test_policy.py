"""The policy language: what it refuses and where it says so, its canonical form, its classes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from zkroute.errors import MalformedError
from zkroute.model.examples import EXAMPLE_POLICY
from zkroute.model.policy import parse_policy, policy_from_canonical

SMALL = """\
name = "small"
chain = "test"
slots = 4
[classes]
intents = ["any"]
tiers = ["low", "high"]
instruments = ["A", "B"]
order_types = ["any"]
[cost]
kind = "notional"
unit = 3
[key]
gas_weight = 1
[[segments]]
name = "one"
nodes = { chains = ["x", "y"] }
[[segments]]
name = "two"
[segments.nodes]
names = ["n"]
[[routes]]
match = { tier = ["high"], instrument = ["B"] }
segment = "two"
priority = 0
[[routes]]
segment = "one"
priority = 7
"""

REFUSED = [
    ("slots = 4", "slots = 5", "policy.toml:3: slots: must be a power of two"),
    ("slots = 4", "slots = 2", "policy.toml:3: slots: must be between 4 and 4096"),
    ("slots = 4", "slots = 8192", "policy.toml:3: slots: must be between"),
    ("slots = 4", "slots = 4.0", "policy.toml:3: slots: must be a whole number, not 4.0"),
    ("slots = 4", "slots = true", "policy.toml:3: slots: must be a whole number, not true"),
    ("slots = 4", 'slots = "4"', "policy.toml:3: slots: must be a whole number, not '4'"),
    ("slots = 4", "slots = 0x" + "f" * 5000, "policy.toml:3: slots: must be between"),
    ("slots = 4", "slots = " + "9" * 5000, "policy.toml: not valid TOML"),
    ("slots = 4", "slots = 4\nslots = 4", "policy.toml:4: not valid TOML"),
    ("slots = 4\n", "", "policy.toml: slots: is missing"),
    ('chain = "test"', 'chain = "a b"', "policy.toml:2: chain: 'a b' is not a name"),
    ('chain = "test"', "chain = 1", "policy.toml:2: chain: must be a name in quotes, not 1"),
    ('chain = "test"', 'chain = "' + "a" * 65 + '"', "longer than 64"),
    ('name = "small"', 'name = " small"', "policy.toml:1: name: must be a title"),
    ('name = "small"', 'name = "small\\n"', "policy.toml:1: name: must be a title"),
    ('"A", "B"', '"A", "A"', "policy.toml:7: classes.instruments: names 'A' twice"),
    ('"A", "B"', "", "policy.toml:7: classes.instruments: must be a list of one or more"),
    ('"A", "B"', '"A", "' + "B" * 17 + '"', "longer than 16 characters"),
    ("[classes]", "[clases]", "policy.toml: classes: is missing"),
    ("unit = 3", "unit = 0", "policy.toml:11: cost.unit: must be between 1"),
    ("unit = 3", "unti = 3", "policy.toml:11: cost.unti: unknown key (did you mean 'unit'?)"),
    ('"notional"', '"size"', "policy.toml:11: cost.unit: belongs to notional cost"),
    ('"notional"', '"value"', "policy.toml:10: cost.kind: must be one of unit, size, notional"),
    ("gas_weight = 1", "gas_weight = -1", "policy.toml:13: key.gas_weight: must be between 0"),
    ("gas_weight = 1", "reputation_weight = 1", "policy.toml:12: key.max_reputation: is missing"),
    ("gas_weight = 1", "max_reputation = 1", "policy.toml:13: key.max_reputation: means nothing"),
    ("gas_weight = 1", "slope_scale = 1", "policy.toml:13: key.slope_scale: belongs to slope"),
    ("gas_weight = 1", 'slope = "flat"', "policy.toml:13: key.slope: must be one of equal"),
    ('["x", "y"]', '"x"', 'segments[1].nodes.chains: must be "*" or a list of names'),
    ('["x", "y"]', '["x", "x"]', "policy.toml:16: segments[1].nodes.chains: names 'x' twice"),
    ('name = "two"', 'name = "one"', "policy.toml:18: segments[2].name: 'one' is already"),
    ('names = ["n"]', "names = []", "policy.toml:20: segments[2].nodes.names: must be a list"),
    ('names = ["n"]', 'region = ["n"]', "policy.toml:20: segments[2].nodes.region: unknown key"),
    ('segment = "two"', 'segment = "six"', "policy.toml:23: routes[1].segment: no segment is"),
    ("priority = 7", "priority = 256", "policy.toml:27: routes[2].priority: must be between 0"),
    ('instrument = ["B"]', 'instrument = ["C"]', "routes[1].match.instrument: 'C' is not in"),
    ('instrument = ["B"]', 'market = ["B"]', "policy.toml:22: routes[1].match.market: unknown key"),
    ("[key]", "[breakers]\nlimit = 1\n[key]", "policy.toml:12: breakers: unknown key"),
    ("[key]", "[[key]]", "policy.toml:12: key: must be a table"),
    ("[[routes]]", "[[rules]]", "policy.toml: routes: is missing"),
    ("[cost]", "[widths]\nsize_bits = 49\n[cost]", "policy.toml:10: widths.size_bits: must be"),
    ("[cost]", "[widths]\nkey_bits = 65\n[cost]", "policy.toml:10: widths.key_bits: must be"),
    ("[cost]", "[decimals.instruments.C]\nsize = 1\n[cost]", "decimals.instruments.C: unknown"),
    ("[cost]", "[decimals.instruments.A]\nsize = 1\n[cost]", "decimals must be the same for all"),
    ("[cost]", "[decimals]\nsize = 19\n[cost]", "policy.toml:10: decimals.size: must be between"),
    ("[key]", '[queue]\ndrain = "yes"\n[key]', "policy.toml:13: queue.drain: must be one of none"),
    ("[key]", "[key", "policy.toml:12: not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_each_mistake_is_refused_at_its_place(old: str, new: str, message: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new) if old == "[[routes]]" else SMALL.replace(old, new, 1)
    with pytest.raises(MalformedError) as caught:
        parse_policy(text, "policy.toml")
    assert message in str(caught.value)


def test_size_cost_must_fit_the_cost_width() -> None:
    text = SMALL.replace('"notional"\nunit = 3', '"size"') + "[widths]\ncost_bits = 40\n"
    with pytest.raises(MalformedError, match=r"policy\.toml:\d+: widths\.cost_bits: .*size_bits"):
        parse_policy(text, "policy.toml")


def test_every_uncovered_class_is_named() -> None:
    text = SMALL.replace('[[routes]]\nsegment = "one"\npriority = 7\n', "")
    with pytest.raises(MalformedError) as caught:
        parse_policy(text, "policy.toml")
    for names in ("any, low, A, any", "any, low, B, any", "any, high, A, any"):
        assert names in str(caught.value)
    assert "any, high, B, any" not in str(caught.value)


def test_too_many_classes_are_refused() -> None:
    names = ", ".join(f'"i{number}"' for number in range(2049))
    with pytest.raises(MalformedError, match="more than 4096 classes"):
        parse_policy(SMALL.replace('"A", "B"', names), "policy.toml")


def test_deep_nesting_and_long_texts_are_refused() -> None:
    for text in ("x = " + "[" * 100_000, "x = 1 #" + "y" * (1 << 24)):
        with pytest.raises(MalformedError):
            parse_policy(text, "policy.toml")


def test_defaults_are_filled_in() -> None:
    policy = parse_policy(SMALL, "policy.toml")
    assert policy.widths.document() == {
        "size_bits": 48,
        "price_bits": 48,
        "cost_bits": 48,
        "key_bits": 52,
        "margin_bits": 64,
    }
    assert policy.drain == "none"
    assert policy.key.slope == "equal"
    assert all(
        decimals.document() == dict.fromkeys(("price", "size", "margin"), 0)
        for decimals in policy.decimals
    )


def test_first_fitting_route_decides_each_class() -> None:
    policy = parse_policy(SMALL, "policy.toml")
    segments = [route.segment for route in policy.combination_routes(0) if route]
    assert segments == ["one", "one", "one", "two"]
    assert [policy.class_names(index) for index in range(policy.class_count)] == [
        ("any", "low", "A", "any", "any"),
        ("any", "low", "B", "any", "any"),
        ("any", "high", "A", "any", "any"),
        ("any", "high", "B", "any", "any"),
    ]


def test_instruments_may_have_their_own_decimals() -> None:
    common = "[decimals]\nprice = 2\nsize = 4\nmargin = 6\n"
    own = "[decimals.instruments.B]\nprice = 1\nsize = 5\n"
    policy = parse_policy(SMALL + common + own, "policy.toml")
    assert [(d.price, d.size, d.margin) for d in policy.decimals] == [(2, 4, 6), (1, 5, 6)]
    assert policy_from_canonical(policy.canonical_bytes()) == policy


@pytest.mark.parametrize("text", [SMALL, EXAMPLE_POLICY])
def test_canonical_bytes_and_policy_are_inverse(text: str) -> None:
    policy = parse_policy(text, "policy.toml")
    data = policy.canonical_bytes()
    again = policy_from_canonical(data)
    assert again == policy
    assert again.canonical_bytes() == data
    assert again.digest == policy.digest


def test_comments_spacing_and_key_order_do_not_change_the_digest() -> None:
    moved = SMALL.replace("slots = 4\n", "").replace('name = "small"', '# c\nslots=4\nname="small"')
    assert parse_policy(moved, "a").digest == parse_policy(SMALL, "b").digest


def test_the_order_of_routes_and_of_names_changes_the_digest() -> None:
    digest = parse_policy(SMALL, "a").digest
    assert parse_policy(SMALL.replace('"A", "B"', '"B", "A"'), "a").digest != digest
    assert parse_policy(SMALL.replace("priority = 7", "priority = 8"), "a").digest != digest


def test_only_the_exact_canonical_bytes_are_accepted() -> None:
    data = parse_policy(SMALL, "policy.toml").canonical_bytes()
    wrong = [
        data + b"\n",
        b" " + data,
        data.replace(b",", b", ", 1),
        data.replace(b'"slots":4', b'"slots":4.0'),
        data.replace(b'"slots":4', b'"slots":04'),
        data.replace(b'"slots":4', b'"slots":true'),
        data.replace(b'"slots":4', b'"slots":NaN'),
        data.replace(b'"slots":4', b'"slots":4,"slots":4'),
        data.replace(b'"version":1', b'"version":2'),
        data.replace(b',"version":1', b""),
        data.replace(b'"small"', b'"sm\\u0061ll"'),
        data.replace(b'"small"', b'"sm\xc3\xa9ll"'),
        data.replace(b'{"drain":"none"}', b"{}"),
        b"[" * 100_000,
        b"[]",
        b"",
        b'{"slots":' + b"9" * 5000 + b"}",
    ]
    for bad in wrong:
        assert bad != data
        with pytest.raises(MalformedError):
            policy_from_canonical(bad)


def test_digest_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from zkroute.model.examples import EXAMPLE_POLICY\n"
        "from zkroute.model.policy import parse_policy\n"
        "print(parse_policy(EXAMPLE_POLICY, 'p').digest.hex())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1", "2", "77", "4294967295")
    }
    assert seen == {parse_policy(EXAMPLE_POLICY, "p").digest.hex()}
