"""Every policy of the gallery on real trades: routed, proven, and verified, batch after batch."""

from __future__ import annotations

import numpy as np
import pytest

from prover.prove import prove
from tests.support.shared import ROOT, shared_path
from tests.support.world import World, make_world
from verifier.accept import Position
from verifier.errors import Code, VerificationError
from verifier.verify import verify
from zkroute.model.examples import made_up_nodes
from zkroute.model.order import Orders, read_trades
from zkroute.model.policy import Policy
from zkroute.routing.batch import HELD, PLACED

GALLERY = ROOT / "docs" / "policies"
NAMES = sorted(path.stem for path in GALLERY.glob("*.toml"))
NODES = made_up_nodes(16)
START_MS = 1_700_000_000_000


def real_trades(policy: Policy, count: int) -> Orders:
    path = shared_path("data", "binance_trades_normalised.csv.gz")
    return read_trades(path, policy, count=count, skip_unlisted=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_real_trades_is_routed_proven_and_verified(name: str) -> None:
    world = make_world((GALLERY / f"{name}.toml").read_text(encoding="utf-8"), NODES, 12)
    batch = world.commit(real_trades(world.policy, 3000))
    assert (batch.routed.status == PLACED).any()
    proof = prove(world.proving_key, world.snapshot, batch)
    verify(world.proving_key.key, batch.header, proof, world.acceptance(Position.START))


def closing_world(log_rows: int = 9) -> World:
    """The volatility breaker with limits that a few hundred trades reach."""
    text = (GALLERY / "volatility-breaker.toml").read_text(encoding="utf-8")
    for limit, lower in (("250_000", "20_000"), ("5_000_000", "60_000"), ("= 1024", "= 256")):
        assert limit in text
        text = text.replace(limit, lower)
    return make_world(text, NODES, log_rows)


@pytest.mark.slow
def test_held_orders_go_through_a_chain_of_batches() -> None:
    """Three batches, each verified after the one before; what waits enters the next one."""
    world = closing_world()
    trades = real_trades(world.policy, 500)
    parts = [trades.take(slice(a, b)) for a, b in ((0, 300), (300, 400), (400, 500))]
    parent, first, held, headers, proofs = None, None, 0, [], []
    for number, orders in enumerate(parts):
        batch = world.commit(orders, parent, START_MS + 1_000 * number)
        assert int(batch.routed.carried.sum()) == held
        held = int(np.count_nonzero(batch.routed.status == HELD))
        assert held
        proof = prove(world.proving_key, world.snapshot, batch)
        after = parent.header if parent else Position.START
        verify(world.proving_key.key, batch.header, proof, world.acceptance(after))
        headers.append(batch.header)
        proofs.append(proof)
        parent, first = batch, first or batch
    sibling = world.commit(parts[1].take(slice(0, 99)), first, START_MS + 1_000)
    for other in (headers[0], sibling.header):
        with pytest.raises(VerificationError) as caught:
            verify(world.proving_key.key, headers[2], proofs[2], world.acceptance(other))
        assert caught.value.code is Code.STALE
