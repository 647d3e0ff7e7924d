"""Transcripts made without any secret verify, so a proof tells nothing but its statement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.instance import Figures
from tests.hiding.simulator import Simulation, Simulator
from tests.support.lying import lying_world
from tests.support.scenes import first_scene
from tests.support.world import World
from verifier.accept import Position
from verifier.errors import Code, VerificationError
from verifier.verify import judge
from zkroute.algebra.groups import GENERATOR_G1, add_g1
from zkroute.formats.proof import encode_proof
from zkroute.protocol.proof import Proof


def figures_of(world: World) -> Figures:
    """Some published figures of the right shape."""
    publish, nodes = world.policy.publish, len(world.snapshot.nodes)
    return Figures(
        counts=(9,) * nodes if publish.counts else (),
        loads=(8,) * nodes if publish.loads else (),
        herfindahl=5 if publish.herfindahl else None,
        max_count=3 if publish.max_count else None,
        placed_count=4 if publish.max_share_percent else None,
    )


def verdict(world: World, simulation: Simulation, proof: Proof) -> Code | None:
    key = world.proving_key.key
    try:
        judge(key, simulation.header, encode_proof(proof), world.acceptance(Position.START))
    except VerificationError as error:
        return error.code
    return None


@pytest.mark.parametrize("name", ["round robin", "notional by seven", "whole rule"])
def test_a_transcript_without_a_witness_verifies(name: str) -> None:
    world = lying_world(name)
    simulation = Simulator(world, 17, figures_of(world)).run()
    proof = simulation.proof
    chunk = add_g1(proof.quotient[1], GENERATOR_G1)
    changed = replace(proof, quotient=(proof.quotient[0], chunk, *proof.quotient[2:]))
    with simulation.programmed():
        assert verdict(world, simulation, proof) is None
        assert verdict(world, simulation, changed) is Code.OPENING_INVALID  # the control
    assert verdict(world, simulation, proof) is Code.OPENING_INVALID  # by the real oracle


def test_it_is_as_long_as_a_real_one() -> None:
    scene = first_scene("round robin", 17)
    simulation = Simulator(scene.world, 17, figures_of(scene.world)).run()
    real = scene.prove(scene.columns)
    assert len(encode_proof(simulation.proof)) == len(real)
    assert len(simulation.header.body()) == len(scene.batch.header.body())
