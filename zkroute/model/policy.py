"""The routing policy: what is published, hashed into every header, and proven to be followed."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from zkroute.model.document import Table, canonical, document_digest, load_canonical, load_toml
from zkroute.model.policy_checks import check_policy
from zkroute.model.policy_parts import (
    CLASS_NAME_LENGTH,
    DIMENSIONS,
    MAX_CLASSES,
    MAX_ROUTES,
    MAX_SEGMENTS,
    Cost,
    Decimals,
    Document,
    KeyRule,
    Widths,
)
from zkroute.model.policy_risk import MAX_MARGIN_RULES, MarginRule, Publish, Risk, Sharding
from zkroute.model.policy_segments import MAX_GAS_LEVELS, Route, Segment
from zkroute.model.policy_table import margin_table, route_table

if TYPE_CHECKING:
    from zkroute.model.snapshot import Snapshot

POLICY_DOMAIN = "zkroute/policy/v1"
MIN_SLOTS, MAX_SLOTS = 4, 4096
MIN_CARRY, MAX_CARRY = 16, 4096
MAX_BUNDLE = 16
"""Most orders of a bundle."""
ANY_FEE_CLASS = ("any",)


@dataclass(frozen=True)
class Policy:
    """A routing policy that has passed every check a policy can pass on its own.

    `chain` names the chain of batches; `slots` is how many node slots it has for good. The five
    name lists span the order classes. `decimals` holds one entry per instrument, in order.
    `drain` is "none" or "service-rate". `carry` is how many orders a batch may hold for the next
    one, None where no segment can close. `gas_levels` are the thresholds of the reference gas
    price, ascending. Made by `parse_policy` or `policy_from_canonical` only.
    """

    name: str
    chain: str
    slots: int
    intents: tuple[str, ...]
    tiers: tuple[str, ...]
    instruments: tuple[str, ...]
    order_types: tuple[str, ...]
    fee_classes: tuple[str, ...]
    decimals: tuple[Decimals, ...]
    widths: Widths
    cost: Cost
    key: KeyRule
    drain: str
    carry: int | None
    bundles: bool
    risk: Risk
    margins: tuple[MarginRule, ...]
    sharding: Sharding | None
    gas_levels: tuple[int, ...]
    publish: Publish
    segments: tuple[Segment, ...]
    routes: tuple[Route, ...]

    @property
    def dimensions(self) -> tuple[tuple[str, ...], ...]:
        """The five name lists, slowest digit of the class index first."""
        return (self.intents, self.tiers, self.instruments, self.order_types, self.fee_classes)

    @cached_property
    def name_positions(self) -> tuple[dict[str, int], ...]:
        """Per dimension the position of every name."""
        return tuple(
            {name: position for position, name in enumerate(names)} for names in self.dimensions
        )

    @property
    def class_count(self) -> int:
        """Number of order classes."""
        return math.prod(map(len, self.dimensions))

    def class_names(self, index: int) -> tuple[str, ...]:
        """Intent, tier, instrument, order type and fee class of a class index."""
        names = []
        for dimension in reversed(self.dimensions):
            index, digit = divmod(index, len(dimension))
            names.append(dimension[digit])
        return tuple(reversed(names))

    def combination_routes(self, gas_level: int) -> list[Route | None]:
        """The rule each combination falls under at a gas level; None for what cannot occur.

        Combinations are numbered as in `zkroute.model.policy_table.route_table`.
        """
        if gas_level not in self._route_tables:
            self._route_tables[gas_level] = route_table(self, gas_level)[0]
        return self._route_tables[gas_level]

    @cached_property
    def _route_tables(self) -> dict[int, list[Route | None]]:
        return {}

    @cached_property
    def margin_rules(self) -> tuple[tuple[int, int], ...]:
        """(rate, kind) of every class; kind 0 is no rule, 1 initial, 2 maintenance margin."""
        return margin_table(self)

    @cached_property
    def margin_factors(self) -> tuple[int, int]:
        """Coprime (A, B): an order is short of margin iff margin * A < notional * rate * B.

        That is margin < notional * rate / rate_scale, with the margin in units of
        10^-(margin decimals) and the notional in units of 10^-(price + size decimals).
        """
        decimals = self.decimals[0]
        a = self.risk.rate_scale * 10 ** (decimals.price + decimals.size)
        b = 10**decimals.margin
        common = math.gcd(a, b)
        return a // common, b // common

    def gas_level(self, snapshot: Snapshot) -> int:
        """How many gas thresholds the snapshot's reference gas price has reached."""
        return sum(level <= snapshot.gas_price for level in self.gas_levels)

    @cached_property
    def placement_order(self) -> tuple[int, ...]:
        """Segment indices, each before the one it overflows to; of equal standing by index."""
        waiting_for = [0] * len(self.segments)
        for segment in self.segments:
            if segment.overflow is not None:
                waiting_for[self.segment_index(segment.overflow)] += 1
        ready = [index for index, count in enumerate(waiting_for) if count == 0]
        order = []
        while ready:
            index = heapq.heappop(ready)
            order.append(index)
            overflow = self.segments[index].overflow
            if overflow is not None:
                target = self.segment_index(overflow)
                waiting_for[target] -= 1
                if waiting_for[target] == 0:
                    heapq.heappush(ready, target)
        return tuple(order)

    def segment_index(self, name: str) -> int:
        """Position of a segment in the policy's list."""
        return next(i for i, segment in enumerate(self.segments) if segment.name == name)

    def document(self) -> Document:
        """The policy as a document with every default filled in."""
        queue: Document = {"drain": self.drain}
        document: Document = {
            "bundles": self.bundles,
            "chain": self.chain,
            "classes": {
                key: list(names) for key, names in zip(DIMENSIONS, self.dimensions, strict=True)
            },
            "cost": self.cost.document(),
            "decimals": {
                "instruments": {
                    name: decimals.document()
                    for name, decimals in zip(self.instruments, self.decimals, strict=True)
                }
            },
            "gas": {"levels": list(self.gas_levels)} if self.gas_levels else {},
            "key": self.key.document(),
            "margins": [rule.document() for rule in self.margins],
            "name": self.name,
            "publish": self.publish.document(),
            "queue": queue if self.carry is None else queue | {"carry": self.carry},
            "risk": self.risk.document(),
            "routes": [route.document() for route in self.routes],
            "segments": [segment.document() for segment in self.segments],
            "slots": self.slots,
            "version": 1,
            "widths": self.widths.document(),
        }
        return document | ({"sharding": self.sharding.document()} if self.sharding else {})

    def canonical_bytes(self) -> bytes:
        """The one byte form of this policy; `policy_from_canonical` is its inverse."""
        return canonical(self.document())

    @cached_property
    def digest(self) -> bytes:
        """32 bytes: SHA-256 of "zkroute/policy/v1" followed by the canonical bytes."""
        return document_digest(POLICY_DOMAIN, self.canonical_bytes())


