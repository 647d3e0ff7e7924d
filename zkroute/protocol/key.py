"""The verifying key: what a verifier must know of a policy, row class and SRS."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from circuits.routing import RoutingCircuit, routing_circuit
from zkroute.algebra.domain import ROOT_CONVENTION
from zkroute.algebra.groups import PointG1, PointG2, encode_g2
from zkroute.errors import MismatchError
from zkroute.model.policy import Policy, policy_from_canonical
from zkroute.protocol.framing import frame

KEY_VERSION = 1
KEY_DOMAIN = "zkroute/verifying-key/v1"


@dataclass(frozen=True)
class VerifyingKey:
    """Derived from policy, snapshot shape, row class and SRS; anyone can reproduce its digest.

    Soundness: a key is only as good as its digest's provenance; a verifier compares it with the
    digests it was configured with before anything else.
    """

    version: int
    policy_document: bytes
    """Canonical bytes of the policy."""
    log_rows: int
    nodes: int
    """Number of nodes in the snapshot, so of slice digests in a proof."""
    circuit_digest: bytes
    srs: str
    g2_tau: PointG2
    fixed: tuple[PointG1, ...]
    """Commitments to the circuit's fixed columns, in declaration order."""

    def body(self) -> bytes:
        """Canonical bytes of every field, with the root-of-unity convention."""
        return frame(
            KEY_DOMAIN,
            {
                "version": self.version,
                "policy_document": self.policy_document,
                "log_rows": self.log_rows,
                "nodes": self.nodes,
                "circuit_digest": self.circuit_digest,
                "root_of_unity": ROOT_CONVENTION,
                "srs": self.srs,
                "g2_tau": encode_g2(self.g2_tau),
                "fixed": self.fixed,
            },
        )

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.body()).digest()

    @cached_property
    def policy(self) -> Policy:
        """The policy the key carries."""
        return policy_from_canonical(self.policy_document)

    @cached_property
    def circuit(self) -> RoutingCircuit:
        """The circuit, rebuilt from the policy. Raises MismatchError if its digest differs."""
        circuit = routing_circuit(self.policy, self.log_rows)
        if circuit.digest != self.circuit_digest:
            raise MismatchError(
                "the key was made for another circuit than this version builds from its policy; "
                "derive the key again with this version, or verify with the version that made it"
            )
        return circuit
