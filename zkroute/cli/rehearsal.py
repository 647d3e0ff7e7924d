"""A desk in memory: policy, nodes, SRS, key and router, for rehearsals that leave no files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import commit_batch
from prover.keygen import ProvingKey, derive_key
from prover.prove import prove
from prover.state import CommittedBatch, Place
from verifier.accept import Acceptance
from verifier.verify import verify
from zkroute.algebra.engine import engine
from zkroute.cli.expectation import expect, remember
from zkroute.cli.reference_strings import powers_needed
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.order import Orders
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.protocol.srs import new_development
from zkroute.routing.flow import generate_flow

REHEARSAL_LOG_ROWS = 9


@dataclass(frozen=True)
class Desk:
    """Everything a router works with; the SRS is made here and good for nothing else."""

    snapshot: Snapshot
    proving_key: ProvingKey
    router: Ed25519PrivateKey

    @classmethod
    def new(cls, policy: Policy, snapshot: Snapshot, log_rows: int) -> Desk:
        """A desk with a new development SRS and router."""
        srs = new_development(powers_needed(log_rows), engine(), "rehearsal")
        key = derive_key(policy, len(snapshot.nodes), log_rows, srs, engine())
        return cls(snapshot, ProvingKey(key, srs, engine()), Ed25519PrivateKey.generate())

    @cached_property
    def public_key(self) -> bytes:
        """The router's public key."""
        return self.router.public_key().public_bytes_raw()

    def commit(self, orders: Orders) -> CommittedBatch:
        """The first batch of a chain."""
        place = Place(None, None, int(time.time() * 1000))
        return commit_batch(
            self.proving_key, self.snapshot, orders, place, self.public_key, self.router.sign
        )

    def acceptance(self) -> Acceptance:
        """What a verifier of this desk's batches accepts."""
        key = self.proving_key.key
        return Acceptance.of(
            [key.digest], [self.snapshot], [self.public_key], development_srs=[key.srs]
        )


def rehearse() -> None:
    """One small batch from orders to verification, so that every kernel is compiled."""
    policy = parse_policy(EXAMPLE_POLICY, "example policy")
    desk = Desk.new(policy, parse_snapshot(EXAMPLE_NODES, "example nodes"), REHEARSAL_LOG_ROWS)
    batch = desk.commit(generate_flow(policy, 1 << REHEARSAL_LOG_ROWS))
    proof = prove(desk.proving_key, desk.snapshot, batch)
    verify(desk.proving_key.key, batch.header, proof, desk.acceptance())
    expectation = expect(desk.proving_key)
    remember(expectation, expectation.seconds)
