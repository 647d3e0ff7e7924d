"""How the golden files are made: the self-test's batch and the pinned digests."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.keygen import ProvingKey, derive_key
from prover.prove import prove
from tests.support.lying import START_MS, lying_world, trapdoor_srs
from tests.support.policies import ALL_POLICIES, POLICIES, nodes_text
from tests.support.settings import small_orders
from tests.support.world import World
from verifier.self_test import FORMAT, VERSION
from zkroute.algebra.engine import engine
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.formats.strict_json import dump_object
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot

SELF_TEST_POLICY = POLICIES["round robin"].replace('"test"', '"self-test"')
SELF_TEST_NODES = nodes_text("fs")
LOG_ROWS = 6


def self_test_bytes() -> bytes:
    """A fresh ``verifier/data/self_test.json``: new router, new orders, new proof."""
    policy = parse_policy(SELF_TEST_POLICY, "self-test policy")
    snapshot = parse_snapshot(SELF_TEST_NODES, "self-test nodes")
    srs = trapdoor_srs(LOG_ROWS)
    key = derive_key(policy, len(snapshot.nodes), LOG_ROWS, srs, engine())
    world = World(policy, snapshot, ProvingKey(key, srs, engine()), Ed25519PrivateKey.generate())
    batch = world.commit(small_orders(policy, 5, Random(1)), time_ms=START_MS)
    longer = replace(batch.header, order_count=batch.header.order_count + 1)
    longer = longer.signed(world.router.sign(longer.signed_message))
    return dump_object(
        {
            "format": FORMAT,
            "version": VERSION,
            "key": json.loads(encode_key(key)),
            "header": json.loads(encode_header(batch.header)),
            "longer": json.loads(encode_header(longer)),
            "snapshot": json.loads(snapshot.canonical_bytes()),
            "proof": prove(world.proving_key, snapshot, batch).hex(),
        }
    )


def pins() -> dict[str, dict[str, str]]:
    """Digests of policy, circuit and key of every test policy, under the SRS of known tau."""
    keys = {name: lying_world(name).proving_key.key for name in ALL_POLICIES}
    return {
        name: {
            "policy": key.policy.digest.hex(),
            "circuit": key.circuit_digest.hex(),
            "key": key.digest.hex(),
        }
        for name, key in keys.items()
    }
