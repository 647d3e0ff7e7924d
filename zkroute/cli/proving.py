"""Making a proof while somebody watches: what it will cost, how far it is, what it took."""

from __future__ import annotations

import time
from dataclasses import dataclass

from prover.keygen import ProvingKey
from prover.prove import prove
from zkroute.cli.batches import StoredBatch
from zkroute.cli.expectation import Expectation, compiled_kernels, expect, remember, say_expectation
from zkroute.cli.progress import showing_stages
from zkroute.cli.terminal import Terminal


@dataclass(frozen=True)
class Proven:
    """A proof, what it took and what it was expected to take."""

    proof: bytes
    seconds: float
    expectation: Expectation

    def figures(self) -> dict[str, object]:
        """For programs."""
        return {
            "seconds": round(self.seconds, 4),
            "expected_seconds": round(self.expectation.seconds, 4),
            "expected_mb": round(self.expectation.megabytes),
        }


def prove_watched(terminal: Terminal, proving_key: ProvingKey, stored: StoredBatch) -> Proven:
    """The proof of a batch, announced before and watched on the way."""
    expectation = expect(proving_key)
    say_expectation(terminal, expectation)
    compiled_before = compiled_kernels()
    started = time.perf_counter()
    with showing_stages(terminal, expectation) as progress:
        proof = prove(proving_key, stored.snapshot, stored.committed, progress)
    seconds = time.perf_counter() - started
    # a run that compiled says nothing about the next but that it need not
    has_compiled = compiled_kernels() != compiled_before
    remember(expectation, expectation.seconds if has_compiled else seconds)
    return Proven(proof, seconds, expectation)
