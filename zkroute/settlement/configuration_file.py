"""``node.toml``: a settlement node's configuration as people write it (docs/settlement.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from zkroute.errors import MalformedError, MismatchError, UsageError
from zkroute.formats.documents import read_snapshot
from zkroute.formats.files import read_bytes
from zkroute.formats.handover import read_handover
from zkroute.formats.key import MAX_KEY_BYTES, decode_key
from zkroute.formats.traders import read_traders
from zkroute.model.document import Table, load_toml
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.configuration import DEFAULT_AHEAD_MS, Configuration, Signing
from zkroute.settlement.telemetry import Signers

MAX_CONFIGURATION_BYTES = 1 << 20
LEDGER = "ledger.db"
_MAX_LISTED = 4096
Part = TypeVar("Part")


@dataclass(frozen=True)
class NodeFile:
    """A node's terms, and where it keeps its ledger."""

    configuration: Configuration
    ledger: Path
    checkpoint: Path


def read_configuration(path: Path) -> NodeFile:
    """The configuration in a file; files it names lie beside it unless their path says otherwise.

    Raises MalformedError naming line and key, MismatchError where pinned digests and files do not
    go together, UsageError for a file that cannot be read.
    """
    if not path.exists():
        raise UsageError(f"{path} is not there; 'zkroute settle init' writes a configuration")
    data = read_bytes(path, MAX_CONFIGURATION_BYTES)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"{path}: not text in UTF-8") from None
    table = load_toml(text, str(path))
    node_file = _read(table, path.parent)
    table.finish()
    return node_file


def _read(table: Table, folder: Path) -> NodeFile:
    chain = table.name("chain")
    node = table.name("node") if table.has("node") else None
    ledger = folder / _text(table, "ledger", LEDGER)
    orders, telemetry = table.table("orders"), table.table("telemetry")
    signing = Signing(orders.choice("signatures", [each.value for each in Signing], "registered"))
    traders = read_traders(folder / _text(orders, "traders", "")) if orders.has("traders") else {}
    orders.finish()
    checkpoint = folder / _text(table, "checkpoint", f"{ledger.name}.checkpoint")
    try:
        configuration = Configuration.of(
            chain,
            _files(table, "keys", folder, _key),
            _digests(table, "routers"),
            key_digests=_digests(table, "key_digests"),
            srs=_texts(table, "srs"),
            handovers=_files(table, "handovers", folder, read_handover),
            snapshots=_files(table, "snapshots", folder, read_snapshot),
            signers=_signers(telemetry),
            node=node,
            signing=signing,
            traders=traders,
            ahead_ms=table.integer("ahead_ms", 0, 1 << 40, DEFAULT_AHEAD_MS),
        )
    except MismatchError as error:
        raise MismatchError(f"{table.source}: {error}") from None
    return NodeFile(configuration, ledger, checkpoint)


def _signers(table: Table) -> Signers:
    nodes = table.table("nodes")
    keys = {name: _digest(nodes, name, value) for name, value in nodes.values.items()}
    operators = frozenset(_digests(table, "operators"))
    table.finish()
    return Signers(keys, operators)


def _key(path: Path) -> VerifyingKey:
    return decode_key(read_bytes(path, MAX_KEY_BYTES), str(path))


def _files(table: Table, key: str, folder: Path, read: Callable[[Path], Part]) -> list[Part]:
    return [read(folder / name) for name in _texts(table, key)]


def _digests(table: Table, key: str) -> list[bytes]:
    return [_digest(table, key, value) for value in _texts(table, key)]


def _digest(table: Table, key: str, value: object) -> bytes:
    digits = value if isinstance(value, str) else ""
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        table.refuse("must be 64 lower-case hexadecimal digits in quotes", key)
    return bytes.fromhex(digits)


def _texts(table: Table, key: str) -> list[str]:
    if not table.has(key):
        return []
    values = table.values[key]
    if not isinstance(values, list) or len(values) > _MAX_LISTED:
        table.refuse("must be a list", key)
    for value in values:
        if not isinstance(value, str) or not value.isprintable():
            table.refuse("must be a list of texts in quotes", key)
    return list(values)


def _text(table: Table, key: str, default: str) -> str:
    value = table.values.get(key, default) if table.has(key) else default
    if not isinstance(value, str) or not value or not value.isprintable():
        table.refuse("must be a text in quotes", key)
    return value
