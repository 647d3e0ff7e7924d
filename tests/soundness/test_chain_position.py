"""A proven batch counts only where it stands: replays, forks, other chains, other states."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.keygen import ProvingKey, derive_key
from tests.support.lying import START_MS, Scene, trapdoor_srs
from tests.support.policies import POLICIES, nodes_text
from tests.support.scenes import chained_scene, first_scene
from tests.support.settings import small_orders
from tests.support.world import World, make_world
from verifier.accept import Acceptance, Position
from verifier.errors import Code
from zkroute.algebra.engine import engine
from zkroute.errors import MismatchError
from zkroute.model.examples import EXAMPLE_POLICY, made_up_nodes
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.protocol.header import Header

NAME = "round robin"


@cache
def scene() -> Scene:
    return chained_scene(NAME, 20)


@cache
def proof() -> bytes:
    return scene().prove(scene().columns)


def parent() -> Header:
    assert scene().parent is not None
    return scene().parent.header


def verdict_after(after: Header | Position, header: Header | None = None) -> Code | None:
    return scene().verdict(proof(), header, scene().world.acceptance(after))


def test_after_its_parent_it_is_accepted() -> None:
    assert verdict_after(parent()) is None


def test_a_batch_is_not_accepted_twice() -> None:
    assert verdict_after(scene().batch.header) is Code.STALE


def test_a_batch_is_not_accepted_twice_with_a_second_proof_or_signature() -> None:
    """Identity is the header's digest: neither proof nor signature bytes make a batch another."""
    second = scene().prove(scene().columns)
    assert second != proof()
    resigned = scene().batch.header.signed(bytes(64))
    assert resigned.digest == scene().batch.header.digest
    accept = scene().world.acceptance(resigned)
    assert scene().verdict(second, accept=accept) is Code.STALE


def test_a_later_batch_does_not_start_a_chain() -> None:
    assert verdict_after(Position.START) is Code.STALE


def test_a_first_batch_does_not_follow_another() -> None:
    first = first_scene(NAME, 20)
    accept = first.world.acceptance(parent())
    assert first.verdict(first.prove(first.columns), accept=accept) is Code.STALE


def test_a_sibling_is_not_a_parent() -> None:
    """A fork: two batches with one parent, and two parents of one batch."""
    fork = first_scene(NAME, 31, seed=5).batch.header
    assert fork.batch == parent().batch
    assert verdict_after(fork) is Code.STALE
    sibling = chained_scene(NAME, 20, seed=1).batch.header
    other = scene().sign(replace(sibling, time_ms=sibling.time_ms + 1))
    assert verdict_after(other) is Code.STALE


STALE_PARENTS: dict[str, Any] = {
    "batch": 1,
    "first_sequence": 1,
    "order_count": 30,
    "work_after": (1, 2),
    "time_ms": START_MS - 1,
    "previous": bytes([9]) * 32,
    "slices": bytes([9]) * 32,
}


@pytest.mark.parametrize("name", STALE_PARENTS)
def test_a_parent_that_differs_in_anything_is_not_the_parent(name: str) -> None:
    assert verdict_after(replace(parent(), **{name: STALE_PARENTS[name]})) is Code.STALE


RELINKED: dict[str, Any] = {
    "batch": 2,
    "previous": bytes([9]) * 32,
    "first_sequence": 30,
    "work_before": (1, 2),
    "elapsed_ms": 2_999,
    "time_ms": START_MS + 3_001,
}


@pytest.mark.parametrize("name", RELINKED)
def test_a_header_that_does_not_continue_its_parent_is_stale(name: str) -> None:
    """Each link of the chain is checked on its own, whatever the proof says."""
    header = scene().sign(replace(scene().batch.header, **{name: RELINKED[name]}))
    assert verdict_after(parent(), header) is Code.STALE


def test_the_parents_chain_and_slots_are_this_ones() -> None:
    assert verdict_after(replace(parent(), chain="other")) is Code.CHAIN_MISMATCH
    assert verdict_after(replace(parent(), slots=16)) is Code.CHAIN_MISMATCH


