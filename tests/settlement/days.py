"""A short day of proven, chained batches of signed orders, with everything each party got."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import commit_batch
from prover.prove import prove
from prover.state import CommittedBatch, Place
from tests.support.world import World
from verifier.accept import Position
from verifier.verify import verify
from zkroute.formats.intake import IntakeLeaves
from zkroute.formats.receipt import Receipt
from zkroute.formats.slice import ENVELOPE_BYTES, Slice
from zkroute.model.order import Orders
from zkroute.protocol.header import Header
from zkroute.settlement.configuration import Configuration, Signing
from zkroute.settlement.intake import Intake, Terms
from zkroute.settlement.order_signatures import SignedOrders, sign_orders
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.slice_making import cut_slices

START_MS = 1_700_000_000_000
STEP_MS = 1_000
PROMISE_MS = 1_500


@dataclass
class Day:
    """``batches[i]`` was proven by ``proofs[i]`` and cut into ``slices[i]``, one per node."""

    world: World
    trader: Ed25519PrivateKey
    signed: list[SignedOrders] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    batches: list[CommittedBatch] = field(default_factory=list)
    leaves: list[IntakeLeaves] = field(default_factory=list)
    proofs: list[bytes] = field(default_factory=list)
    slices: list[list[Slice]] = field(default_factory=list)

    @property
    def accounts(self) -> set[int]:
        return {int(account) for each in self.signed for account in each.orders.account}

    @cached_property
    def trader_key(self) -> bytes:
        return self.trader.public_key().public_bytes_raw()

    @property
    def routers(self) -> RouterKeys:
        return RouterKeys.of([self.world.router_key])

    def configuration(self, **changes: object) -> Configuration:
        key = self.world.proving_key.key
        terms: dict[str, object] = {
            "key_digests": [key.digest],
            "srs": [key.srs],
            "snapshots": [self.world.snapshot],
            "signing": Signing.REGISTERED,
            "traders": {account: frozenset([self.trader_key]) for account in self.accounts},
        }
        return Configuration.of(
            self.world.policy.chain,
            [key],
            [self.world.router_key],
            **(terms | changes),  # type: ignore[arg-type]  # a test names what it changes
        )

    def node(self, slot: int) -> str:
        return self.world.snapshot.nodes[slot].name

    def busiest(self, batch: int = 0) -> int:
        """The slot of the node that gets most orders."""
        parts = self.slices[batch]
        return max(range(len(parts)), key=lambda slot: len(parts[slot]))

    def signed_anew(self, header: Header, **changes: object) -> Header:
        """The header with other fields, signed by the same router."""
        changed = replace(header, **changes)  # type: ignore[arg-type]  # a test names what it changes
        return changed.signed(self.world.router.sign(changed.signed_message))

    def commit(
        self, signed: SignedOrders, intake: bytes, parent: CommittedBatch | None, time_ms: int
    ) -> CommittedBatch:
        place = Place(
            parent.header if parent else None, parent.opening.after if parent else None, time_ms
        )
        return commit_batch(
            self.world.proving_key,
            self.world.snapshot,
            signed.orders,
            place,
            self.world.router_key,
            self.world.router.sign,
            intake,
        )


def cut(world: World, batch: CommittedBatch, signed: SignedOrders) -> list[Slice]:
    first = batch.header.first_sequence
    envelopes = {
        first + i: signed.envelopes[i * ENVELOPE_BYTES : (i + 1) * ENVELOPE_BYTES]
        for i in range(batch.header.order_count)
    }
    assert all(len(envelope) == ENVELOPE_BYTES for envelope in envelopes.values())
    return cut_slices(world.proving_key.key, batch, envelopes)


def make_day(world: World, counts: list[int], folder: Path, source: Orders | None = None) -> Day:
    """Orders are taken in a little before the batch that has them; made up without ``source``."""
    day = Day(world, Ed25519PrivateKey.generate())
    now = START_MS
    terms = Terms(world.policy, PROMISE_MS)
    with Intake(folder / "intake.db", terms, world.router, lambda: now - 10) as intake:
        for number, count in enumerate(counts):
            now = START_MS + number * STEP_MS
            first = sum(counts[:number])
            orders = source.take(slice(first, first + count)) if source else world.orders(count)
            signed = sign_orders(orders, world.policy, day.trader)
            day.receipts += intake.submit(signed.orders, signed.envelopes)
            parent = day.batches[-1] if day.batches else None
            taken = intake.take(first, 64)
            batch = day.commit(signed, taken.head, parent, now)
            proof = prove(world.proving_key, world.snapshot, batch)
            place = parent.header if parent else Position.START
            verify(world.proving_key.key, batch.header, proof, world.acceptance(place))
            day.signed.append(signed)
            day.batches.append(batch)
            day.leaves.append(taken.leaves)
            day.proofs.append(proof)
            day.slices.append(cut(world, batch, signed))
    return day
