"""Many proofs in one pairing product: the same verdicts as one by one, each bad one named."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from prover.prove import prove
from tests.settlement.days import Day
from verifier import many
from verifier.accept import Position
from verifier.errors import Code, VerificationError
from verifier.many import Claim, ManyVerificationError, all_hold, failing, verify_many
from verifier.opening import PairingCheck, Sum
from verifier.verify import prepare, verify
from zkroute.algebra.groups import GENERATOR_G1, negate_g1
from zkroute.algebra.verification import using_arithmetic


@pytest.fixture(scope="module")
def claims(day: Day) -> list[Claim]:
    places = [Position.START, *(batch.header for batch in day.batches)]
    return [
        Claim(day.world.proving_key.key, batch.header, proof, day.world.acceptance(place))
        for batch, proof, place in zip(day.batches, day.proofs, places, strict=False)
    ]


def failures(claims: list[Claim]) -> dict[int, Code]:
    with pytest.raises(ManyVerificationError) as caught:
        verify_many(claims)
    return {position: error.code for position, error in caught.value.failures.items()}


@pytest.mark.usefixtures("real_pairings")
def test_a_chain_at_once(claims: list[Claim]) -> None:
    verify_many(claims)
    damaged = replace(claims[1], proof=claims[1].proof[:-32] + claims[0].proof[-32:])
    assert failures([claims[0], damaged]) == {1: Code.OPENING_INVALID}


def test_nothing_to_verify() -> None:
    verify_many([])


def test_every_kind_of_failure_is_named(day: Day, claims: list[Claim]) -> None:
    forged = claims[0].header.signed(bytes(64))
    out_of_place = day.world.acceptance(Position.START)
    mixed = [
        claims[0],
        replace(claims[0], proof=claims[1].proof),
        claims[1],
        replace(claims[0], proof=b""),
        replace(claims[0], header=forged),
        replace(claims[1], accept=out_of_place),
        claims[2],
        replace(claims[2], proof=claims[0].proof),
    ]
    found = failures(mixed)
    assert found == {
        1: Code.OPENING_INVALID,
        3: Code.PROOF_MALFORMED,
        4: Code.SIGNATURE_INVALID,
        5: Code.STALE,
        7: Code.OPENING_INVALID,
    }
    for position, claim in enumerate(mixed):
        try:
            verify(claim.key, claim.header, claim.proof, claim.accept)
        except VerificationError as error:
            assert found[position] is error.code


@pytest.mark.parametrize("bad", [[0], [12], [0, 1, 2], [5, 11], list(range(13))])
def test_bad_ones_are_found_anywhere(claims: list[Claim], bad: list[int]) -> None:
    many = [
        replace(claims[0], proof=claims[1].proof) if position in bad else claims[0]
        for position in range(13)
    ]
    assert list(failures(many)) == bad


def test_failures_cannot_cancel(day: Day, claims: list[Claim]) -> None:
    """Two wrong proofs whose errors add up to nothing: the weights differ, so both are found."""
    key = day.world.proving_key.key
    true = [prepare(claim.key, claim.header, claim.proof, claim.accept) for claim in claims[:2]]
    up, down = GENERATOR_G1, negate_g1(GENERATOR_G1)
    wrong = [
        PairingCheck(check.left, Sum((check.right.point(), shift), (1, 1)))
        for check, shift in zip(true, (up, down), strict=True)
    ]
    assert all_hold([(check, key.g2_tau) for check in true])
    assert failing([(check, key.g2_tau) for check in wrong]) == [0, 1]


def test_what_failed_together_is_never_cleared_apart(
    monkeypatch: pytest.MonkeyPatch, claims: list[Claim]
) -> None:
    """Arithmetic that finds no wrong half of a wrong whole accuses all of them."""
    monkeypatch.setattr(many, "all_hold", lambda checks: len(checks) < 4)
    assert list(failures(claims[:2] * 2)) == [0, 1, 2, 3]


def test_message_names_positions(claims: list[Claim]) -> None:
    bad = replace(claims[0], proof=b"")
    with pytest.raises(ManyVerificationError, match=r"10 of the batches .*and 2 more"):
        verify_many([bad] * 10)


@pytest.mark.slow
@pytest.mark.usefixtures("real_pairings")
@pytest.mark.parametrize(("arithmetic", "share"), [("reference", 4), ("compiled", 1)])
def test_sixty_four_cost_less_than_so_many(day: Day, arithmetic: str, share: int) -> None:
    """A pairing is most of a verification in Python, and a fifth of one in compiled code."""
    world = day.world
    key, accept = world.proving_key.key, world.acceptance()
    batches = [world.commit(world.orders(20)) for _ in range(64)]
    claims = [
        Claim(key, batch.header, prove(world.proving_key, world.snapshot, batch), accept)
        for batch in batches
    ]
    with using_arithmetic(arithmetic):
        verify_many(claims[:1])
        began = time.process_time()
        for claim in claims:
            verify(claim.key, claim.header, claim.proof, claim.accept)
        singly = time.process_time() - began
        began = time.process_time()
        verify_many(claims)
        together = time.process_time() - began
    print(f"64 proofs, {arithmetic}: one by one {singly:.2f} s, together {together:.2f} s")
    assert together < singly / share
