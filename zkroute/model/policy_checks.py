"""Checks across the tables of a policy: what each table alone cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkroute.model.class_match import ClassMatch
from zkroute.model.document import Table
from zkroute.model.policy_parts import CLASS_FIELDS
from zkroute.model.policy_risk import MAINTENANCE_MARGIN
from zkroute.model.policy_segments import MARGINS, VALUES, Route
from zkroute.model.policy_table import (
    MAX_COMBINATIONS,
    combination_counts,
    occurring_count,
    route_table,
)

if TYPE_CHECKING:
    from zkroute.model.policy import Policy


def check_policy(policy: Policy, table: Table) -> None:
    """Guarantee that the parts of a policy fit together.

    Raises MalformedError naming source, line and field.
    """
    _check_cost(policy, table)
    _check_notional_scale(policy, table)
    _check_segments(policy, table)
    _check_overflow(policy, table)
    _check_carry(policy, table)
    for position, rule in enumerate(policy.margins):
        _check_names(policy, rule.match, table, "margins", position)
    for position, route in enumerate(policy.routes):
        _check_route(policy, route, table, position)
    _check_coverage(policy, table)


def _check_cost(policy: Policy, table: Table) -> None:
    """Costs of different instruments add up in one node, so they must count the same unit."""
    if policy.cost.kind == "unit":
        return
    if policy.cost.kind == "size" and policy.widths.cost_bits < policy.widths.size_bits:
        table.refuse("must be at least size_bits where the cost is the size", "widths", "cost_bits")
    scales = {
        decimals.size + (decimals.price if policy.cost.kind == "notional" else 0)
        for decimals in policy.decimals
    }
    if len(scales) > 1:
        what = "size" if policy.cost.kind == "size" else "price plus size"
        table.refuse(
            f"cost by {policy.cost.kind} adds up over instruments, so the {what} decimals "
            f"must be the same for all; here they are {sorted(scales)}",
            "decimals",
        )


def _check_notional_scale(policy: Policy, table: Table) -> None:
    """One threshold or rate compares the notionals of all instruments, so they must be alike."""
    notional = {decimals.price + decimals.size for decimals in policy.decimals}
    margin = {decimals.margin for decimals in policy.decimals}
    if policy.risk.high_value_notional is not None and len(notional) > 1:
        table.refuse(
            "compares notionals of all instruments, so the price plus size decimals must be the "
            f"same for all; here they are {sorted(notional)}",
            "risk",
            "high_value_notional",
        )
    if policy.margins and (len(notional) > 1 or len(margin) > 1):
        table.refuse(
            "margin rules need the same margin decimals, and the same price plus size decimals, "
            "for all instruments",
            "decimals",
        )


def _check_segments(policy: Policy, table: Table) -> None:
    names: set[str] = set()
    for position, segment in enumerate(policy.segments):
        if segment.name in names:
            table.refuse(f"{segment.name!r} is already a segment", "segments", position, "name")
        names.add(segment.name)
        if segment.saturation is not None and segment.saturation >> policy.widths.key_bits:
            table.refuse(
                f"no key reaches {segment.saturation}: keys have {policy.widths.key_bits} bits",
                "segments",
                position,
                "saturation",
            )


def _check_overflow(policy: Policy, table: Table) -> None:
    """Overflow leads to another segment, and never back: segments are served in one order."""
    positions = {segment.name: index for index, segment in enumerate(policy.segments)}
    for position, segment in enumerate(policy.segments):
        if segment.overflow is not None and segment.overflow not in positions:
            message = f"no segment is called {segment.overflow!r}"
            table.refuse(message, "segments", position, "overflow")
    for position, segment in enumerate(policy.segments):
        path = [segment.name]
        while (following := policy.segments[positions[path[-1]]].overflow) is not None:
            path.append(following)
            if following == segment.name:
                message = f"overflow runs in a circle: {' -> '.join(path)}"
                table.refuse(message, "segments", position, "overflow")
            if len(path) > len(policy.segments):
                break  # a circle further on, named when the walk starts inside it


def _check_carry(policy: Policy, table: Table) -> None:
    closing = next((segment.name for segment in policy.segments if segment.can_close), None)
    if closing is not None and policy.carry is None:
        table.refuse(
            f"segment {closing!r} can close, so orders may be held for the next batch: say how "
            "many, as a power of two from 16 to 4096",
            "queue",
            "carry",
        )
    if closing is None and policy.carry is not None:
        table.refuse("means nothing: no segment has saturation or breaker", "queue", "carry")


def _check_names(
    policy: Policy, match: ClassMatch, table: Table, array: str, position: int
) -> None:
    for field, known, allowed in zip(CLASS_FIELDS, policy.name_positions, match, strict=True):
        for name in allowed or ():
            if name not in known:
                message = f"{name!r} is not in the policy's list of {_plural(field)}"
                table.refuse(message, array, position, "match", field)


def _check_route(policy: Policy, route: Route, table: Table, position: int) -> None:
    if all(segment.name != route.segment for segment in policy.segments):
        table.refuse(f"no segment is called {route.segment!r}", "routes", position, "segment")
    _check_names(policy, route.match, table, "routes", position)

    def refuse(field: str, message: str) -> None:
        table.refuse(message, "routes", position, "match", field)

    if route.value is not None and policy.risk.high_value_notional is None:
        refuse("value", "needs [risk] high_value_notional")
    if route.margin is not None and not _liquidates(policy):
        refuse("margin", 'needs a margin rule of kind "maintenance"')
    if route.shards is not None:
        if policy.sharding is None:
            refuse("shard", "needs [sharding]")
        elif max(route.shards) >= policy.sharding.shards:
            refuse("shard", f"shards are numbered 0 to {policy.sharding.shards - 1}")
    if route.gas_levels is not None:
        if not policy.gas_levels:
            refuse("gas_level", "needs [gas] levels")
        elif max(route.gas_levels) > len(policy.gas_levels):
            refuse("gas_level", f"gas levels are numbered 0 to {len(policy.gas_levels)}")


def _liquidates(policy: Policy) -> bool:
    return any(kind == MAINTENANCE_MARGIN for _, kind in policy.margin_rules)


def _check_coverage(policy: Policy, table: Table) -> None:
    if occurring_count(policy) > MAX_COMBINATIONS:
        table.refuse(
            f"classes, value, margin and shards make {occurring_count(policy)} combinations; a "
            f"route table has at most {MAX_COMBINATIONS}"
        )
    for gas_level in range(len(policy.gas_levels) + 1):
        _, uncovered = route_table(policy, gas_level)
        if uncovered:
            shown = "; ".join(_spell(policy, index, gas_level) for index in uncovered[:8])
            more = f"; and {len(uncovered) - 8} more" if len(uncovered) > 8 else ""
            table.refuse(
                f"no route fits these orders ({_legend(policy)}): {shown}{more}. "
                "A last route without a match takes everything that is left",
                "routes",
            )
        if all(route.gas_levels is None for route in policy.routes):
            return  # the table is the same at every level


def _legend(policy: Policy) -> str:
    words = ["intent", "tier", "instrument", "order type"]
    words += ["fee class"] if len(policy.fee_classes) > 1 else []
    words += [
        word
        for word, count in zip(
            ("value", "margin", "shard"), combination_counts(policy), strict=True
        )
        if count > 1
    ]
    return ", ".join(words + (["gas level"] if policy.gas_levels else []))


def _spell(policy: Policy, combination: int, gas_level: int) -> str:
    """The names and numbers of a combination, as `_legend` lists them."""
    high_count, margin_count, shards = combination_counts(policy)
    rest, shard = divmod(combination, shards)
    rest, liquidation = divmod(rest, margin_count)
    class_index, high = divmod(rest, high_count)
    words = list(policy.class_names(class_index))
    if len(policy.fee_classes) == 1:
        words.pop()
    words += [VALUES[high]] if high_count > 1 else []
    words += [MARGINS[liquidation]] if margin_count > 1 else []
    words += [str(shard)] if shards > 1 else []
    return ", ".join(words + ([str(gas_level)] if policy.gas_levels else []))


def _plural(field: str) -> str:
    return field + ("es" if field.endswith("s") else "s")
