"""Snapshots that are signed by the nodes they speak of, and expire.

A router that could write down any load, price or status for a node could steer orders by it. So
each node, or an operator that its peers trust, signs its own entry for a short time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.formats.telemetry import Statement, Telemetry
from zkroute.model.document import canonical
from zkroute.model.snapshot import Node, Snapshot
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.signatures import first_forged

STATEMENT_DOMAIN = b"zkroute/telemetry-statement/v1"
NOT_THE_NODES_WORD = ("forecast",)
"""Fields of a snapshot's entry that the router publishes on its own account."""


@dataclass(frozen=True)
class Signers:
    """Who may speak for a node."""

    nodes: Mapping[str, bytes]
    """Each node's own public key, by name."""
    operators: frozenset[bytes] = frozenset()
    """Public keys that may speak for any node, for one that is down or lost its key."""

    def allow(self, signer: bytes, node: str) -> bool:
        """Whether this key may speak for the node."""
        return signer in self.operators or self.nodes.get(node) == signer


def sign_statement(
    node: Node, chain: str, key: Ed25519PrivateKey, issued_ms: int, expires_ms: int
) -> Statement:
    """The key holder's word for the node's entry from ``issued_ms`` until before ``expires_ms``."""
    return Statement(
        node.name,
        issued_ms,
        expires_ms,
        key.public_key().public_bytes_raw(),
        key.sign(_message(node, chain, issued_ms, expires_ms)),
    )


def gather(snapshot: Snapshot, statements: Sequence[Statement]) -> Telemetry:
    """Telemetry for the snapshot out of its nodes' statements."""
    return Telemetry(snapshot.digest, tuple(statements))


def require_signed_entries(snapshot: Snapshot, telemetry: Telemetry, chain: str) -> None:
    """Every statement about a node of the snapshot signs the very entry that the snapshot has.

    Raises SettlementError naming the first node whose statement does not.

    Soundness: whether the signers may speak for the nodes, and when, is for ``check_telemetry``.
    """
    nodes = {node.name: node for node in snapshot.nodes}
    stated = [each for each in telemetry.statements if each.node in nodes]
    _require_signatures(chain, [(nodes[each.node], each) for each in stated])


def check_telemetry(
    snapshot: Snapshot, telemetry: Telemetry | None, chain: str, signers: Signers, at_ms: int
) -> None:
    """Every entry of the snapshot is signed by one who may, for a time that includes ``at_ms``.

    Raises SettlementError naming the node whose statement is missing, forged or expired.
    """
    if telemetry is None or telemetry.snapshot != snapshot.digest:
        raise SettlementError(
            Reason.SNAPSHOT_UNSIGNED,
            f"there are no node signatures for snapshot {snapshot.digest.hex()[:16]}",
        )
    stated = {statement.node: statement for statement in telemetry.statements}
    claims = []
    for node in snapshot.nodes:
        statement = stated.get(node.name)
        if statement is None or not signers.allow(statement.signer, node.name):
            raise SettlementError(
                Reason.SNAPSHOT_UNSIGNED,
                f"the snapshot's entry of node {node.name!r} is not signed by a key that may "
                "speak for it",
            )
        if not statement.issued_ms <= at_ms < statement.expires_ms:
            raise SettlementError(
                Reason.SNAPSHOT_EXPIRED,
                f"the statement of node {node.name!r} holds from {statement.issued_ms} to "
                f"{statement.expires_ms} ms, not at {at_ms}",
            )
        claims.append((node, statement))
    _require_signatures(chain, claims)


def _require_signatures(chain: str, claims: Sequence[tuple[Node, Statement]]) -> None:
    """Each statement is a signature under its node's entry. Raises SettlementError."""
    forged = first_forged(
        [
            (each.signer, each.signature, _message(node, chain, each.issued_ms, each.expires_ms))
            for node, each in claims
        ]
    )
    if forged is not None:
        raise SettlementError(
            Reason.SNAPSHOT_UNSIGNED,
            f"node {claims[forged][0].name!r} signed another entry than the snapshot's",
        )


def _message(node: Node, chain: str, issued_ms: int, expires_ms: int) -> bytes:
    entry = {
        name: value for name, value in node.document().items() if name not in NOT_THE_NODES_WORD
    }
    return STATEMENT_DOMAIN + canonical(
        {"chain": chain, "node": entry, "issued_ms": issued_ms, "expires_ms": expires_ms}
    )
