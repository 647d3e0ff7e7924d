"""Segments and routes of a policy: which nodes serve which orders, and when they stop to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from zkroute.model.class_match import (
    ClassMatch,
    class_match_document,
    list_or_star,
    read_class_match,
)
from zkroute.model.document import Table
from zkroute.model.policy_parts import MAX_PRIORITY, Document

MAX_SHARDS = 256
MAX_GAS_LEVELS = 15
VALUES = ("normal", "high")
"""What a route may ask of an order's notional; the position is the order's `high`."""
MARGINS = ("ok", "liquidation")
"""What a route may ask of an order's margin; the position is the order's `liquidation`."""


@dataclass(frozen=True)
class NodeSelector:
    """Which nodes a segment takes: those that fit every list given; None is no condition."""

    names: tuple[str, ...] | None = None
    chains: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None

    @staticmethod
    def read(table: Table) -> NodeSelector:
        """Selector of a segment's `nodes` table."""
        selector = NodeSelector(
            table.names_or_all("names"), table.names_or_all("chains"), table.names_or_all("groups")
        )
        table.finish()
        return selector

    def selects(self, name: str, chain: str, group: str) -> bool:
        """Whether a node with these attributes belongs to the segment."""
        names, chains, groups = self._allowed
        return (
            (names is None or name in names)
            and (chains is None or chain in chains)
            and (groups is None or group in groups)
        )

    @cached_property
    def _allowed(self) -> tuple[frozenset[str] | None, ...]:
        lists = (self.names, self.chains, self.groups)
        return tuple(None if names is None else frozenset(names) for names in lists)

    def document(self) -> Document:
        """The table in its canonical form."""
        return {
            "chains": list_or_star(self.chains),
            "groups": list_or_star(self.groups),
            "names": list_or_star(self.names),
        }


@dataclass(frozen=True)
class Segment:
    """A named group of nodes that some classes of orders are spread over.

    It closes for the rest of a batch once every eligible node's key is at least `saturation`, or
    once the costs placed in it in the batch add up to at least `breaker`. Bundles it no longer
    takes go to the segment named `overflow`, or are held where there is none.
    """

    name: str
    nodes: NodeSelector
    overflow: str | None = None
    saturation: int | None = None
    breaker: int | None = None

    @property
    def can_close(self) -> bool:
        """Whether the segment may stop to take orders within a batch."""
        return self.saturation is not None or self.breaker is not None

    @staticmethod
    def read(table: Table) -> Segment:
        """One entry of `[[segments]]`."""
        segment = Segment(
            table.name("name"),
            NodeSelector.read(table.table("nodes")),
            table.name("overflow") if table.has("overflow") else None,
            table.optional_integer("saturation", 0, (1 << 64) - 1),
            table.optional_integer("breaker", 1, (1 << 64) - 1),
        )
        table.finish()
        return segment

    def document(self) -> Document:
        """The table in its canonical form."""
        document: Document = {"name": self.name, "nodes": self.nodes.document()}
        for key in ("overflow", "saturation", "breaker"):
            if getattr(self, key) is not None:
                document[key] = getattr(self, key)
        return document


@dataclass(frozen=True)
class Route:
    """One rule of the route table: orders that fit go to `segment` with `priority`.

    `match` holds, in the order of `CLASS_FIELDS`, the allowed names or None for any. `value` is
    one of `VALUES`, `margin` one of `MARGINS`, `shards` and `gas_levels` are lists; None is no
    condition.
    """

    match: ClassMatch
    segment: str
    priority: int
    value: str | None = None
    margin: str | None = None
    shards: tuple[int, ...] | None = None
    gas_levels: tuple[int, ...] | None = None

    @staticmethod
    def read(table: Table) -> Route:
        """One entry of `[[routes]]`."""
        fields = table.table("match")
        route = Route(
            read_class_match(fields),
            table.name("segment"),
            table.integer("priority", 0, MAX_PRIORITY, 0),
            _word_or_any(fields, "value", VALUES),
            _word_or_any(fields, "margin", MARGINS),
            _numbers_or_all(fields, "shard", MAX_SHARDS - 1),
            _numbers_or_all(fields, "gas_level", MAX_GAS_LEVELS),
        )
        fields.finish()
        table.finish()
        return route

    def document(self) -> Document:
        """The table in its canonical form."""
        match = class_match_document(self.match) | {
            "value": self.value or "*",
            "margin": self.margin or "*",
            "shard": list_or_star(self.shards),
            "gas_level": list_or_star(self.gas_levels),
        }
        return {"match": match, "priority": self.priority, "segment": self.segment}


def _word_or_any(fields: Table, key: str, words: tuple[str, ...]) -> str | None:
    word = fields.choice(key, (*words, "*"), "*")
    return None if word == "*" else word


def _numbers_or_all(fields: Table, key: str, high: int) -> tuple[int, ...] | None:
    if not fields.has(key) or fields.values[key] == "*":
        return None
    return fields.integers(key, 0, high)
