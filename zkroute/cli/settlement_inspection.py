"""What inspect shows of the files of traders, regulators, settlement nodes and auditors.

Nothing in them is verified here; of what is private there are only counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from zkroute.audit import report as audit_report
from zkroute.cli.figures_file import are_figures
from zkroute.cli.inspected import Describe, Inspected, Listing
from zkroute.errors import MalformedError, UsageError
from zkroute.formats import (
    chain,
    disclosure,
    evidence,
    handover,
    inclusion,
    intake,
    ledger_export,
    receipt,
    signed_orders,
    telemetry,
    traders,
)
from zkroute.formats import slice as slice_file
from zkroute.formats.files import read_bytes
from zkroute.model.json_text import load_json
from zkroute.settlement import checkpoint, intake_file, ledger_file
from zkroute.settlement.configuration_file import read_configuration
from zkroute.settlement.database import explained
from zkroute.settlement.disclosure_log import MAX_LINE_BYTES, read_disclosure_log

UNVERIFIED = "as it says of itself; not verified"
VERIFIED_BY = "as it says of itself; {} verifies it"
_MARKS = ("application_id", "user_version")
_LOG_FIELDS = {"number", "recipient", "link"}


def _inspect_receipt(path: Path) -> Inspected:
    found = receipt.read_receipt(path)
    facts: dict[str, object] = {
        "version": receipt.VERSION,
        "chain": found.chain,
        "router": found.router.hex(),
        "sequence": found.sequence,
        "order_digest": found.digest.hex(),
        "time_ms": found.time_ms,
        "include_by_ms": found.include_by_ms,
        "note": VERIFIED_BY.format("'zkroute receipt check'"),
    }
    return Inspected("receipt", facts)


def _inspect_evidence(path: Path) -> Inspected:
    found = evidence.read_evidence(path)
    chains = {each.chain for each in found.receipts} | {each.chain for each in found.headers}
    facts: dict[str, object] = {
        "version": evidence.VERSION,
        "shows": found.kind.value,
        "chain": ", ".join(sorted(chains)),
        "receipts": [each.sequence for each in found.receipts],
        "headers": [each.digest.hex() for each in found.headers],
        "discloses_an_order": bool(found.record),
        "note": VERIFIED_BY.format("'zkroute receipt evidence'"),
    }
    return Inspected("evidence against a router", facts)


def _inspect_disclosure(path: Path) -> Inspected:
    found = disclosure.read_disclosure(path)
    source = str(path)
    facts: dict[str, object] = {
        "version": disclosure.VERSION,
        "header_digest": found.header.hex(),
        "recipient": found.recipient,
        "purpose": found.purpose,
        "made_ms": found.made_ms,
        "orders": inclusion.opening_head(found.orders, source).rows if found.orders else 0,
        "nodes": inclusion.opening_head(found.nodes, source).rows if found.nodes else 0,
        "order_documents": len(found.records),
        "note": VERIFIED_BY.format("'zkroute disclose check'") + " and shows what is disclosed",
    }
    return Inspected("disclosure", facts)


def _inspect_handover(path: Path) -> Inspected:
    found = handover.read_handover(path)
    facts: dict[str, object] = {
        "version": handover.VERSION,
        "chain": found.chain,
        "old": found.old.hex(),
        "new": found.new.hex(),
        "from_batch": found.from_batch,
        "note": UNVERIFIED,
    }
    return Inspected("handover of a router", facts)


def _inspect_telemetry(path: Path) -> Inspected:
    found = telemetry.read_telemetry(path)
    rows: list[tuple[object, ...]] = [
        (each.node, each.issued_ms, each.expires_ms, each.signer.hex()) for each in found.statements
    ]
    facts: dict[str, object] = {
        "version": telemetry.VERSION,
        "snapshot": found.snapshot.hex(),
        "count": len(rows),
        "note": UNVERIFIED,
    }
    titles = ("node", "issued_ms", "expires_ms", "signer")
    return Inspected("nodes' statements", facts, [Listing("statements", titles, rows)])


def _inspect_traders(path: Path) -> Inspected:
    found = traders.read_traders(path)
    facts: dict[str, object] = {
        "version": traders.VERSION,
        "accounts": len(found),
        "keys": sum(map(len, found.values())),
    }
    return Inspected("traders' keys", facts)


def _inspect_chain(path: Path) -> Inspected:
    found = chain.decode_chain(read_bytes(path, chain.MAX_CHAIN_BYTES), str(path))
    facts: dict[str, object] = {
        "version": chain.VERSION,
        "chain": found.chain,
        "batches": len(found.batches),
        "first_batch": found.batches[0].batch,
        "last_batch": found.batches[-1].batch,
        "head": found.batches[-1].header.hex(),
        "note": VERIFIED_BY.format("'zkroute audit'"),
    }
    return Inspected("published chain", facts)


def _inspect_checkpoint(path: Path) -> Inspected:
    found = checkpoint.read_checkpoint(path) or checkpoint.START
    facts: dict[str, object] = {
        "version": checkpoint.VERSION,
        "batches": found.batches,
        "link": found.link.hex(),
    }
    return Inspected("checkpoint of a ledger", facts)


def _inspect_report(path: Path) -> Inspected:
    """Written for people and other programs, so there is no reader of ours that checks it."""
    values = load_json(read_bytes(path, chain.MAX_CHAIN_BYTES).decode("ascii"))
    names = ("version", "chain", "valid", "exit_code", "made_ms")
    facts = {name: values.get(name) for name in names}
    if not all(isinstance(value, (str, int)) for value in facts.values()):
        raise MalformedError(f"{path}: not a report as 'zkroute audit' writes it")
    for name in ("batches", "findings"):
        listed = values.get(name)
        facts[name] = len(listed) if isinstance(listed, list) else 0
    return Inspected("audit report", facts | {"note": UNVERIFIED})


BY_FORMAT: dict[str, Describe] = {
    receipt.FORMAT: _inspect_receipt,
    evidence.FORMAT: _inspect_evidence,
    disclosure.FORMAT: _inspect_disclosure,
    handover.FORMAT: _inspect_handover,
    telemetry.FORMAT: _inspect_telemetry,
    traders.FORMAT: _inspect_traders,
    chain.FORMAT: _inspect_chain,
    checkpoint.FORMAT: _inspect_checkpoint,
    audit_report.FORMAT: _inspect_report,
}
"""JSON files by what they call themselves."""


def inspect_lines(path: Path) -> Inspected | None:
    """The facts of a file with an object in each line; None if it is nothing of ours."""
    try:
        with path.open("rb") as file:
            line = file.readline(MAX_LINE_BYTES)
            first = load_json(line.decode("ascii"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        return None
    if not isinstance(first, Mapping):
        return None
    if first.get("format") == ledger_export.FORMAT:
        return _inspect_export(path)
    if first.keys() >= _LOG_FIELDS:
        lines = read_disclosure_log(path)
        facts: dict[str, object] = {"lines": len(lines)}
        if lines:
            facts |= {"link": lines[-1].link.hex()}
        facts["note"] = "every line follows on the one before; 'zkroute disclose log' shows them"
        return Inspected("log of disclosures", facts)
    if line.endswith(b"\n") and are_figures(line):
        with path.open("rb") as file:
            return Inspected("figures of 'zkroute bench'", {"batches": sum(1 for _ in file)})
    return None


def _inspect_export(path: Path) -> Inspected:
    start, _ = ledger_export.read_export(path)
    facts: dict[str, object] = {
        "version": ledger_export.VERSION,
        "chain": start.chain,
        "batches": start.batches,
        "link": start.link.hex(),
        "note": "the first line; 'zkroute settle import' verifies the others",
    }
    return Inspected("ledger written out", facts)


def inspect_configuration(path: Path) -> Inspected:
    """The facts of ``node.toml`` and the files that it names."""
    found = read_configuration(path)
    terms = found.configuration
    facts: dict[str, object] = {
        "chain": terms.chain,
        "node": terms.node or "none: it only observes",
        "keys": [digest.hex() for digest in terms.keys],
        "routers": [key.hex() for key in terms.routers.terms],
        "snapshots": [digest.hex() for digest in terms.snapshots],
        "signatures": terms.signing.value,
        "ledger": str(found.ledger),
        "checkpoint": str(found.checkpoint),
    }
    return Inspected("configuration of a settlement node", facts)


def _inspect_slice(path: Path) -> Inspected:
    found = slice_file.read_slice(path)
    facts: dict[str, object] = {
        "version": slice_file.VERSION,
        "header_digest": found.header_digest.hex(),
        "slot": found.slot,
        "orders": len(found),
        "signed_by_traders": bool(found.envelopes),
        "note": "for its node alone: keep it to yourself",
    }
    return Inspected("slice of a batch", facts)


def _inspect_signed_orders(path: Path) -> Inspected:
    _, envelopes = signed_orders.read_signed_orders(path)
    facts: dict[str, object] = {
        "orders": len(envelopes) // slice_file.ENVELOPE_BYTES,
        "note": "for trader and router alone: keep it to yourself",
    }
    return Inspected("signed orders", facts)


def _inspect_intake_leaves(path: Path) -> Inspected:
    found = intake.read_intake(path)
    facts: dict[str, object] = {
        "first_sequence": found.first_sequence,
        "leaves": len(found.leaves),
    }
    return Inspected("leaves of an intake log", facts)


def _inspect_inclusion(path: Path) -> Inspected:
    data = read_bytes(path, inclusion.MAX_INCLUSION_BYTES)
    head = inclusion.opening_head(data, str(path))
    facts: dict[str, object] = {
        "header_digest": head.header_digest.hex(),
        "table": head.table,
        "rows": head.rows,
        "columns": head.mask.bit_count(),
        "bytes": len(data),
        "note": VERIFIED_BY.format("'zkroute inclusion check'"),
    }
    return Inspected("inclusion proof", facts)


def _inspect_database(path: Path) -> Inspected:
    """A ledger or an intake log, opened for reading alone."""
    # nobody has it open: without this SQLite would leave files beside it
    unused = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"
    address = f"{path.absolute().as_uri()}?mode=ro{unused}"
    with explained(path), closing(sqlite3.connect(address, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")

        mark, version = (_ask(connection, f"PRAGMA {name}") for name in _MARKS)
        if (mark, version) == (ledger_file.KIND.application_id, ledger_file.KIND.version):
            return Inspected("ledger", _ledger_facts(connection))
        if (mark, version) == (intake_file.KIND.application_id, intake_file.KIND.version):
            intake_file.require_private(path)
            return Inspected("intake log", _intake_facts(connection))
    raise UsageError(f"{path}: a database, but none of zkroute's, or of another version")


def _ledger_facts(connection: sqlite3.Connection) -> dict[str, object]:
    newest = " FROM batches ORDER BY height DESC LIMIT 1"
    facts: dict[str, object] = {
        "version": ledger_file.KIND.version,
        "batches": _ask(connection, "SELECT count(*) FROM batches"),
        "forks": _ask(connection, "SELECT count(*) FROM forks"),
        "head": _ask(connection, f"SELECT lower(hex(digest)){newest}"),
        "link": _ask(connection, f"SELECT lower(hex(link)){newest}"),
        "note": "not checked; 'zkroute settle status' does",
    }
    return {name: value for name, value in facts.items() if value is not None}


def _intake_facts(connection: sqlite3.Connection) -> dict[str, object]:
    facts: dict[str, object] = {
        "version": intake_file.KIND.version,
        "chain": _ask(connection, "SELECT name FROM chain"),
        "orders": _ask(connection, "SELECT count(*) FROM entries"),
        "first_sequence": _ask(connection, "SELECT min(sequence) FROM entries"),
        "last_sequence": _ask(connection, "SELECT max(sequence) FROM entries"),
        "note": "holds orders in the clear: keep it to yourself",
    }
    return {name: value for name, value in facts.items() if value is not None}


def _ask(connection: sqlite3.Connection, query: str) -> object:
    """The one value that answers a query; None for no row."""
    row = connection.execute(query).fetchone()
    return row[0] if row else None


BY_MAGIC: dict[bytes, Describe] = {
    slice_file.MAGIC: _inspect_slice,
    signed_orders.MAGIC: _inspect_signed_orders,
    intake.MAGIC: _inspect_intake_leaves,
    inclusion.MAGIC: _inspect_inclusion,
    b"SQLite format 3\0": _inspect_database,
}
"""Other files by how they begin."""
