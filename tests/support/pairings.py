"""Worlds whose tau this process knows, and pairings answered by it: the same, far quicker."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import verifier.many
import verifier.opening
from prover.keygen import ProvingKey, derive_key
from tests.support.trapdoor import srs_with_known_tau
from tests.support.world import World
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
from zkroute.model.examples import EXAMPLE_NODES
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot

LOG_ROWS = 6
TAU = 2 + secrets.randbelow(MODULUS - 2)
G2_TAU = multiply_g2(GENERATOR_G2, TAU)
PAIRING_MODULES = (verifier.opening, verifier.many)


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
    """For every test of a folder whose conftest imports this; three hundred times as fast."""
    with pytest.MonkeyPatch.context() as patch:
        for module in PAIRING_MODULES:
            patch.setattr(module, "pairing_product_is_one", quick_product_is_one)
        yield


@pytest.fixture
def real_pairings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairings that users have, for tests of the whole road."""
    for module in PAIRING_MODULES:
        monkeypatch.setattr(module, "pairing_product_is_one", pairing_product_is_one)
