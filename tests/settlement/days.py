"""A short day of proven, chained batches of signed orders, with everything each party got."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import CommittedBatch
from prover.prove import prove
from tests.support.world import World
from verifier.accept import Position
from verifier.verify import verify
from zkroute.formats.slice import ENVELOPE_BYTES, Slice
from zkroute.model.order import Orders
from zkroute.settlement.configuration import Configuration, Signing
from zkroute.settlement.order_signatures import SignedOrders, sign_orders
from zkroute.settlement.slice_making import cut_slices

START_MS = 1_700_000_000_000
STEP_MS = 1_000


@dataclass(frozen=True)
class Day:
    """``batches[i]`` was proven by ``proofs[i]`` and cut into ``slices[i]``, one per node."""

    world: World
    trader: Ed25519PrivateKey
    signed: list[SignedOrders]
    batches: list[CommittedBatch]
    proofs: list[bytes]
    slices: list[list[Slice]]

    @property
    def accounts(self) -> set[int]:
        return {int(account) for each in self.signed for account in each.orders.account}

    @cached_property
    def trader_key(self) -> bytes:
        return self.trader.public_key().public_bytes_raw()

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


def cut(world: World, batch: CommittedBatch, signed: SignedOrders) -> list[Slice]:
    first = batch.header.first_sequence
    envelopes = {first + i: signed.envelope(i) for i in range(batch.header.order_count)}
    assert all(len(envelope) == ENVELOPE_BYTES for envelope in envelopes.values())
    return cut_slices(world.proving_key.key, batch, envelopes)


def make_day(world: World, counts: list[int]) -> Day:
    trader = Ed25519PrivateKey.generate()
    signed: list[SignedOrders] = []
    batches: list[CommittedBatch] = []
    proofs: list[bytes] = []
    for number, count in enumerate(counts):
        parent = batches[-1] if batches else None
        orders: Orders = world.orders(count)
        signed.append(sign_orders(orders, world.policy, trader))
        batches.append(world.commit(signed[-1].orders, parent, START_MS + number * STEP_MS))
        proofs.append(prove(world.proving_key, world.snapshot, batches[-1]))
        place = parent.header if parent else Position.START
        verify(world.proving_key.key, batches[-1].header, proofs[-1], world.acceptance(place))
    slices = [cut(world, *pair) for pair in zip(batches, signed, strict=True)]
    return Day(world, trader, signed, batches, proofs, slices)
