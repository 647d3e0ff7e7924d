"""A small world to prove in: policy, snapshot, orders, development SRS, keys and a router."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circuits.check import check_trace
from circuits.instance import Instance
from circuits.ir.check import Failure
from prover.batch import commit_batch
from prover.keygen import ProvingKey, derive_key
from prover.prove import Traces, build_traces, instance_of
from prover.state import CommittedBatch, Place
from prover.trace.limbs import to_integers
from verifier.accept import Acceptance, Position
from zkroute.algebra.engine import engine
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.order import Orders
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.srs import StructuredReferenceString, new_development
from zkroute.routing.flow import generate_flow

ROUND_ROBIN = """
name = "round robin"
chain = "test"
slots = 16
[classes]
intents = ["any"]
tiers = ["any"]
instruments = ["BTC"]
order_types = ["any"]
[decimals]
price = 2
size = 4
margin = 2
[cost]
kind = "unit"
[key]
slope = "equal"
[queue]
drain = "none"
[[segments]]
name = "all"
nodes = {}
[[routes]]
segment = "all"
priority = 0
"""


@dataclass(frozen=True)
class World:
    """Everything one router needs, with the acceptance that fits it."""

    policy: Policy
    snapshot: Snapshot
    proving_key: ProvingKey
    router: Ed25519PrivateKey

    @property
    def router_key(self) -> bytes:
        return self.router.public_key().public_bytes_raw()

    def acceptance(self, after: Header | Position = Position.ANYWHERE) -> Acceptance:
        key = self.proving_key.key
        return Acceptance.of(
            [key.digest],
            [self.snapshot],
            [self.router_key],
            after=after,
            development_srs=[key.srs],
        )

    def orders(self, count: int) -> Orders:
        return generate_flow(self.policy, count)

    def commit(
        self, orders: Orders, parent: CommittedBatch | None = None, time_ms: int = 1_700_000_000_000
    ) -> CommittedBatch:
        place = Place(
            parent.header if parent else None,
            parent.opening.after if parent else None,
            time_ms,
        )
        return commit_batch(
            self.proving_key, self.snapshot, orders, place, self.router_key, self.router.sign
        )

    def instance(self, batch: CommittedBatch) -> Instance:
        return instance_of(self.policy, self.snapshot, batch.header)

    def traces(self, batch: CommittedBatch) -> Traces:
        return build_traces(
            self.proving_key.circuit, self.instance(batch), batch.opening, batch.routed
        )

    def check(self, batch: CommittedBatch, traces: Traces) -> list[Failure]:
        private = {
            (table, name): to_integers(limbs)
            for table, trace in traces.items()
            for name, limbs in trace.items()
        }
        return check_trace(self.proving_key.circuit, self.instance(batch), private)


@cache
def development_srs(log_rows: int) -> StructuredReferenceString:
    return new_development((1 << log_rows) + 80, engine(), "tests")


def make_world(
    policy_text: str = EXAMPLE_POLICY, nodes_text: str = EXAMPLE_NODES, log_rows: int = 6
) -> World:
    policy = parse_policy(policy_text, "policy")
    snapshot = parse_snapshot(nodes_text, "nodes")
    srs = development_srs(log_rows)
    key = derive_key(policy, len(snapshot.nodes), log_rows, srs, engine())
    return World(policy, snapshot, ProvingKey(key, srs, engine()), Ed25519PrivateKey.generate())
