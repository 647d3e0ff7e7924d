"""The node snapshot of an epoch: what the router knew about each node, published by digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from zkroute.errors import MismatchError
from zkroute.model.document import Table, canonical, document_digest, load_canonical, load_toml
from zkroute.model.policy import MAX_SLOTS

SNAPSHOT_DOMAIN = "zkroute/snapshot/v1"
MAX_MEASURE = (1 << 48) - 1


@dataclass(frozen=True)
class Node:
    """One node as its operator reports it.

    `capacity` and `service_rate` are in the policy's cost unit (capacity in any consistent
    unit, service rate per second); `gas_price`, `latency_ms`, `reputation` are what the policy's
    key weights multiply, and so is `forecast`, the work expected of it. A node that is
    down keeps its slot and its work, and gets no orders.
    """

    name: str
    chain: str
    group: str
    capacity: int
    service_rate: int
    gas_price: int
    latency_ms: int
    reputation: int
    is_up: bool
    forecast: int = 0

    @staticmethod
    def read(table: Table) -> Node:
        """One entry of `[[nodes]]`."""
        node = Node(
            table.name("name"),
            table.name("chain"),
            table.name("group"),
            table.integer("capacity", 1, MAX_MEASURE),
            table.integer("service_rate", 0, MAX_MEASURE),
            table.integer("gas_price", 0, MAX_MEASURE),
            table.integer("latency_ms", 0, MAX_MEASURE),
            table.integer("reputation", 0, MAX_MEASURE),
            table.choice("status", ("up", "down"), "up") == "up",
            table.integer("forecast", 0, MAX_MEASURE, 0),
        )
        table.finish()
        return node

    def document(self) -> dict[str, object]:
        """The node in its canonical form."""
        return {
            "capacity": self.capacity,
            "chain": self.chain,
            "forecast": self.forecast,
            "gas_price": self.gas_price,
            "group": self.group,
            "latency_ms": self.latency_ms,
            "name": self.name,
            "reputation": self.reputation,
            "service_rate": self.service_rate,
            "status": "up" if self.is_up else "down",
        }


@dataclass(frozen=True)
class Snapshot:
    """The nodes of an epoch; the position of a node in `nodes` is its slot.

    `gas_price` is the reference gas price, which decides the policy's gas level.
    Made by `parse_snapshot` or `snapshot_from_canonical` only. Whether it fits a policy is
    checked by `zkroute.routing.parameters.node_parameters`.
    """

    epoch: int
    nodes: tuple[Node, ...]
    gas_price: int = 0

    def canonical_bytes(self) -> bytes:
        """The one byte form of this snapshot; `snapshot_from_canonical` is its inverse."""
        nodes = [node.document() for node in self.nodes]
        return canonical(
            {"epoch": self.epoch, "gas_price": self.gas_price, "nodes": nodes, "version": 1}
        )

    @cached_property
    def digest(self) -> bytes:
        """32 bytes: SHA-256 of "zkroute/snapshot/v1" followed by the canonical bytes."""
        return document_digest(SNAPSHOT_DOMAIN, self.canonical_bytes())


def parse_snapshot(text: str, source: str) -> Snapshot:
    """The snapshot a TOML text writes down; docs/policy.md is the language.

    Raises MalformedError naming source, line and field for anything the language does not allow.
    """
    return _read(load_toml(text, source))


def snapshot_from_canonical(data: bytes) -> Snapshot:
    """The snapshot whose `canonical_bytes` are exactly `data`.

    Raises MalformedError for any other bytes.
    """
    table = load_canonical(data, "canonical snapshot")
    snapshot = _read(table)
    if snapshot.canonical_bytes() != data:
        table.refuse("readable, but not in its canonical form")
    return snapshot


def check_succession(earlier: Snapshot, later: Snapshot) -> None:
    """Guarantee that `later` may follow `earlier` on one chain of batches.

    A slot's work belongs to the node in it, so a node keeps its slot from epoch to epoch: new
    nodes come after the old ones, and one that leaves stays in the file with status "down".

    Raises MismatchError naming the slot, or both epochs where they do not advance.
    """
    if later.epoch <= earlier.epoch and later != earlier:
        raise MismatchError(
            f"snapshot epoch {later.epoch} does not come after epoch {earlier.epoch}"
        )
    for slot, node in enumerate(earlier.nodes):
        if slot >= len(later.nodes) or later.nodes[slot].name != node.name:
            found = later.nodes[slot].name if slot < len(later.nodes) else "nothing"
            raise MismatchError(
                f"slot {slot} belongs to node {node.name!r} but holds {found!r} in epoch "
                f'{later.epoch}; keep retired nodes in their place with status = "down"'
            )


def _read(table: Table) -> Snapshot:
    table.integer("version", 1, 1, 1)
    epoch = table.integer("epoch", 0, (1 << 63) - 1)
    gas_price = table.integer("gas_price", 0, MAX_MEASURE, 0)
    entries = table.tables("nodes", MAX_SLOTS)
    nodes = tuple(map(Node.read, entries))
    table.finish()
    slots: dict[str, int] = {}
    for slot, (node, entry) in enumerate(zip(nodes, entries, strict=True)):
        if node.name in slots:
            entry.refuse(f"{node.name!r} is already the node in slot {slots[node.name]}", "name")
        slots[node.name] = slot
    return Snapshot(epoch, nodes, gas_price)
