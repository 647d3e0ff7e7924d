"""``key.json``: a verifying key with the policy it was derived from (docs/formats.md)."""

from __future__ import annotations

from circuits.statement import MAXIMUM_LOG_ROWS, MINIMUM_LOG_ROWS
from zkroute.algebra.groups import G2_BYTES, PointG2, compress_g1, decode_g2, encode_g2
from zkroute.errors import MalformedError
from zkroute.formats.strict_json import (
    check_format,
    dump_object,
    hexadecimal,
    load_object,
    points,
)
from zkroute.model.document import MAX_DOCUMENT_BYTES, Table, canonical, load_canonical
from zkroute.model.policy import MAX_SLOTS, policy_from_canonical
from zkroute.protocol.key import KEY_VERSION, VerifyingKey
from zkroute.protocol.srs import SrsKind, check_g2_tau, srs_identifier

FORMAT = "zkroute-verifying-key"
MAX_KEY_BYTES = 2 * MAX_DOCUMENT_BYTES
MAX_FIXED_COLUMNS = 32


def encode_key(key: VerifyingKey) -> bytes:
    """The bytes of ``key.json``."""
    policy = load_canonical(key.policy_document, "policy of the key").values
    return dump_object(
        {
            "format": FORMAT,
            "version": key.version,
            "digest": key.digest.hex(),
            "log_rows": key.log_rows,
            "nodes": key.nodes,
            "circuit": key.circuit_digest.hex(),
            "srs": key.srs,
            "g2_tau": encode_g2(key.g2_tau).hex(),
            "fixed": [compress_g1(column).hex() for column in key.fixed],
            "policy": policy,
        }
    )


def decode_key(data: bytes, source: str) -> VerifyingKey:
    """The key in the bytes of ``key.json``: points in their groups, SRS and digest as stated.

    Raises MalformedError naming ``source`` and the field.

    Soundness: that the digest is one to believe in is for the caller, who names it beforehand.
    """
    table = load_object(data, source, MAX_KEY_BYTES)
    check_format(table, FORMAT, KEY_VERSION)
    srs = table.name("srs", 128)
    key = VerifyingKey(
        version=KEY_VERSION,
        policy_document=_policy_document(table),
        log_rows=table.integer("log_rows", MINIMUM_LOG_ROWS, MAXIMUM_LOG_ROWS),
        nodes=table.integer("nodes", 1, MAX_SLOTS),
        circuit_digest=hexadecimal(table, "circuit", 32),
        srs=srs,
        g2_tau=_g2_tau(table, srs),
        fixed=points(table, "fixed", 1, MAX_FIXED_COLUMNS, allow_infinity=False),
    )
    digest = hexadecimal(table, "digest", 32)
    table.finish()
    if key.nodes > key.policy.slots:
        table.refuse(f"{key.nodes}, but the policy has {key.policy.slots} slots", "nodes")
    if digest != key.digest:
        table.refuse(f"is not that of this key, which is {key.digest.hex()}", "digest")
    return key


def _policy_document(table: Table) -> bytes:
    """Canonical bytes of the policy, which must be written with every default filled in."""
    document = canonical(table.table("policy", optional=False).values)
    try:
        policy_from_canonical(document)
    except MalformedError as error:
        raise MalformedError(f"{table.source}: policy: {error}") from None
    return document


def _g2_tau(table: Table, srs: str) -> PointG2:
    """[tau], which the identifier of the SRS is a digest of."""
    what = f"{table.source}: g2_tau"
    g2_tau = decode_g2(hexadecimal(table, "g2_tau", G2_BYTES), what, allow_infinity=False)
    check_g2_tau(g2_tau, what)
    if srs not in {srs_identifier(kind, g2_tau) for kind in SrsKind}:
        table.refuse("is not the identifier of the SRS with this g2_tau", "srs")
    return g2_tau