def parse_policy(text: str, source: str) -> Policy:
    """The policy a TOML text writes down; docs/policy.md is the language.

    Raises MalformedError naming source, line and field for anything the language does not allow.
    """
    return _read(load_toml(text, source))


def policy_from_canonical(data: bytes) -> Policy:
    """The policy whose `canonical_bytes` are exactly `data`.

    Raises MalformedError for any other bytes, also for a longer or re-ordered spelling of the
    same policy, so that a digest names one byte string.
    """
    table = load_canonical(data, "canonical policy")
    policy = _read(table)
    if policy.canonical_bytes() != data:
        table.refuse("readable, but not in its canonical form")
    return policy


def _read(table: Table) -> Policy:
    table.integer("version", 1, 1, 1)
    dimensions = _read_dimensions(table.table("classes", optional=False))
    queue = table.table("queue")
    policy = Policy(
        name=table.title("name"),
        chain=table.name("chain"),
        slots=_power_of_two(table, "slots", MIN_SLOTS, MAX_SLOTS),
        intents=dimensions[0],
        tiers=dimensions[1],
        instruments=dimensions[2],
        order_types=dimensions[3],
        fee_classes=dimensions[4],
        decimals=_read_decimals(table.table("decimals"), dimensions[2]),
        widths=Widths.read(table.table("widths")),
        cost=Cost.read(table.table("cost")),
        key=KeyRule.read(table.table("key")),
        drain=queue.choice("drain", ("none", "service-rate"), "none"),
        carry=_power_of_two(queue, "carry", MIN_CARRY, MAX_CARRY) if queue.has("carry") else None,
        bundles=table.boolean("bundles", False),
        risk=Risk.read(table.table("risk")),
        margins=tuple(map(MarginRule.read, table.tables("margins", MAX_MARGIN_RULES, True))),
        sharding=Sharding.read(table.table("sharding")) if table.has("sharding") else None,
        gas_levels=_read_gas_levels(table.table("gas")),
        publish=Publish.read(table.table("publish")),
        segments=tuple(map(Segment.read, table.tables("segments", MAX_SEGMENTS))),
        routes=tuple(map(Route.read, table.tables("routes", MAX_ROUTES))),
    )
    queue.finish()
    table.finish()
    check_policy(policy, table)
    return policy


def _read_dimensions(classes: Table) -> tuple[tuple[str, ...], ...]:
    """The five name lists; fee classes may be left out."""
    defaults = {"fee_classes": ANY_FEE_CLASS}
    dimensions = tuple(
        classes.names(key, CLASS_NAME_LENGTH, defaults[key])
        if key in defaults
        else classes.names(key, CLASS_NAME_LENGTH)
        for key in DIMENSIONS
    )
    classes.finish()
    if math.prod(map(len, dimensions)) > MAX_CLASSES:
        classes.refuse(f"the lists span more than {MAX_CLASSES} classes")
    return dimensions


def _power_of_two(table: Table, key: str, low: int, high: int) -> int:
    value = table.integer(key, low, high)
    if value & (value - 1):
        table.refuse(f"must be a power of two, not {value}", key)
    return value


def _read_gas_levels(table: Table) -> tuple[int, ...]:
    """Thresholds of `[gas]`, ascending."""
    levels = table.integers("levels", 0, (1 << 48) - 1) if table.has("levels") else ()
    if list(levels) != sorted(levels):
        table.refuse("must ascend", "levels")
    if len(levels) > MAX_GAS_LEVELS:
        table.refuse(f"has {len(levels)} entries; at most {MAX_GAS_LEVELS} are allowed", "levels")
    table.finish()
    return levels


def _read_decimals(table: Table, instruments: tuple[str, ...]) -> tuple[Decimals, ...]:
    """Decimals per instrument: the table's own, changed by `[decimals.instruments.NAME]`."""
    common = Decimals.read(table)
    own = table.table("instruments")
    decimals = []
    for name in instruments:
        entry = own.table(name)
        decimals.append(Decimals.read(entry, common))
        entry.finish()
    own.finish()
    table.finish()
    return tuple(decimals)
