"""The soundness budget: two computations, the page and the command say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from math import log2
from pathlib import Path

import pytest

from circuits.ir.expression import powers
from circuits.routing import routing_circuit
from circuits.security import (
    CONTENT_DEGREE,
    CURVE_BITS,
    LONGEST_TUPLE,
    MOST_TOTALS,
    Sizes,
    bits_of,
    challenge_degree,
    enumerated_terms,
    stated_terms,
)
from circuits.statement import smallest_log_rows
from prover.quotient import SPARE
from tests.support.policies import ALL_POLICIES, WHOLE_RULE
from zkroute.cli.commands import inspect
from zkroute.model.policy import parse_policy
from zkroute.protocol.srs import MAXIMUM_LOG_POWERS

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXTS = ALL_POLICIES | {
    path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("policies/*.toml"))
}
LARGEST_D = 1 << MAXIMUM_LOG_POWERS
LARGEST = Sizes(1 << 27, 1 << 8, 1 << 9, LARGEST_D, 1 << 20, 1 << 12)
"""What docs/protocol.md allows for."""
LOOSEST = {
    # shorter tuples, less content and fewer values on the next row than the formula allows for
    "an unbalanced bus sums to zero": LONGEST_TUPLE,
    "a bus denominator is zero": LONGEST_TUPLE,
    "a row's content is zero": CONTENT_DEGREE,
    "a wrong slice gives the right digest": CONTENT_DEGREE,
    "wrong values cancel": 2,
}


@pytest.mark.parametrize("powers_of_tau", [1 << 13, LARGEST_D])
@pytest.mark.parametrize("name", TEXTS)
def test_formula_and_enumeration_agree(name: str, powers_of_tau: int) -> None:
    """Never more by enumeration, and no more apart than the known slack."""
    policy = parse_policy(TEXTS[name], name)
    lowered = routing_circuit(policy, max(6, smallest_log_rows(policy, 0))).lowered
    stated = stated_terms(Sizes.of(lowered, powers_of_tau))
    enumerated = enumerated_terms(lowered, powers_of_tau)
    for formula, walked in zip(stated, enumerated, strict=True):
        assert formula.event == walked.event
        assert walked.unlucky <= formula.unlucky, formula
        slack = 1.05 if formula.challenge == "evaluation_point" else 1
        slack = LOOSEST.get(formula.event, slack)
        assert formula.unlucky <= slack * walked.unlucky, formula
    assert 215 < bits_of(stated) <= bits_of(enumerated)
    assert bits_of(stated) - 100 > CURVE_BITS


@pytest.mark.parametrize("name", TEXTS)
def test_the_constants_of_the_page_are_maxima(name: str) -> None:
    policy = parse_policy(TEXTS[name], name)
    lowered = routing_circuit(policy, max(6, smallest_log_rows(policy, 0))).lowered
    circuit = lowered.circuit
    assert max(len(each.values) for each in circuit.interactions) <= LONGEST_TUPLE
    assert len(circuit.totals) <= MOST_TOTALS
    late = lowered.accumulation.late
    assert late is not None
    assert challenge_degree(late.denominator, {"slice_fold"}) <= CONTENT_DEGREE


def test_degrees_are_counted_by_challenge() -> None:
    policy = parse_policy(TEXTS["round robin"], "round robin")
    lowered = routing_circuit(policy, 6).lowered
    (late,) = [lowered.accumulation.late]
    assert late is not None
    assert challenge_degree(late.denominator, {"slice_point"}) == 1
    assert challenge_degree(late.denominator, {"slice_node"}) == 1
    assert challenge_degree(late.denominator, {"slice_point", "slice_node"}) == 2
    assert challenge_degree(powers(late.denominator, [1, 1, 1]), {"slice_node"}) == 2


def test_the_page_gives_these_bits() -> None:
    """The table of docs/protocol.md is the formula at the page's largest circuit."""
    page = (DOCS / "protocol.md").read_text(encoding="utf-8").split("## Soundness bound")[1]
    shown = [float(bits) for bits in re.findall(r"\(r−1\) \| ([0-9.]+) \|", page)]
    terms = stated_terms(LARGEST)
    for term, bits in zip(terms, shown, strict=True):
        assert abs(term.bits - bits) < 0.1, term
    assert bits_of(terms) > 221  # "The sum is below 2^-221"
    short = replace(LARGEST, powers=LARGEST.rows + SPARE)
    assert bits_of(stated_terms(short)) > 222  # "it would be below 2^-222"


@pytest.mark.parametrize(("log_rows", "slots"), [(6, 64), (20, 4096)])
def test_the_page_leaves_room_for_the_largest_circuits(log_rows: int, slots: int) -> None:
    """Every feature and the widest numbers: the largest that were found."""
    text = WHOLE_RULE
    widths = (
        "[decimals]\nprice = 18\nsize = 18\nmargin = 0\n[widths]\nkey_bits = 64\nmargin_bits = 96\n"
    )
    for old, new in {
        "[cost]": f"{widths}[cost]",
        "slots = 8": f"slots = {slots}",
        "carry = 32": f"carry = {slots}",
        "unit = 100": f"unit = {2**48 - 1}",
        "rate_scale = 1000": "rate_scale = 131071",
        "p = 101\nshards = 3": f"p = {2**61 - 1}\nshards = 2",
    }.items():
        assert old in text
        text = text.replace(old, new, 1)
    sizes = Sizes.of(routing_circuit(parse_policy(text, "widest"), log_rows).lowered, LARGEST_D)
    if log_rows == 6:
        assert (sizes.gates, sizes.opened) == (208, 421)
    else:
        assert round(log2(sizes.fractions), 1) == 26.6
    assert sizes.gates <= LARGEST.gates
    assert sizes.opened <= LARGEST.opened
    assert sizes.fractions <= LARGEST.fractions
    assert (sizes.rows, sizes.node_rows) <= (LARGEST.rows, LARGEST.node_rows)


def test_a_hidden_gate_would_show() -> None:
    """The two ways are independent: what one does not count, the other does."""
    policy = parse_policy(TEXTS["round robin"], "round robin")
    lowered = routing_circuit(policy, 6).lowered
    stated = {term.event: term.unlucky for term in stated_terms(Sizes.of(lowered, LARGEST_D))}
    main = lowered.circuit.main
    lowered.gates[main] = lowered.gates[main] + lowered.gates[main][:1]
    try:
        found = {term.event: term.unlucky for term in enumerated_terms(lowered, LARGEST_D)}
    finally:
        lowered.gates[main] = lowered.gates[main][:-1]
    event = "a failing gate leaves no pole"
    assert found[event] == stated[event] + 1


def test_the_command_offers_it() -> None:
    assert "--security" in {name for each in inspect.command.params for name in each.opts}
