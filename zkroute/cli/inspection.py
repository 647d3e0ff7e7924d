"""What a file is, found from its content, and the facts worth showing of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from pathlib import Path

from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from zkroute.audit.page import MARK
from zkroute.cli import settlement_inspection
from zkroute.cli.artefacts import read_header, read_key
from zkroute.cli.inspected import Describe, Inspected, Listing
from zkroute.cli.router_secret import PASSPHRASE_VARIABLE, private_key
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MalformedError, UsageError
from zkroute.formats import batch as batch_file
from zkroute.formats import header as header_file
from zkroute.formats import key as key_file
from zkroute.formats import srs_file
from zkroute.formats.chain import MAX_CHAIN_BYTES
from zkroute.formats.documents import read_policy, read_snapshot
from zkroute.formats.files import read_bytes
from zkroute.formats.proof import MAX_PROOF_BYTES, decode_proof
from zkroute.formats.ptau_container import open_container
from zkroute.formats.router_key import is_encrypted, read_public_key
from zkroute.model.document import MAX_DOCUMENT_BYTES
from zkroute.model.json_text import load_json
from zkroute.model.order import ORDER_RECORD
from zkroute.model.order_files import REQUIRED
from zkroute.model.text_columns import read_text_columns
from zkroute.model.trades import TRADE_COLUMNS
from zkroute.protocol.proof import ProofLayout
from zkroute.routing.parameters import route_entries

_HEAD_BYTES = 4096
_PUBLIC_KEY = re.compile(rb"[0-9a-f]{64}\s*")
_ORDER_ENDINGS = ([".csv"], [".parquet"], [".jsonl"], [".ndjson"])


def inspect_file(path: Path, key: Path) -> Inspected:
    """The facts of a file or of a batch's folder; ``key`` is only read for a proof.

    Raises MalformedError for a file that is not what it says, UsageError for one that says nothing.
    """
    if path.is_dir():
        path = BatchFolder(path).header
    describe = _by_content(path, _head(path))
    return describe(path) if describe is not None else _inspect_proof(path, key)


def _by_content(path: Path, head: bytes) -> Describe | None:
    """What describes a file, by how it begins, and where that is anything by its ending."""
    by_magic = _BY_MAGIC | settlement_inspection.BY_MAGIC
    rules = [(head.startswith(magic), describe) for magic, describe in by_magic.items()]
    is_page = head.startswith(b"<!DOCTYPE html>") and MARK.encode("ascii") in head
    is_public_key = path.suffix == ".pub" or _PUBLIC_KEY.fullmatch(head) is not None
    rules += [
        (head.lstrip()[:1] == b"{", _inspect_json),
        (path.suffix == ".toml", _inspect_toml),
        (is_public_key, _inspect_public_key),
        (is_page, _inspect_page),
        (_looks_like_orders(path), _inspect_orders),
    ]
    return next((describe for applies, describe in rules if applies), None)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _inspect_json(path: Path) -> Inspected:
    """By what it calls itself, or for a canonical policy or snapshot by the keys it has."""
    lines = settlement_inspection.inspect_lines(path)
    if lines is not None:
        return lines
    if _looks_like_orders(path):
        return _inspect_orders(path)
    try:
        values = load_json(read_bytes(path, MAX_CHAIN_BYTES).decode("ascii"))
    except ValueError:
        raise MalformedError(f"{path}: begins like JSON but is not") from None
    describe = (_BY_FORMAT | settlement_inspection.BY_FORMAT).get(str(values.get("format")))
    if describe is not None:
        return describe(path)
    if "nodes" in values:
        return _inspect_snapshot(path)
    if "classes" in values:
        return _inspect_policy(path)
    raise UsageError(f"{path}: JSON, but none of zkroute's files")


def _looks_like_orders(path: Path) -> bool:
    """By the endings that order files are read by."""
    endings = [suffix.lower() for suffix in path.suffixes]
    return endings[-2:] == [".csv", ".gz"] or endings[-1:] in _ORDER_ENDINGS


def _inspect_orders(path: Path) -> Inspected:
    columns = read_text_columns(path)
    facts: dict[str, object] = {"count": columns.count, "columns": ", ".join(columns.columns)}
    if columns.columns.keys() >= set(TRADE_COLUMNS):
        return Inspected("trades", facts)
    if columns.columns.keys() >= set(REQUIRED):
        return Inspected("orders", facts | {"note": "in the clear: keep it to yourself"})
    raise UsageError(f"{path}: its columns are neither those of orders nor of trades")


def _inspect_public_key(path: Path) -> Inspected:
    return Inspected("router's public key", {"public_key": read_public_key(path).hex()})


def _inspect_page(_path: Path) -> Inspected:
    return Inspected("audit report as a page", {"note": "to be read in a browser"})


def _inspect_toml(path: Path) -> Inspected:
    try:
        values = tomllib.loads(read_bytes(path, MAX_DOCUMENT_BYTES).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        values = {}  # the policy reader says what is wrong and where
    if "routers" in values:
        return settlement_inspection.inspect_configuration(path)
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
    entries = [entry for level in levels for entry in route_entries(policy, level)]
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
    if not is_encrypted(path) or PASSPHRASE_VARIABLE in os.environ:
        public = private_key(path).public_key().public_bytes_raw()
        return Inspected("router's private key", {"public_key": public.hex()})
    note = f"protected by a passphrase; put it into {PASSPHRASE_VARIABLE} to see the public key"
    return Inspected("router's private key", {"note": note})


def _inspect_proof(path: Path, key: Path) -> Inspected:
    size = path.stat().st_size
    if not 0 < size <= MAX_PROOF_BYTES or size % 32:
        raise UsageError(f"{path}: none of zkroute's files")
    data = read_bytes(path, MAX_PROOF_BYTES)
    facts: dict[str, object] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if not key.exists():
        facts["note"] = "perhaps a proof; name its --key to read it"
        return Inspected("32-byte elements", facts)
    verifying_key = read_key(key)
    layout = ProofLayout.of(verifying_key.circuit.lowered, verifying_key.nodes)
    try:
        decode_proof(data, layout)
    except MalformedError as error:
        raise MalformedError(
            f"{path}: no proof of {key}, and none of zkroute's other files: {error}"
        ) from None
    facts |= {"points": layout.points, "scalars": layout.scalars, "nodes": layout.slice_digests}
    facts["note"] = "every point is on the curve, every scalar canonical; not verified"
    return Inspected("proof", facts)


_BY_MAGIC: dict[bytes, Describe] = {
    srs_file.MAGIC: _inspect_srs,
    batch_file.MAGIC: _inspect_private,
    b"ptau": _inspect_ptau,
    b"-----BEGIN": _inspect_router_key,
}
"""Files of batches and their keys by how they begin."""

_BY_FORMAT: dict[str, Describe] = {
    header_file.FORMAT: _inspect_header,
    key_file.FORMAT: _inspect_key,
}
"""JSON files by what they call themselves."""
