"""The routing policy: what is published, hashed into every header, and proven to be followed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from zkroute.model.document import Table, canonical, document_digest, load_canonical, load_toml
from zkroute.model.policy_parts import (
    CLASS_FIELDS,
    CLASS_NAME_LENGTH,
    DIMENSIONS,
    MAX_CLASSES,
    MAX_ROUTES,
    MAX_SEGMENTS,
    Cost,
    Decimals,
    Document,
    KeyRule,
    Route,
    Segment,
    Widths,
)

POLICY_DOMAIN = "zkroute/policy/v1"
MIN_SLOTS, MAX_SLOTS = 4, 4096


@dataclass(frozen=True)
class Policy:
    """A routing policy that has passed every check a policy can pass on its own.

    `chain` names the chain of batches; `slots` is how many node slots it has for good. The four
    name lists span the order classes. `decimals` holds one entry per instrument, in order.
    `drain` is "none" or "service-rate". Made by `parse_policy` or `policy_from_canonical` only.
    """

    name: str
    chain: str
    slots: int
    intents: tuple[str, ...]
    tiers: tuple[str, ...]
    instruments: tuple[str, ...]
    order_types: tuple[str, ...]
    decimals: tuple[Decimals, ...]
    widths: Widths
    cost: Cost
    key: KeyRule
    drain: str
    segments: tuple[Segment, ...]
    routes: tuple[Route, ...]

    @property
    def dimensions(self) -> tuple[tuple[str, ...], ...]:
        """The four name lists, slowest digit of the class index first."""
        return (self.intents, self.tiers, self.instruments, self.order_types)

    @property
    def class_count(self) -> int:
        """Number of order classes."""
        return math.prod(map(len, self.dimensions))

    def class_names(self, index: int) -> tuple[str, ...]:
        """Intent, tier, instrument and order type of a class index."""
        names = []
        for dimension in reversed(self.dimensions):
            index, digit = divmod(index, len(dimension))
            names.append(dimension[digit])
        return tuple(reversed(names))

    @cached_property
    def class_routes(self) -> tuple[Route, ...]:
        """The rule each class falls under, by class index: the first that fits."""
        found = _first_routes(self)
        return tuple(route for route in found if route is not None)

    def segment_index(self, name: str) -> int:
        """Position of a segment in the policy's list."""
        return next(i for i, segment in enumerate(self.segments) if segment.name == name)

    def document(self) -> Document:
        """The policy as a document with every default filled in."""
        return {
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
            "key": self.key.document(),
            "name": self.name,
            "queue": {"drain": self.drain},
            "routes": [route.document() for route in self.routes],
            "segments": [segment.document() for segment in self.segments],
            "slots": self.slots,
            "version": 1,
            "widths": self.widths.document(),
        }

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
    classes = table.table("classes", optional=False)
    intents, tiers, instruments, order_types = dimensions = tuple(
        classes.names(key, CLASS_NAME_LENGTH) for key in DIMENSIONS
    )
    classes.finish()
    if math.prod(map(len, dimensions)) > MAX_CLASSES:
        classes.refuse(f"the four lists span more than {MAX_CLASSES} classes")
    queue = table.table("queue")
    policy = Policy(
        name=table.title("name"),
        chain=table.name("chain"),
        slots=_read_slots(table),
        intents=intents,
        tiers=tiers,
        instruments=instruments,
        order_types=order_types,
        decimals=_read_decimals(table.table("decimals"), instruments),
        widths=Widths.read(table.table("widths")),
        cost=Cost.read(table.table("cost")),
        key=KeyRule.read(table.table("key")),
        drain=queue.choice("drain", ("none", "service-rate"), "none"),
        segments=tuple(map(Segment.read, table.tables("segments", MAX_SEGMENTS))),
        routes=tuple(map(Route.read, table.tables("routes", MAX_ROUTES))),
    )
    queue.finish()
    table.finish()
    _check_cost(policy, table)
    _check_segments(policy, table)
    _check_routes(policy, table)
    return policy


def _read_slots(table: Table) -> int:
    slots = table.integer("slots", MIN_SLOTS, MAX_SLOTS)
    if slots & (slots - 1):
        table.refuse(f"must be a power of two, not {slots}", "slots")
    return slots


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


def _check_segments(policy: Policy, table: Table) -> None:
    names: set[str] = set()
    for position, segment in enumerate(policy.segments):
        if segment.name in names:
            table.refuse(f"{segment.name!r} is already a segment", "segments", position, "name")
        names.add(segment.name)


def _check_routes(policy: Policy, table: Table) -> None:
    segments = {segment.name for segment in policy.segments}
    known = [frozenset(names) for names in policy.dimensions]
    for position, route in enumerate(policy.routes):
        if route.segment not in segments:
            message = f"no segment is called {route.segment!r}"
            table.refuse(message, "routes", position, "segment")
        for field, names, allowed in zip(CLASS_FIELDS, known, route.match, strict=True):
            for name in allowed or ():
                if name not in names:
                    message = f"{name!r} is not in the policy's list of {field}s"
                    table.refuse(message, "routes", position, "match", field)
    _check_coverage(policy, table)


def _check_coverage(policy: Policy, table: Table) -> None:
    uncovered = [i for i, route in enumerate(_first_routes(policy)) if route is None]
    if uncovered:
        shown = "; ".join(", ".join(policy.class_names(index)) for index in uncovered[:8])
        more = f"; and {len(uncovered) - 8} more" if len(uncovered) > 8 else ""
        table.refuse(
            f"no route fits these classes (intent, tier, instrument, order type): {shown}{more}. "
            "A last route without a match takes everything that is left",
            "routes",
        )


def _first_routes(policy: Policy) -> list[Route | None]:
    """The first route that fits each class, by class index; None where none does."""
    found: list[Route | None] = [None] * policy.class_count
    left = (1 << policy.class_count) - 1
    for route in policy.routes:
        fits = route.classes(policy.dimensions) & left
        left &= ~fits
        while fits:
            lowest = fits & -fits
            found[lowest.bit_length() - 1] = route
            fits ^= lowest
    return found
