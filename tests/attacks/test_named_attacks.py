"""Rows of the catalogue that no other test covers by name."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

import prover.prove
import verifier.verify
from circuits.gadgets.range import MAXIMUM_BITS
from circuits.ir.lowering import LoweredCircuit
from circuits.routing import routing_circuit
from circuits.statement import MAXIMUM_LOG_ROWS, smallest_log_rows
from prover.prove import blind_chunks
from tests.support.lying import TAU, Scene, lying_world
from tests.support.policies import ALL_POLICIES
from tests.support.scenes import chained_scene, first_scene
from tests.support.transcripts import LoggingTranscript
from verifier.errors import Code
from verifier.opening import Query, opening_check
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.groups import GENERATOR_G1, multiply_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.model.policy import parse_policy
from zkroute.protocol.proof import Proof, queries, queries_next
from zkroute.protocol.schedule import PROTOCOL, Schedule
from zkroute.protocol.slices import LEAF_DOMAIN, NODE_DOMAIN, merkle_root

NAME = "round robin"
ROOT = Path(__file__).resolve().parents[2]


@cache
def lowered(name: str, extra: int = 0) -> LoweredCircuit:
    policy = parse_policy(ALL_POLICIES[name], name)
    return routing_circuit(policy, max(6, smallest_log_rows(policy, 0)) + extra).lowered


def test_every_message_is_absorbed_before_what_depends_on_it() -> None:
    """F2, F3, F5. The order is written out here; the code's own log must be the same."""
    scene = first_scene(NAME, 5)
    proof = scene.messages(scene.columns)
    transcript = LoggingTranscript(PROTOCOL)
    schedule = Schedule(scene.world.proving_key.key, scene.batch.header, transcript)
    schedule.witness(proof.witness)
    schedule.helpers(proof.helpers, proof.slice_digests)
    schedule.accumulator(proof.accumulator)
    schedule.quotient(proof.quotient)
    schedule.evaluations(proof.evaluations, proof.evaluations_next)
    schedule.openings(proof.opening, proof.opening_next)
    order = " ".join(label for _, label in transcript.log)
    assert order == (
        "circuit key srs header witness bus_fold bus_point slice_fold slice_point "
        "helpers slice_digests slice_node sum_fold accumulator gate_fold quotient "
        "evaluation_point evaluations evaluations_next opening_fold "
        "opening opening_next opening_join"
    )
    assert {each.name for each in fields(Proof)} <= set(order.split())


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_no_column_is_opened_twice_at_a_point(name: str) -> None:
    """F4."""
    for cells in (queries(lowered(name)), queries_next(lowered(name))):
        places = [(cell.table, cell.column) for cell in cells]
        assert len(set(places)) == len(places)
    assert root_of_unity(6) != 1  # here and there are different points in every row class


def test_one_commitment_with_two_values_at_a_point_is_refused() -> None:
    """F4. Weights of one point are added up, values are not forgotten."""
    point, fold, join = 3, 5, 7
    constant = multiply_g1(GENERATOR_G1, 11)  # the polynomial 11: its openings are zero

    def holds(*values: int) -> bool:
        here = [Query((constant,), (1,), value) for value in values]
        claim = opening_check(here, [], point, 2 * point, fold, join, None, None)
        return multiply_g1(claim.left.point(), TAU) == claim.right.point()

    assert holds(11, 11)
    assert not holds(11, 12)
    assert not holds(10, 12)


class InDomain(Schedule):
    """Draws a point of the domain."""

    def quotient(self, commitments: object) -> dict[str, int]:
        super().quotient(commitments)  # type: ignore[arg-type]  # passed on as it came
        return {"evaluation_point": root_of_unity(6)}


def test_a_challenge_in_a_domain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """F7."""
    scene = first_scene(NAME, 5)
    proof = scene.prove(scene.columns)
    assert scene.verdict(proof) is None
    monkeypatch.setattr(verifier.verify, "Schedule", InDomain)
    assert scene.verdict(proof) is Code.CHALLENGE_DEGENERATE


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_no_decomposition_wraps(name: str) -> None:
    """K4. All limbs at their largest stay below r, so that each number has one reading."""
    for extra in (0, MAXIMUM_LOG_ROWS - 7):
        circuit = lowered(name, extra).circuit
        limbs: dict[tuple[str, str], int] = {}
        width = circuit.tables["lookup"].log_rows
        for column in circuit.columns():
            if "_limb_" in column.name:
                place = (column.table, column.name.rsplit("_limb_", 1)[0])
                limbs[place] = limbs.get(place, 0) + 1
        assert limbs
        for place, count in limbs.items():
            assert min(width, 16) * count <= MAXIMUM_BITS, place
    assert 1 << (MAXIMUM_BITS + 1) < MODULUS


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_lookups_are_fewer_than_the_field_has_elements(name: str) -> None:
    """K5. The multiplicities of a tuple cannot add up to a multiple of r."""
    circuit = lowered(name).circuit
    assert len(circuit.interactions) << MAXIMUM_LOG_ROWS < MODULUS >> 200


