"""``chain.json``: a chain's published batches in order, files by digest (docs/auditing.md)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import Table
from zkroute.protocol.header import COUNTER_LIMIT

FORMAT = "zkroute-chain"
VERSION = 1
MAX_BATCHES = 1 << 20
MAX_CHAIN_BYTES = 1 << 29


@dataclass(frozen=True)
class Entry:
    """One published batch: its number, and the 32-byte digests that name its files."""

    batch: int
    header: bytes
    """Digest of the header, as the next header's ``previous`` has it."""
    proof: bytes
    """SHA-256 of the proof's bytes."""
    key: bytes
    policy: bytes
    snapshot: bytes


@dataclass(frozen=True)
class PublishedChain:
    """What a publisher says its chain is; nothing in it is believed before it is audited."""

    chain: str
    batches: tuple[Entry, ...]


def encode_chain(published: PublishedChain) -> bytes:
    """The bytes of ``chain.json``."""
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "chain": published.chain,
            "batches": [
                {
                    name: value.hex() if isinstance(value, bytes) else value
                    for name, value in asdict(entry).items()
                }
                for entry in published.batches
            ],
        }
    )


def decode_chain(data: bytes, source: str) -> PublishedChain:
    """The list in the bytes of ``chain.json``, at least one batch. Raises MalformedError.

    Soundness: order, numbers and digests are as the publisher wrote them; ``zkroute.audit`` checks
    them against the headers.
    """
    table = load_object(data, source, MAX_CHAIN_BYTES)
    check_format(table, FORMAT, VERSION)
    published = PublishedChain(
        chain=table.name("chain"),
        batches=tuple(map(_entry, table.tables("batches", MAX_BATCHES))),
    )
    table.finish()
    return published


def _entry(table: Table) -> Entry:
    entry = Entry(
        batch=table.integer("batch", 0, COUNTER_LIMIT - 1),
        header=hexadecimal(table, "header", 32),
        proof=hexadecimal(table, "proof", 32),
        key=hexadecimal(table, "key", 32),
        policy=hexadecimal(table, "policy", 32),
        snapshot=hexadecimal(table, "snapshot", 32),
    )
    table.finish()
    return entry
