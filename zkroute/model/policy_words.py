"""A policy in words, for people who do not read TOML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from zkroute.model.class_match import ClassMatch
from zkroute.model.policy import Policy
from zkroute.model.policy_parts import CLASS_FIELDS, DIMENSIONS
from zkroute.model.policy_segments import NodeSelector, Route, Segment


@dataclass(frozen=True)
class Passage:
    """A few sentences about one part of a policy."""

    title: str
    sentences: tuple[str, ...]


def explain_policy(policy: Policy) -> list[Passage]:
    """The whole policy in words; what it does not use is not mentioned."""
    passages = [
        Passage("Orders", tuple(_orders(policy))),
        Passage("Work and keys", tuple(_keys(policy))),
        Passage("Risk", tuple(_risk(policy))),
        Passage("Segments", tuple(_segment(policy, segment) for segment in policy.segments)),
        Passage("Routes, of which the first that fits decides", tuple(_routes(policy))),
        Passage("Published", tuple(_published(policy))),
        Passage("Limits", tuple(_limits(policy))),
    ]
    return [passage for passage in passages if passage.sentences]


def _orders(policy: Policy) -> Iterator[str]:
    yield f"Policy {policy.name!r} is for the chain {policy.chain!r} of up to {policy.slots} nodes."
    lists = [
        f"{key.replace('_', ' ')} {_listed(names)}"
        for key, names in zip(DIMENSIONS, policy.dimensions, strict=True)
        if len(names) > 1
    ]
    classes = f"{policy.class_count:,} classes: " + "; ".join(lists) if lists else "one class"
    yield f"Orders come in {classes}."
    if policy.bundles:
        yield "Orders may ride with the one before; a bundle is placed, held or rejected whole."
    if policy.sharding is not None:
        rule = policy.sharding
        yield (
            f"Accounts fall into {rule.shards} shards: "
            f"(({rule.a} * account + {rule.b}) mod {rule.p}) mod {rule.shards}."
        )
    if policy.gas_levels:
        levels = _listed([f"{level:,}" for level in policy.gas_levels])
        yield f"The reference gas price sets the gas level, 0 below the first of {levels}."


def _keys(policy: Policy) -> Iterator[str]:
    cost, key = policy.cost, policy.key
    costs = {
        "unit": "1",
        "size": "its size",
        "notional": f"its size times its price, in steps of {cost.unit:,}, rounded up",
    }
    yield f"An order adds to its node's work: {costs[cost.kind]}."
    terms = [
        f"{weight:,} * {measure}"
        for weight, measure in (
            (key.gas_weight, "gas price"),
            (key.latency_weight, "latency in ms"),
            (key.reputation_weight, f"({key.max_reputation:,} - reputation)"),
            (key.forecast_weight, "forecast"),
        )
        if weight
    ]
    slope = "work" if key.slope == "equal" else f"{key.slope_scale:,} / capacity * work"
    rounded = "" if key.slope == "equal" else ", the slope rounded up to a whole number"
    yield f"A node's key is {' + '.join([*terms, slope])}{rounded}; the smallest key is next."
    if policy.drain == "none":
        yield "Work never drains: keys count everything the chain has ever placed."
    else:
        yield "Between batches work drains by each node's service rate times the time that passed."


def _risk(policy: Policy) -> Iterator[str]:
    if policy.risk.high_value_notional is not None:
        notional = _notional(policy, policy.risk.high_value_notional)
        yield f"Orders are high-value from a notional of {notional} on."
    for rule in policy.margins:
        share = Decimal(100 * rule.rate) / Decimal(policy.risk.rate_scale)
        then = "are rejected" if rule.kind == "initial" else "are in liquidation"
        whose = f" {_matched(rule.match)}," if _matched(rule.match) else ""
        yield f"Orders{whose} with a margin below {share.normalize():f} % of their notional {then}."


def _notional(policy: Policy, scaled: int) -> str:
    decimals = policy.decimals[0]
    exact = Context(prec=40)  # more digits than any notional has
    value = Decimal(scaled).scaleb(-(decimals.price + decimals.size), exact)
    return f"{value.normalize(exact):,f}"


def _segment(policy: Policy, segment: Segment) -> str:
    text = f"{segment.name!r} has {_selected(segment.nodes)}."
    closes = []
    if segment.saturation is not None:
        closes.append(f"all its keys have reached {segment.saturation:,}")
    if segment.breaker is not None:
        closes.append(f"orders of a batch have cost it {segment.breaker:,}")
    if not closes:
        return text
    then = "is held for the next batch"
    if segment.overflow is not None:
        then = f"goes to {segment.overflow!r}, or is held if that is closed"
    return f"{text} It closes once {' or '.join(closes)}; what is left {then}."


def _selected(selector: NodeSelector) -> str:
    conditions = [
        f"{field} {_listed(values, 'or')}"
        for field, values in (
            ("name", selector.names),
            ("chain", selector.chains),
            ("group", selector.groups),
        )
        if values is not None
    ]
    return f"the nodes of {' and '.join(conditions)}" if conditions else "all nodes"


def _routes(policy: Policy) -> Iterator[str]:
    for position, route in enumerate(policy.routes, start=1):
        priority = f" with priority {route.priority}" if _has_priorities(policy) else ""
        yield f"{position}. {_fitting(route)}: to {route.segment!r}{priority}."


def _has_priorities(policy: Policy) -> bool:
    return len({route.priority for route in policy.routes}) > 1


def _fitting(route: Route) -> str:
    conditions = [words] if (words := _matched(route.match)) else []
    if route.value is not None:
        conditions.append(f"of {route.value} value")
    if route.margin is not None:
        conditions.append(
            "in liquidation" if route.margin == "liquidation" else "not in liquidation"
        )
    if route.shards is not None:
        conditions.append(f"of shard {_listed(route.shards, 'or')}")
    if route.gas_levels is not None:
        conditions.append(f"at gas level {_listed(route.gas_levels, 'or')}")
    return f"Orders {', '.join(conditions)}" if conditions else "Everything else"


def _matched(match: ClassMatch) -> str:
    conditions = [
        f"of {field.replace('_', ' ')} {_listed(names, 'or')}"
        for field, names in zip(CLASS_FIELDS, match, strict=True)
        if names is not None
    ]
    return ", ".join(conditions)


def _published(policy: Policy) -> Iterator[str]:
    publish = policy.publish
    figures = [
        words
        for is_on, words in (
            (publish.counts, "how many orders each node got"),
            (publish.loads, "each node's work"),
            (publish.herfindahl, "the sum of the squared counts (Herfindahl)"),
            (publish.max_count, "the largest count"),
        )
        if is_on
    ]
    if figures:
        yield f"Every batch shows and proves {_listed(figures)}."
    if publish.max_share_percent is not None:
        yield (
            f"No node gets more than {publish.max_share_percent} % of a batch's placed orders; "
            "batches that would break this are refused."
        )


def _limits(policy: Policy) -> Iterator[str]:
    widths = policy.widths
    yield (
        f"Sizes have at most {widths.size_bits} bits, prices {widths.price_bits}, margins "
        f"{widths.margin_bits}, costs {widths.cost_bits}, keys {widths.key_bits}; anything wider "
        "is refused."
    )
    if policy.carry is not None:
        yield f"A batch holds at most {policy.carry:,} orders for the next one."


def _listed(items: Sequence[object], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
