"""Each constraint of the whole rule stands alone against some false trace, or follows from others.

A forgery is refused by the circuit and passes once its constraint is taken out, so no constraint is
for show; `forgeries.md` lists them all. `python -m tests.rule.test_forgeries`
writes it anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from circuits.check import check_trace
from circuits.gadgets.range import RANGE
from circuits.routing import RoutingCircuit
from tests.oracle.completion import Columns
from tests.rule.forgeries import FORGERIES, IMPLIED
from tests.rule.forging import Forged, counted
from tests.rule.ground import Constraint, constraints, without
from tests.rule.grounds import busy
from zkroute.algebra.scalars import MODULUS

PAGE = Path(__file__).parent / "forgeries.md"
LIMBS = " is the sum of its limbs"


def every_constraint() -> list[Constraint]:
    return constraints(busy().circuit)


@cache
def made(name: str) -> Forged:
    return FORGERIES[name].make()


def forged_against(constraint: Constraint) -> Forged | None:
    """The trace that only this constraint refuses; a sum of limbs stands against any value."""
    if str(constraint) in FORGERIES:
        return made(str(constraint))
    if not constraint.name.endswith(LIMBS):
        return None
    checked = f"{constraint.table}: {constraint.name.removesuffix(LIMBS)}"
    out_of_range = made(checked) if checked in FORGERIES else honest()
    return without_limbs(out_of_range, constraint.table, constraint.name.removesuffix(LIMBS))


@cache
def honest() -> Forged:
    return Forged(*busy().public, busy().honest)


def limb_columns(circuit: RoutingCircuit, table: str, value: str) -> list[str]:
    names = circuit.lowered.circuit.tables[table].columns
    return [name for name in names if name.startswith(f"{value}_limb_")]


def bits_of(circuit: RoutingCircuit, table: str, value: str) -> int:
    """Bits below which a value's check keeps it: its limbs', the top one's narrowest."""
    names = limb_columns(circuit, table, value)
    widths = [
        int(each.sentence.rpartition("^")[2])
        for each in circuit.lowered.circuit.interactions
        if each.table == table and each.sentence.startswith(f"{names[-1]} is")
    ]
    return circuit.shape.limb_bits * (len(names) - 1) + min(widths)


def without_limbs(forged: Forged, table: str, value: str) -> Forged:
    """All limbs of a value are zero."""
    rows = forged.circuit.lowered.circuit.tables[table].rows
    names = limb_columns(forged.circuit, table, value)
    return recounted(forged, {(table, name): [0] * rows for name in names})


def in_one_limb(forged: Forged, table: str, value: str, only: int) -> Forged:
    """Where a value is out of range, all of it is in one limb."""
    circuit = forged.circuit
    bits, names = circuit.shape.limb_bits, limb_columns(circuit, table, value)
    columns = {(table, name): list(forged.columns[table, name]) for name in names}
    for row in range(circuit.lowered.circuit.tables[table].rows):
        limbs = [columns[table, name][row] for name in names]
        whole = sum(limb << (bits * number) for number, limb in enumerate(limbs)) % MODULUS
        if whole >> bits_of(circuit, table, value):
            for number, name in enumerate(names):
                columns[table, name][row] = 0
                if number == only:
                    shift = pow(1 << (bits * only), -1, MODULUS)
                    columns[table, name][row] = whole * shift % MODULUS
    return recounted(forged, columns)


def recounted(forged: Forged, limbs: Columns) -> Forged:
    columns = counted(forged.circuit, forged.instance, forged.columns | limbs)
    return Forged(forged.circuit, forged.instance, columns)


def passes_without(forged: Forged, constraint: Constraint) -> bool:
    """Whether nothing else refuses; lookups of a range check that is taken out do not count."""
    circuit, columns = without(forged.circuit, constraint), forged.columns
    if constraint.kind == "range":
        columns = counted(circuit, forged.instance, columns)
    return not check_trace(circuit, forged.instance, columns)


def test_every_constraint_has_a_forgery_or_a_reason() -> None:
    names = [str(constraint) for constraint in every_constraint()]
    assert len(names) == len(set(names))
    assert not FORGERIES.keys() & IMPLIED.keys()
    told = FORGERIES.keys() | IMPLIED.keys()
    assert told == {name for name in names if not name.endswith(LIMBS)}


@pytest.mark.parametrize("constraint", every_constraint(), ids=str)
def test_a_forgery_passes_exactly_when_its_constraint_is_taken_out(constraint: Constraint) -> None:
    forged = forged_against(constraint)
    if forged is None:
        assert str(constraint) in IMPLIED
        return
    assert check_trace(forged.circuit, forged.instance, forged.columns)
    assert passes_without(forged, constraint)


@pytest.mark.slow
@pytest.mark.parametrize(
    "constraint", [each for each in every_constraint() if each.kind == "range"], ids=str
)
def test_each_limb_of_a_range_check_is_looked_up_for_a_reason(constraint: Constraint) -> None:
    """A value out of range can be put into any one limb; then only that limb's lookups refuse."""
    if str(constraint) in IMPLIED:
        return
    forged = made(str(constraint))
    table, value = constraint.table, constraint.name
    for number, name in enumerate(limb_columns(forged.circuit, table, value)):
        lie = in_one_limb(forged, table, value, number)
        lookups = {
            each.sentence
            for each in lie.circuit.lowered.circuit.interactions
            if each.table == table and each.sentence.startswith(f"{name} is below")
        }
        failures = check_trace(lie.circuit, lie.instance, lie.columns)
        assert failures
        for failure in failures:
            assert failure.rule.removeprefix(f"bus {RANGE} does not balance: ") in lookups


def page() -> str:
    rows = []
    for constraint in every_constraint():
        name = str(constraint)
        if name in FORGERIES:
            told = FORGERIES[name].story
        elif name in IMPLIED:
            told = f"*implied:* {IMPLIED[name]}"
        else:
            told = "the value's limbs are all zero"
        rows.append(f"| {constraint.kind} | {name} | {told} |")
    forged = sum("*implied:*" not in each for each in rows)
    return "\n".join(
        [
            "# What each constraint stands against",
            "",
            f"{len(rows)} constraints of a policy that uses every feature. For {forged} of them",
            "the tests hold a wrong trace that passes exactly when the constraint is taken out of",
            "the circuit (`pytest tests/rule/test_forgeries.py`); the others are implied, with",
            "the reason. The total over the slice digests is not here: digests are what it says,",
            "and `tests/soundness` forges them against the verifier.",
            "",
            "| kind | constraint | what passes without it |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def test_the_page_lists_them_all() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
