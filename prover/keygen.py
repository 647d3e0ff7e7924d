"""Deriving keys: the verifying key from public documents, and the prover's working key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit, routing_circuit
from prover.commit import BlindedColumn, Committer
from zkroute.algebra.engine import Column, Engine, Vector
from zkroute.errors import MismatchError
from zkroute.model.policy import Policy
from zkroute.protocol.key import KEY_VERSION, VerifyingKey
from zkroute.protocol.srs import StructuredReferenceString


def derive_key(
    policy: Policy, nodes: int, log_rows: int, srs: StructuredReferenceString, engine: Engine
) -> VerifyingKey:
    """The verifying key of a policy, node count, row class and SRS; the same for everyone.

    Raises UsageError if the SRS is too short or the row class does not fit the policy,
    MismatchError for more nodes than the policy has slots.
    """
    if not 1 <= nodes <= policy.slots:
        raise MismatchError(f"{nodes} nodes do not fit the policy's {policy.slots} slots")
    circuit = routing_circuit(policy, log_rows)
    committer = Committer(srs, engine)
    columns = [
        BlindedColumn(Column(_index(1 << table.log_rows), table.log_rows), table.log_rows, ())
        for column in circuit.lowered.circuit.columns(Kind.FIXED)
        for table in [circuit.lowered.circuit.tables[column.table]]
    ]
    return VerifyingKey(
        version=KEY_VERSION,
        policy_document=policy.canonical_bytes(),
        log_rows=log_rows,
        nodes=nodes,
        circuit_digest=circuit.digest,
        srs=srs.identifier,
        g2_tau=srs.g2_tau,
        fixed=tuple(committer.columns(columns)),
    )


class ProvingKey:
    """A verifying key with the SRS, an engine and everything that can be prepared once."""

    def __init__(self, key: VerifyingKey, srs: StructuredReferenceString, engine: Engine) -> None:
        """Raises MismatchError if the SRS is not the key's."""
        if srs.identifier != key.srs:
            raise MismatchError(f"the key is for SRS {key.srs}, not {srs.identifier}")
        self.key = key
        self.engine = engine
        self.committer = Committer(srs, engine)

    @property
    def circuit(self) -> RoutingCircuit:
        """The circuit proofs are made for."""
        return self.key.circuit

    @cached_property
    def fixed_values(self) -> Mapping[tuple[str, str], Vector]:
        """Values of the fixed columns on their domains."""
        circuit = self.circuit.lowered.circuit
        return {
            (column.table, column.name): self.engine.load(_index(circuit.tables[column.table].rows))
            for column in circuit.columns(Kind.FIXED)
        }

    @cached_property
    def fixed_coefficients(self) -> Mapping[tuple[str, str], Vector]:
        """Coefficients of the fixed columns."""
        return {
            place: self.engine.interpolate(values) for place, values in self.fixed_values.items()
        }


def _index(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """0, 1, 2, ...: both fixed columns count their rows."""
    return np.arange(rows, dtype=np.uint64).reshape(rows, 1)
