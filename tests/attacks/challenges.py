"""An honest proof, and the challenges that a transcript draws for it."""

from __future__ import annotations

from functools import cache

from tests.support.lying import Scene
from tests.support.scenes import chained_scene
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import Proof
from zkroute.protocol.schedule import Schedule

NAME = "least loaded by size"
ORDER = [
    "bus_fold",
    "bus_point",
    "slice_fold",
    "slice_point",
    "slice_node",
    "sum_fold",
    "gate_fold",
    "evaluation_point",
    "opening_fold",
    "opening_join",
]


@cache
def scene() -> Scene:
    made = chained_scene(NAME, 23)
    assert made.verdict(made.prove(made.columns)) is None  # and the self-test has run
    return made


@cache
def honest() -> Proof:
    return scene().messages(scene().columns)


def challenges_of(key: VerifyingKey, header: Header, proof: Proof) -> dict[str, int]:
    schedule = Schedule(key, header)
    drawn = schedule.witness(proof.witness)
    drawn |= schedule.helpers(proof.helpers, proof.slice_digests)
    drawn |= schedule.accumulator(proof.accumulator)
    drawn |= schedule.quotient(proof.quotient)
    drawn |= schedule.evaluations(proof.evaluations, proof.evaluations_next)
    return drawn | schedule.openings(proof.opening, proof.opening_next)


def drawn(proof: Proof, header: Header | None = None) -> dict[str, int]:
    world = scene().world
    return challenges_of(world.proving_key.key, header or scene().batch.header, proof)