def test_a_challenge_that_hits_a_tuple_stops_the_prover(monkeypatch: pytest.MonkeyPatch) -> None:
    """K6. The prover starts afresh; a vacuous gate is never proven by an honest one."""

    class Hits(Schedule):
        def witness(self, commitments: object) -> dict[str, int]:
            drawn = super().witness(commitments)  # type: ignore[arg-type]  # passed on
            # the range table's zero: tag + bus_fold * 0
            tag = lowered(NAME).circuit.buses["range"]
            return drawn | {"bus_point": tag}

    scene = first_scene(NAME, 5)
    monkeypatch.setattr(prover.prove, "Schedule", Hits)
    with pytest.raises(ZeroDivisionError):
        scene.messages(scene.columns)


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_tags_of_buses_differ(name: str) -> None:
    """K8. Tuples of one bus cannot serve on another."""
    tags = list(lowered(name).circuit.buses.values())
    assert len(set(tags)) == len(tags)
    assert 0 not in tags


PRINT_DIGESTS = """
from circuits.routing import routing_circuit
from tests.support.policies import ALL_POLICIES
from zkroute.model.policy import parse_policy
for name in ("example", "whole rule"):
    print(routing_circuit(parse_policy(ALL_POLICIES[name], name), 9).digest.hex())
"""


def test_circuits_do_not_depend_on_the_hash_seed() -> None:
    """K11."""
    found = {
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4294967295")
    }
    assert len(found) == 1
    assert len(found.pop().split()) == 2


def test_trailing_zeros_do_not_change_a_commitment() -> None:
    """K12."""
    key = lying_world(NAME).proving_key
    engine = key.engine
    short, zero = engine.from_integers([3, 1, 4]), engine.from_integers([0])
    padded = engine.concatenate([short, zero, zero])
    difference = engine.linear_combination([short, short], [1, -1])
    points = key.committer.coefficients([short, padded, difference, zero])
    assert points[0] == points[1]
    assert points[2] is None
    assert points[3] is None


def test_chunks_are_uniform_but_for_their_sum() -> None:
    """Z1. Fresh blinders move every chunk; the sum that the verifier knows stays."""
    key = lying_world(NAME).proving_key
    engine, rows = key.engine, 1 << key.circuit.shape.log_rows
    quotient = engine.from_integers(list(range(1, 4 * rows + 20)))
    weights = [pow(TAU, rows * i, MODULUS) for i in range(4)]

    def at_tau() -> list[int]:
        return [engine.evaluate(chunk, TAU) for chunk in blind_chunks(key, quotient)]

    first, second = at_tau(), at_tau()
    assert all(one != other for one, other in zip(first, second, strict=True))
    sums = {
        sum(w * t for w, t in zip(weights, values, strict=True)) % MODULUS
        for values in (first, second)
    }
    assert sums == {engine.evaluate(quotient, TAU)}
    moves = [[(a - b) % MODULUS for a, b in zip(at_tau(), first, strict=True)] for _ in range(3)]
    # three draws span all vectors orthogonal to the weights: a 3 x 3 minor does not vanish
    (a, b, c), (d, e, f), (g, h, i) = (move[:3] for move in moves)
    assert (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) % MODULUS


RANDOM_MODULES = {"random", "numpy.random"}


def test_the_packages_take_randomness_from_the_operating_system_alone() -> None:
    """Z5. No other generator is imported where secrets are drawn, and no seed is asked for."""
    for package in ("prover", "verifier", "circuits", "zkroute/protocol", "zkroute/algebra"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    assert not {alias.name for alias in node.names} & RANDOM_MODULES, path
                if isinstance(node, ast.ImportFrom):
                    assert node.module not in RANDOM_MODULES, path
                if isinstance(node, ast.Attribute):
                    assert node.attr not in {"random", "default_rng", "RandomState"}, path
                if isinstance(node, ast.arg):
                    assert node.arg != "seed", path


def test_a_proof_is_as_long_whatever_is_in_the_batch() -> None:
    """Z7."""

    def lengths(scene: Scene) -> tuple[int, int]:
        return len(scene.prove(scene.columns)), len(scene.batch.header.body())

    scenes = [first_scene(NAME, count) for count in (0, 1, 31, 64)]
    assert len({lengths(scene) for scene in scenes}) == 1
    assert lengths(chained_scene(NAME, 23))[0] == lengths(scenes[0])[0]


def test_a_leaf_is_no_inner_node() -> None:
    """S7."""
    leaves = [bytes([number]) * 32 for number in range(4)]
    inner = [merkle_root(leaves[:2]), merkle_root(leaves[2:])]
    assert merkle_root(leaves) == merkle_root(inner)  # which is why leaves have their own domain
    assert not LEAF_DOMAIN.startswith(NODE_DOMAIN)
    assert not NODE_DOMAIN.startswith(LEAF_DOMAIN)


@pytest.mark.parametrize("count", [0, 3, 5, 6, 7])
def test_leaves_are_never_doubled(count: int) -> None:
    """S7."""
    with pytest.raises(ValueError, match="power of two"):
        merkle_root([bytes(32)] * count)