def test_a_snapshot_of_the_parent_that_is_not_accepted_is_refused() -> None:
    assert verdict_after(replace(parent(), snapshot=bytes(32))) is Code.SNAPSHOT_UNKNOWN


def with_snapshots(current: str, earlier: str) -> tuple[Header, Acceptance]:
    """The scene's batch under one snapshot after a parent under another, both accepted."""
    now, before = parse_snapshot(current, "now"), parse_snapshot(earlier, "before")
    earlier_parent = replace(parent(), snapshot=before.digest)
    header = scene().sign(
        replace(scene().batch.header, snapshot=now.digest, previous=earlier_parent.digest)
    )
    accept = scene().world.acceptance(earlier_parent)
    snapshots: dict[bytes, Snapshot] = {each.digest: each for each in (now, before)}
    return header, replace(accept, snapshots=snapshots)


FIRST = nodes_text("fsfssf", down="3")
SECOND = FIRST.replace("epoch = 1", "epoch = 2")


def test_an_older_snapshot_does_not_follow_a_newer_one() -> None:
    header, accept = with_snapshots(FIRST, SECOND)
    assert scene().verdict(proof(), header, accept) is Code.SNAPSHOT_MISMATCH
    header, accept = with_snapshots(SECOND, FIRST)
    assert scene().verdict(proof(), header, accept) is Code.OPENING_INVALID  # in place, unproven


def test_slots_do_not_change_owner_between_snapshots() -> None:
    moved = SECOND.replace("node-0", "node-X").replace("node-2", "node-0")
    header, accept = with_snapshots(moved, FIRST)
    assert scene().verdict(proof(), header, accept) is Code.SNAPSHOT_MISMATCH


def test_a_proof_counts_for_its_own_chain_policy_snapshot_and_parent_only() -> None:
    """Replay matrix: every batch under every acceptance; only the diagonal is accepted."""
    cases = [_case(*case) for case in product("ab", (1, 2), (1, 2))]
    for claimed in cases:
        proved = claimed.prove(claimed.columns)
        for judge in cases:
            accept = judge.acceptance
            key = judge.world.proving_key.key
            found = claimed.verdict(proved, accept=accept, key=key)
            assert (found is None) == (claimed is judge), (found, claimed, judge)
            # a judge who trusts the router and knows all documents still tells them apart
            everything = replace(
                accept,
                routers=frozenset(each.world.router_key for each in cases),
                snapshots={each.world.snapshot.digest: each.world.snapshot for each in cases},
            )
            found = claimed.verdict(proved, accept=everything, key=key)
            assert (found is None) == (claimed is judge), (found, claimed, judge)


@cache
def _case(chain: str, epoch: int, seed: int) -> Scene:
    """The second batch of a chain of its own."""
    policy = parse_policy(POLICIES[NAME].replace('chain = "test"', f'chain = "{chain}"'), chain)
    snapshot = parse_snapshot(FIRST.replace("epoch = 1", f"epoch = {epoch}"), chain)
    srs = trapdoor_srs(6)
    derived = derive_key(policy, len(snapshot.nodes), 6, srs, engine())
    world = World(
        policy, snapshot, ProvingKey(derived, srs, engine()), Ed25519PrivateKey.generate()
    )
    before = world.commit(small_orders(policy, 5, Random(seed)), time_ms=START_MS)
    after = world.commit(small_orders(policy, 6, Random(seed + 9)), before, START_MS + 1_000)
    return Scene(world, before, after)


def test_a_snapshot_of_other_nodes_than_the_keys_is_not_routed() -> None:
    """The circuit has a row for each node the key was derived for, no more and no fewer."""
    world = make_world(EXAMPLE_POLICY, made_up_nodes(8))
    for count in (7, 9):
        snapshot = parse_snapshot(made_up_nodes(count), "nodes")
        with pytest.raises(MismatchError, match=f"has {count} nodes and the key is for 8"):
            replace(world, snapshot=snapshot).commit(world.orders(3))
