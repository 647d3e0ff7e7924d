"""What a file is, found from its content, and the facts worth showing of it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from zkroute.cli.artefacts import MAX_PROOF_BYTES, read_header, read_key
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MalformedError, UsageError
from zkroute.formats import batch as batch_file
from zkroute.formats import header as header_file
from zkroute.formats import key as key_file
from zkroute.formats import srs_file
from zkroute.formats.documents import read_policy, read_snapshot
from zkroute.formats.files import read_bytes
from zkroute.formats.proof import decode_proof
from zkroute.formats.ptau_container import open_container
from zkroute.formats.router_key import read_private_key, read_public_key
from zkroute.model.document import MAX_DOCUMENT_BYTES
from zkroute.model.json_text import load_json
from zkroute.model.order import ORDER_RECORD
from zkroute.protocol.proof import ProofLayout
from zkroute.routing.parameters import full_route_entries

_HEAD_BYTES = 64


@dataclass(frozen=True)
class Listing:
    """A table to show."""

    caption: str
    titles: tuple[str, ...]
    rows: list[tuple[object, ...]]

    def document(self) -> list[dict[str, object]]:
        """The rows as objects."""
        return [dict(zip(self.titles, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Inspected:
    """What is shown of a file."""

    kind: str
    facts: dict[str, object]
    tables: Sequence[Listing] = ()
    sentences: Sequence[str] = field(default=())

    def document(self, with_sentences: bool) -> dict[str, object]:
        """The same for programs."""
        document = {"kind": self.kind} | self.facts
        document |= {table.caption: table.document() for table in self.tables}
        return document | ({"sentences": list(self.sentences)} if with_sentences else {})


def inspect_file(path: Path, key: Path) -> Inspected:
    """The facts of a file or of a batch's folder; ``key`` is only read for a proof.

    Raises MalformedError for a file that is not what it says, UsageError for one that says nothing.
    """
    if path.is_dir():
        path = BatchFolder(path).header
    head = _head(path)
    for magic, describe in _BY_MAGIC.items():
        if head.startswith(magic):
            return describe(path)
    if head.lstrip()[:1] == b"{":
        return _inspect_json(path)
    if path.suffix == ".toml":
        return _inspect_toml(path)
    if path.suffix == ".pub":
        return Inspected("router's public key", {"public_key": read_public_key(path).hex()})
    return _inspect_proof(path, key)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _inspect_json(path: Path) -> Inspected:
    """A header, a key, or a canonical policy or snapshot, by the keys it has."""
    try:
        values = load_json(read_bytes(path, key_file.MAX_KEY_BYTES).decode("ascii"))
    except ValueError:
        raise MalformedError(f"{path}: begins like JSON but is not") from None
    name = values.get("format")
    if name == header_file.FORMAT:
        return _inspect_header(path)
    if name == key_file.FORMAT:
        return _inspect_key(path)
    if "nodes" in values:
        return _inspect_snapshot(path)
    if "classes" in values:
        return _inspect_policy(path)
    raise UsageError(f"{path}: JSON, but none of zkroute's files")


def _inspect_toml(path: Path) -> Inspected:
    try:
        values = tomllib.loads(read_bytes(path, MAX_DOCUMENT_BYTES).decode("utf-8"))
    except (ValueError, RecursionError):
        values = {}  # the policy reader says what is wrong and where
    return _inspect_snapshot(path) if "nodes" in values else _inspect_policy(path)


def _inspect_header(path: Path) -> Inspected:
    header = read_header(path)
    document = json.loads(header_file.encode_header(header))
    facts: dict[str, object] = {"digest": header.digest.hex()}
    facts |= {name: value for name, value in document.items() if name != "columns"}
    facts["columns"] = f"{len(header.columns)} commitments"
    return Inspected("batch header", facts)


def _inspect_key(path: Path) -> Inspected:
    key = read_key(path)
    circuit = key.circuit
    layout = ProofLayout.of(circuit.lowered, key.nodes)
    facts: dict[str, object] = {
        "digest": key.digest.hex(),
        "policy": key.policy.name,
        "policy_digest": key.policy.digest.hex(),
        "circuit_digest": key.circuit_digest.hex(),
        "srs": key.srs,
        "rows": 1 << key.log_rows,
        "nodes": key.nodes,
        "proof_bytes": layout.length,
        "proof_points": layout.points,
        "proof_scalars": layout.scalars,
        "gate_degree": circuit.lowered.circuit.degree,
    }
    return Inspected(
        "verifying key",
        facts,
        (_tables_listing(circuit), _buses_listing(circuit)),
        _sentences(circuit),
    )


def _tables_listing(circuit: RoutingCircuit) -> Listing:
    lowered = circuit.lowered
    rows: list[tuple[object, ...]] = [
        (
            table.name,
            table.rows,
            *(len(table.of_kind(kind)) for kind in Kind),
            len(lowered.gates[table.name]),
        )
        for table in lowered.circuit.tables.values()
    ]
    return Listing("tables", ("table", "rows", *(kind.value for kind in Kind), "gates"), rows)


def _buses_listing(circuit: RoutingCircuit) -> Listing:
    lowered = circuit.lowered.circuit
    uses = [interaction.bus for interaction in lowered.interactions]
    rows: list[tuple[object, ...]] = [
        (bus, tag, uses.count(bus)) for bus, tag in lowered.buses.items() if bus in uses
    ]
    return Listing("buses", ("bus", "tag", "interactions"), rows)


def _sentences(circuit: RoutingCircuit) -> list[str]:
    lowered = circuit.lowered
    gates = [
        f"{table}: {gate.sentence}" for table, gates in lowered.gates.items() for gate in gates
    ]
    buses = [
        f"{each.table}, bus {each.bus}: {each.sentence}" for each in lowered.circuit.interactions
    ]
    return gates + buses + [f"total: {each.sentence}" for each in lowered.circuit.totals]


def _inspect_policy(path: Path) -> Inspected:
    policy = read_policy(path)
    facts: dict[str, object] = {
        "name": policy.name,
        "digest": policy.digest.hex(),
        "chain": policy.chain,
        "slots": policy.slots,
        "cost": policy.cost.kind,
        "slope": policy.key.slope,
        "drain": policy.drain,
        "order_classes": policy.class_count,
    }
    levels = range(len(policy.gas_levels) + 1)
    entries = [entry for level in levels for entry in full_route_entries(policy, level)]
    rows: list[tuple[object, ...]] = []
    for position, segment in enumerate(policy.segments):
        into = [entry for entry in entries if entry[4] == position]
        priorities = ", ".join(map(str, sorted({entry[5] for entry in into})))
        rows.append((segment.name, len({entry[0] for entry in into}), priorities))
    return Inspected(
        "routing policy", facts, [Listing("segments", ("segment", "classes", "priorities"), rows)]
    )


def _inspect_snapshot(path: Path) -> Inspected:
    snapshot = read_snapshot(path)
    facts: dict[str, object] = {
        "digest": snapshot.digest.hex(),
        "epoch": snapshot.epoch,
        "node_count": len(snapshot.nodes),
    }
    documents = [node.document() for node in snapshot.nodes]
    measures = ("capacity", "service_rate", "gas_price", "latency_ms", "reputation")
    titles = ("slot", "name", "group", *measures, "status")
    rows: list[tuple[object, ...]] = [
        (slot, *(document[title] for title in titles[1:]))
        for slot, document in enumerate(documents)
    ]
    return Inspected("node snapshot", facts, [Listing("nodes", titles, rows)])


def _inspect_srs(path: Path) -> Inspected:
    srs = srs_file.describe_srs(path)
    facts: dict[str, object] = {
        "name": srs.name,
        "srs_kind": srs.kind.value,
        "identifier": srs.identifier,
        "powers": srs.count,
    }
    return Inspected("structured reference string", facts)


def _inspect_ptau(path: Path) -> Inspected:
    with path.open("rb") as file:
        container = open_container(file, str(path))
    facts: dict[str, object] = {
        "power": container.power,
        "powers": (2 << container.power) - 1,
        "lagrange_sections": container.has_lagrange,
        "note": "structure only; 'zkroute srs import' checks the content",
    }
    return Inspected("powers of tau file", facts)


def _inspect_private(path: Path) -> Inspected:
    private = batch_file.read_batch(path)
    facts: dict[str, object] = {
        "header_digest": private.header_digest.hex(),
        "orders": len(private.records) // ORDER_RECORD.itemsize,
        "held_before": len(private.before.held_sequence),
        "held_after": len(private.after.held_sequence),
        "slots": len(private.salts),
        "is_proven": bool(private.proof),
        "next_batches": private.children,
        "note": "opens the header: keep it to yourself",
    }
    return Inspected("private batch", facts)


def _inspect_router_key(path: Path) -> Inspected:
    public = read_private_key(path).public_key().public_bytes_raw()
    return Inspected("router's private key", {"public_key": public.hex()})


def _inspect_proof(path: Path, key: Path) -> Inspected:
    data = read_bytes(path, MAX_PROOF_BYTES)
    if not data or len(data) % 32:
        raise UsageError(f"{path}: none of zkroute's files")
    facts: dict[str, object] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if not key.exists():
        facts["note"] = "perhaps a proof; name its --key to read it"
        return Inspected("32-byte elements", facts)
    verifying_key = read_key(key)
    layout = ProofLayout.of(verifying_key.circuit.lowered, verifying_key.nodes)
    decode_proof(data, layout)
    facts |= {"points": layout.points, "scalars": layout.scalars, "nodes": layout.slice_digests}
    facts["note"] = "every point is on the curve, every scalar canonical; not verified"
    return Inspected("proof", facts)


_BY_MAGIC: dict[bytes, Callable[[Path], Inspected]] = {
    srs_file.MAGIC: _inspect_srs,
    batch_file.MAGIC: _inspect_private,
    b"ptau": _inspect_ptau,
    b"-----BEGIN": _inspect_router_key,
}
