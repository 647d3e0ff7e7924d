"""One small world, shared by every test of settlement: proving it takes most of their time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import verifier.many
import verifier.opening
from prover.keygen import ProvingKey, derive_key
from tests.settlement.days import Day, make_day
from tests.support.trapdoor import srs_with_known_tau
from tests.support.world import ROUND_ROBIN, World
from zkroute.algebra.engine import engine
from zkroute.algebra.groups import (
    GENERATOR_G2,
    PointG1,
    PointG2,
    linear_combination_g1,
    multiply_g2,
)
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import pairing_product_is_one
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot

LOG_ROWS = 6
TAU = 2 + secrets.randbelow(MODULUS - 2)
G2_TAU = multiply_g2(GENERATOR_G2, TAU)


def world_of(policy_text: str, nodes_text: str = EXAMPLE_NODES) -> World:
    policy = parse_policy(policy_text, "policy")
    snapshot = parse_snapshot(nodes_text, "nodes")
    arithmetic = engine()
    srs = srs_with_known_tau(TAU, (1 << LOG_ROWS) + 80, arithmetic)
    key = derive_key(policy, len(snapshot.nodes), LOG_ROWS, srs, arithmetic)
    proving_key = ProvingKey(key, srs, arithmetic)
    return World(policy, snapshot, proving_key, Ed25519PrivateKey.generate())


def quick_product_is_one(pairs: Sequence[tuple[PointG1, PointG2]]) -> bool:
    """What the pairings would say, for points whose logarithm to each other these tests know."""
    logarithms = {GENERATOR_G2: 1, G2_TAU: TAU}
    if not all(right in logarithms for _, right in pairs):
        return pairing_product_is_one(pairs)
    weights = [logarithms[right] for _, right in pairs]
    return linear_combination_g1([left for left, _ in pairs], weights) is None


@pytest.fixture(autouse=True, scope="session")
def quick_pairings() -> Iterator[None]:
    """Pairings by the trapdoor: the same answers, three hundred times as fast."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (verifier.opening, verifier.many):
            patch.setattr(module, "pairing_product_is_one", quick_product_is_one)
        yield


@pytest.fixture
def real_pairings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairings that users have, for tests of the whole road."""
    for module in (verifier.opening, verifier.many):
        monkeypatch.setattr(module, "pairing_product_is_one", pairing_product_is_one)


@pytest.fixture(scope="session")
def plain_world() -> World:
    """Round robin without content columns: the cheapest batches to commit to."""
    return world_of(ROUND_ROBIN)


@pytest.fixture(scope="session")
def world() -> World:
    """The example policy: segments, priorities, notional costs, drains."""
    return world_of(EXAMPLE_POLICY)


@pytest.fixture(scope="session")
def day(world: World, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Three chained batches of signed orders."""
    return make_day(world, [40, 24, 9], tmp_path_factory.mktemp("day"))
