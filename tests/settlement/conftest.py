"""One small world, shared by every test of settlement: proving it takes most of their time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.settlement.days import Day, make_day
from tests.support.world import ROUND_ROBIN, World, make_world
from verifier.accept import Acceptance
from verifier.errors import VerificationError
from verifier.verify import verify
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement import gate


@pytest.fixture(scope="session")
def plain_world() -> World:
    """Round robin without content columns: the cheapest batches to commit to."""
    return make_world(policy_text=ROUND_ROBIN)


@pytest.fixture(scope="session")
def world() -> World:
    """The example policy: segments, priorities, notional costs, drains."""
    return make_world()


@pytest.fixture(scope="session")
def day(world: World) -> Day:
    """Three chained batches of signed orders."""
    return make_day(world, [40, 24, 9])


@pytest.fixture(autouse=True, scope="session")
def remembered_verdicts() -> Iterator[None]:
    """The verifier asked twice with equal arguments answers from memory: pairings are slow."""
    verdicts: dict[object, VerificationError | None] = {}

    def verify_once(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
        after = accept.after.digest if isinstance(accept.after, Header) else accept.after
        terms = (accept.keys, frozenset(accept.snapshots), accept.routers, accept.development_srs)
        question = (key.digest, header.body(), header.signature, proof, after, terms)
        if question not in verdicts:
            try:
                verify(key, header, proof, accept)
                verdicts[question] = None
            except VerificationError as error:
                verdicts[question] = error
        verdict = verdicts[question]
        if verdict is not None:
            raise verdict

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "verify", verify_once)
        yield
