"""The header's own checks at their limits: what is just allowed and what is not, in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prover.keygen import derive_key
from tests.support.lying import Scene
from tests.support.scenes import chained_scene, first_scene
from verifier.accept import Position, check_header
from verifier.errors import Code, VerificationError
from verifier.many import ManyVerificationError
from zkroute.errors import MismatchError
from zkroute.protocol.header import Header
from zkroute.protocol.signatures import SMALL_ORDER_KEYS
from zkroute.routing.parameters import MAX_ELAPSED_MS

PLAIN, HOLDING = "round robin", "whole rule"


def check(scene: Scene, after: Header | Position = Position.ANYWHERE, **changes: Any) -> None:
    """Step 2 for the scene's header with changes, signed again."""
    header = scene.sign(replace(scene.batch.header, **changes))
    check_header(scene.world.proving_key.key, header, scene.world.acceptance(after))


def refusal(scene: Scene, after: Header | Position = Position.ANYWHERE, **changes: Any) -> str:
    with pytest.raises(VerificationError) as refused:
        check(scene, after, **changes)
    return f"{refused.value.code.name}: {refused.value}"


@pytest.mark.parametrize("name", [PLAIN, HOLDING])
def test_the_first_two_batches_are_in_order(name: str) -> None:
    check(first_scene(name, 20), Position.START)
    second = chained_scene(name, 20)
    assert second.parent is not None
    check(second, second.parent.header)


@pytest.mark.parametrize(("name", "what"), [("elapsed_ms", "time"), ("first_sequence", "orders")])
def test_nothing_is_before_the_first_batch(name: str, what: str) -> None:
    said = refusal(first_scene(PLAIN, 20), **{name: 1})
    assert said.startswith(f"{Code.HEADER_MALFORMED.name}: header field {name}: ")
    assert f"the first batch has no {what} before it" in said


def test_a_router_key_that_needs_no_secret_signs_no_header() -> None:
    """The library alone takes this signature for any message (tests/unit/protocol)."""
    scene = first_scene(PLAIN, 20)
    identity = (1).to_bytes(32, "little")
    assert identity in SMALL_ORDER_KEYS
    header = replace(scene.batch.header, router=identity).signed(identity + bytes(32))
    accept = replace(scene.world.acceptance(), routers=frozenset([identity]))
    with pytest.raises(VerificationError) as refused:
        check_header(scene.world.proving_key.key, header, accept)
    assert refused.value.code is Code.SIGNATURE_INVALID


def test_no_key_is_derived_for_nodes_without_a_slot() -> None:
    proving_key = first_scene(PLAIN, 20).world.proving_key
    policy, srs = proving_key.key.policy, proving_key.committer.srs
    for count in (0, policy.slots + 1):
        with pytest.raises(MismatchError, match=f"{count} nodes do not fit"):
            derive_key(policy, count, proving_key.key.log_rows, srs, proving_key.engine)


def test_elapsed_time_reaches_its_limits_and_not_beyond() -> None:
    scene = chained_scene(PLAIN, 20)
    check(scene, elapsed_ms=900, time_ms=900)
    assert "elapsed_ms" in refusal(scene, elapsed_ms=901, time_ms=900)
    check(scene, elapsed_ms=MAX_ELAPSED_MS, time_ms=MAX_ELAPSED_MS + 1)
    beyond = MAX_ELAPSED_MS + 1
    assert "elapsed_ms" in refusal(scene, elapsed_ms=beyond, time_ms=beyond)


def test_refusals_say_what_was_due() -> None:
    scene = chained_scene(PLAIN, 20)
    assert scene.parent is not None
    parent = scene.parent.header
    assert "carry: 16 where the policy has 0" in refusal(scene, carry=16)
    capacity = chained_scene(HOLDING, 20).batch.header.carry
    assert f"carry: 1 where the policy has {capacity}" in refusal(
        chained_scene(HOLDING, 20), carry=1
    )
    assert "batch 1 is due" in refusal(scene, parent, batch=2)
    assert "it was accepted already" in refusal(scene, scene.batch.header)
    assert "batch 1 is due" in refusal(scene, parent, batch=7, previous=bytes([9]) * 32)


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, " and 1 more")])
def test_as_many_positions_are_named_as_fit_a_line(count: int, more: str) -> None:
    error = VerificationError(Code.STALE, "too late")
    said = str(ManyVerificationError(dict.fromkeys(range(count), error)))
    assert f"(position 0, 1, 2, 3, 4, 5, 6, 7{more});" in said
