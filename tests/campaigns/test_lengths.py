"""What is published is as long for no order as for a full row class: lengths tell nothing.

The header's file writes numbers in decimal. Its length is the same up to the digits of numbers that
anybody can read in it; the bytes that are hashed and signed have exactly one length.
"""

from __future__ import annotations

import json
import random
import re
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.keygen import ProvingKey, derive_key
from prover.prove import prove
from prover.state import CommittedBatch
from tests.support.policies import POLICIES, SNAPSHOTS, WHOLE_RULE
from tests.support.settings import small_orders
from tests.support.world import World, development_srs
from verifier.verify import verify
from zkroute.algebra.engine import engine
from zkroute.formats.header import encode_header
from zkroute.formats.inclusion import encode_opening
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.protocol.proof import ProofLayout
from zkroute.settlement.opening_making import open_nodes, open_orders

EVERYTHING = (
    WHOLE_RULE.replace("max_share_percent = 90", "max_share_percent = 100")
    .replace("carry = 32", "carry = 64")
    .replace("breaker = 40", "breaker = 400")
    .replace("breaker = 60", "breaker = 4000")
    .replace("saturation = 190", "saturation = 1_900_000")
)
TEXTS = {"round robin": POLICIES["round robin"], "whole rule": EVERYTHING}
CLASSES = [("round robin", 6), ("round robin", 8), ("whole rule", 7), ("whole rule", 8)]


@cache
def world(name: str, log_rows: int) -> World:
    policy = parse_policy(TEXTS[name], name)
    snapshot = parse_snapshot(SNAPSHOTS[name], name)
    srs = development_srs(log_rows)
    key = derive_key(policy, len(snapshot.nodes), log_rows, srs, engine())
    return World(policy, snapshot, ProvingKey(key, srs, engine()), Ed25519PrivateKey.generate())


@cache
def batches(name: str, log_rows: int) -> list[tuple[CommittedBatch, bytes]]:
    """Second batches of a chain, of no order to a full row class, each with its proof."""
    made, rng, rows = world(name, log_rows), random.Random(1), 1 << log_rows
    parent = made.commit(small_orders(made.policy, 5, rng))
    time_ms, full = parent.header.time_ms + 1_000, rows - len(parent.routed.held())
    proven = []
    for count in (0, 1, 2, rows // 2, full - 1, full):
        orders = small_orders(made.policy, count, rng)
        batch = made.commit(orders, parent, time_ms)
        proof = prove(made.proving_key, made.snapshot, batch)
        verify(made.proving_key.key, batch.header, proof, made.acceptance(parent.header))
        assert batch.header.order_count == count
        proven.append((batch, proof))
    return proven


@pytest.mark.parametrize(("name", "log_rows"), CLASSES)
def test_proofs_have_one_length(name: str, log_rows: int) -> None:
    key = world(name, log_rows).proving_key.key
    layout = ProofLayout.of(key.circuit.lowered, key.nodes)
    assert {len(proof) for _, proof in batches(name, log_rows)} == {layout.length}


@pytest.mark.parametrize(("name", "log_rows"), CLASSES)
def test_headers_have_one_length(name: str, log_rows: int) -> None:
    headers = [batch.header for batch, _ in batches(name, log_rows)]
    assert len({len(header.body()) for header in headers}) == 1
    files = [encode_header(header) for header in headers]
    assert len({len(_with_one_digit(data)) for data in files}) == 1
    shapes = {json.dumps(_shape(json.loads(data))) for data in files}
    assert len(shapes) == 1, "a list or text of a header has another length"


@pytest.mark.parametrize(("name", "log_rows"), CLASSES)
def test_openings_have_one_length(name: str, log_rows: int) -> None:
    """Of as many rows; values are written as wide as their columns can be."""
    made = world(name, log_rows).proving_key
    for count in (1, 3):
        lengths = set()
        for batch, _ in batches(name, log_rows):
            numbers = batch.routed.sequence.tolist()
            if len(numbers) >= count:
                orders = open_orders(made, batch, numbers[:count])
                nodes = open_nodes(made, batch, range(count))
                lengths.add(
                    (len(encode_opening(orders, made.key)), len(encode_opening(nodes, made.key)))
                )
        assert len(lengths) == 1


@pytest.mark.parametrize(("name", "log_rows"), CLASSES)
def test_the_header_does_show_the_count(name: str, log_rows: int) -> None:
    """Control: the count itself is public (docs/statement.md), and is where it is expected."""
    counts = [
        json.loads(encode_header(batch.header))["order_count"]
        for batch, _ in batches(name, log_rows)
    ]
    assert counts == sorted(set(counts))


def _with_one_digit(data: bytes) -> bytes:
    """The file with each number cut down to one digit."""
    return re.sub(rb"(?<=[ \[])\d+(?=,?\n)", b"0", data)


def _shape(value: object) -> object:
    """A document with every text replaced by its length and every number by 0."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return len(value) if isinstance(value, str) else 0
