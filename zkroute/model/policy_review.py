"""What a valid policy probably does not mean: parts that decide nothing, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkroute.model.policy import Policy
from zkroute.model.policy_risk import MAINTENANCE_MARGIN
from zkroute.model.policy_table import margin_positions
from zkroute.model.toml_lines import Path, line_of


@dataclass(frozen=True)
class Problem:
    """One thing that a valid policy says without effect: where, and why.

    `line` counts from 1; None where the policy is not text with lines, or no line is to blame.
    """

    line: int | None
    message: str


def policy_problems(policy: Policy, lines: dict[Path, int]) -> list[Problem]:
    """What a valid policy says without effect, in the order of its lines.

    `lines` says where each of its keys stands, as `zkroute.model.toml_lines.key_lines` does.
    """
    remarks = [
        *_unused_routes(policy),
        *_unreachable_segments(policy),
        *_idle_overflows(policy),
        *_unused_margins(policy),
        *_unused_distinctions(policy),
        *_impossible_figures(policy),
    ]
    problems = [Problem(line_of(lines, path), message) for path, message in remarks]
    return sorted(problems, key=lambda problem: problem.line or 0)


Remarks = Iterator[tuple[Path, str]]


def _used_routes(policy: Policy) -> set[int]:
    """Identity of every route that is the first to fit something at some gas level."""
    return {
        id(route)
        for gas_level in range(len(policy.gas_levels) + 1)
        for route in policy.combination_routes(gas_level)
        if route is not None
    }


def _unused_routes(policy: Policy) -> Remarks:
    used = _used_routes(policy)
    for position, route in enumerate(policy.routes):
        if id(route) not in used:
            yield (
                ("routes", position),
                f"route {position + 1} (to {route.segment!r}) never decides anything: earlier "
                "routes fit every order it fits, or no such order can occur",
            )


def _unreachable_segments(policy: Policy) -> Remarks:
    used = _used_routes(policy)
    primary = {route.segment for route in policy.routes if id(route) in used}
    # an order overflows once, so overflow of overflow reaches nothing
    overflow = {
        segment.overflow
        for segment in policy.segments
        if segment.name in primary and segment.can_close
    }
    for position, segment in enumerate(policy.segments):
        if segment.name not in primary | overflow:
            yield (
                ("segments", position),
                f"segment {segment.name!r} is unreachable: no order is routed to it, and no "
                "segment that orders are routed to overflows to it",
            )


def _idle_overflows(policy: Policy) -> Remarks:
    for position, segment in enumerate(policy.segments):
        if segment.overflow is not None and not segment.can_close:
            yield (
                ("segments", position, "overflow"),
                f"segment {segment.name!r} never overflows: it has neither saturation nor breaker",
            )
        if segment.saturation == 0:
            yield (
                ("segments", position, "saturation"),
                f"segment {segment.name!r} is closed from the start: every key is at least 0",
            )


def _unused_margins(policy: Policy) -> Remarks:
    used = set(margin_positions(policy))
    for position, rule in enumerate(policy.margins):
        if position not in used:
            yield (
                ("margins", position),
                f"margin rule {position + 1} ({rule.kind}, {rule.rate}) fits no class that "
                "earlier rules leave",
            )


def _unused_distinctions(policy: Policy) -> Remarks:
    """Features that cost proving time although no route looks at what they tell apart."""
    routes = policy.routes
    costly = "it makes proofs longer and decides nothing"
    if policy.risk.high_value_notional is not None and not any(route.value for route in routes):
        yield ("risk", "high_value_notional"), f"no route asks for a value; {costly}"
    if policy.sharding is not None and not any(route.shards for route in routes):
        yield ("sharding",), f"no route asks for a shard; {costly}"
    if policy.gas_levels and not any(route.gas_levels for route in routes):
        yield ("gas",), "no route asks for a gas level, so the levels decide nothing"
    liquidates = any(kind == MAINTENANCE_MARGIN for _, kind in policy.margin_rules)
    if liquidates and not any(route.margin for route in routes):
        yield ("margins",), f"no route asks for liquidation; a maintenance margin alone: {costly}"


def _impossible_figures(policy: Policy) -> Remarks:
    sharding, percent = policy.sharding, policy.publish.max_share_percent
    if sharding is not None and sharding.p < sharding.shards:
        yield (
            ("sharding", "p"),
            f"only shards 0 to {sharding.p - 1} occur: p is smaller than the number of shards",
        )
    if percent is not None and percent * policy.slots < 100:
        yield (
            ("publish", "max_share_percent"),
            f"no batch can keep this promise: {policy.slots} nodes cannot all stay below "
            f"{percent} %",
        )
