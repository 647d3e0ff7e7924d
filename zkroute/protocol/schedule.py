"""The one round schedule: what is absorbed, and which challenges follow, for both sides.

Each method absorbs a round's messages and returns the challenges drawn after them. Nothing else
touches the transcript, so prover and verifier cannot order it differently.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkroute.algebra.groups import PointG1
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.transcript import Transcript

PROTOCOL = b"zkroute/proof/v1"

Challenges = dict[str, int]


class Schedule:
    """Rounds of docs/protocol.md, in order; a round called out of turn raises RuntimeError."""

    def __init__(
        self, key: VerifyingKey, header: Header, transcript: Transcript | None = None
    ) -> None:
        self._transcript = transcript or Transcript(PROTOCOL)
        self._round = 1
        self._transcript.absorb("circuit", key.circuit_digest)
        self._transcript.absorb("key", key.digest)
        self._transcript.absorb("srs", key.srs.encode())
        self._transcript.absorb("header", header.body())

    def witness(self, commitments: Sequence[PointG1]) -> Challenges:
        """Round 1: witness commitments; the header bound the order columns before."""
        self._enter(1)
        self._transcript.absorb_points("witness", commitments)
        return self._draw("bus_fold", "bus_point", "slice_fold", "slice_point")

    def helpers(self, commitments: Sequence[PointG1], slice_digests: Sequence[int]) -> Challenges:
        """Round 2: lookup fractions and the nodes' slice digests."""
        self._enter(2)
        self._transcript.absorb_points("helpers", commitments)
        self._transcript.absorb_scalars("slice_digests", slice_digests)
        return self._draw("slice_node", "sum_fold")

    def accumulator(self, commitment: PointG1) -> Challenges:
        """Round 3: the running sum."""
        self._enter(3)
        self._transcript.absorb_point("accumulator", commitment)
        return self._draw("gate_fold")

    def quotient(self, commitments: Sequence[PointG1]) -> Challenges:
        """Round 4: blinded quotient chunks."""
        self._enter(4)
        self._transcript.absorb_points("quotient", commitments)
        return self._draw("evaluation_point")

    def evaluations(self, values: Sequence[int], values_next: Sequence[int]) -> Challenges:
        """Round 5: every queried value."""
        self._enter(5)
        self._transcript.absorb_scalars("evaluations", values)
        self._transcript.absorb_scalars("evaluations_next", values_next)
        return self._draw("opening_fold")

    def openings(self, opening: PointG1, opening_next: PointG1) -> Challenges:
        """Round 6: the opening proofs; the challenge that joins them comes last."""
        self._enter(6)
        self._transcript.absorb_point("opening", opening)
        self._transcript.absorb_point("opening_next", opening_next)
        return self._draw("opening_join")

    def _enter(self, number: int) -> None:
        if self._round != number:
            raise RuntimeError(f"round {number} called where round {self._round} is due")
        self._round += 1

    def _draw(self, *names: str) -> Challenges:
        return {name: self._transcript.challenge(name) for name in names}
