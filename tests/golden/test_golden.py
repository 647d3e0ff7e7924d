"""What must not change unnoticed: circuits, keys, and that stored proofs go on verifying.

After a deliberate change of the protocol:  pytest tests/golden --regenerate
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

import verifier
from circuits.ir.pin import circuit_text
from tests.golden.golden import pins, self_test_bytes
from tests.support.lying import lying_world
from tests.support.policies import ALL_POLICIES
from verifier.self_test import golden_bytes, read_golden, run_self_test
from verifier.verify import judge
from zkroute.atomic import write_atomic
from zkroute.formats.strict_json import dump_object

PINS = Path(__file__).parent / "pins.json"
SELF_TEST = Path(verifier.__file__).parent / "data" / "self_test.json"


@pytest.fixture(scope="session", autouse=True)
def _golden_files(regenerate: bool) -> None:
    if regenerate:
        # whole files at once: several test processes may be at it
        write_atomic(SELF_TEST, self_test_bytes())
        write_atomic(PINS, dump_object(pins()))


all_pins = cache(pins)


@pytest.mark.parametrize("name", ALL_POLICIES)
def test_circuit_and_key_are_the_pinned_ones(name: str) -> None:
    assert all_pins()[name] == json.loads(PINS.read_bytes())[name]


def test_no_two_policies_have_one_key() -> None:
    keys = {pin["key"] for pin in all_pins().values()}
    assert len(keys) == len(ALL_POLICIES)


def test_the_circuit_text_names_every_rule() -> None:
    """What the digest covers: two circuits that differ in any rule differ in their text."""
    lowered = lying_world("whole rule").proving_key.circuit.lowered
    text = circuit_text(lowered)
    for table in lowered.circuit.tables.values():
        assert all(f"gate {gate.sentence}: {gate.expression.text}" in text for gate in table.gates)
        assert all(f"column {table.name}.{name} " in text for name in table.columns)
    interactions = lowered.circuit.interactions
    assert text.count("\ninteraction ") == len(interactions)
    assert text.count("\ntotal ") == len(lowered.circuit.totals)


def test_the_stored_proof_still_verifies() -> None:
    golden = read_golden(golden_bytes())
    judge(golden.key, golden.header, golden.proof, golden.acceptance)
    run_self_test(judge)


def test_a_new_golden_batch_passes_the_self_test_too() -> None:
    golden = read_golden(self_test_bytes())
    judge(golden.key, golden.header, golden.proof, golden.acceptance)
    assert golden.proof != read_golden(golden_bytes()).proof
