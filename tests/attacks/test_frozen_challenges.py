"""Attacks that work where a challenge is known beforehand, and fail where it is not.

Each one carries a false claim. With the challenges of an honest proof replayed the verifier
accepts it, so the attack is live; with the real transcript it refuses, and the challenge that was
to be known is another one. That prover and verifier agree on a transcript would show nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

import prover.prove
import verifier.verify
from circuits.gadgets.range import limb_names
from tests.attacks.challenges import ORDER, drawn, honest, scene
from tests.attacks.folding import FoldingRun
from tests.support.lying import TAU
from verifier.errors import Code
from verifier.opening import Query, opening_check
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.groups import (
    GENERATOR_G1,
    PointG1,
    add_g1,
    multiply_g1,
    negate_g1,
)
from zkroute.algebra.scalars import MODULUS, invert
from zkroute.formats.proof import encode_proof
from zkroute.protocol.header import Header
from zkroute.protocol.proof import Proof, queries


@contextmanager
def frozen(challenges: dict[str, int]) -> Iterator[None]:
    """Prover and verifier draw these, whatever they absorb."""

    class Replayed:
        def __init__(self, *_: object) -> None:
            pass

        def __getattr__(self, _: str) -> Callable[..., dict[str, int]]:
            return lambda *_: dict(challenges)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier.verify, "Schedule", Replayed)
        patch.setattr(prover.prove, "Schedule", Replayed)
        yield


def verdict(proof: Proof, header: Header | None = None) -> Code | None:
    return scene().verdict(encode_proof(proof), header)


def require_live_and_refused(
    forged: Proof, challenges: dict[str, int], known: str, header: Header | None = None
) -> None:
    """Accepted under the replayed challenges; refused, with other ones, by the real transcript."""
    with frozen(challenges):
        assert verdict(forged, header) is None
    assert drawn(forged, header)[known] != challenges[known]
    assert verdict(forged, header) is Code.OPENING_INVALID


@dataclass
class Asked:
    """What the verifier asks of the opening."""

    here: list[Query]
    there: list[Query]

    def residue(self, challenges: dict[str, int], one: PointG1, other: PointG1) -> PointG1:
        """The right side of the pairing claim, given the openings."""
        point = challenges["evaluation_point"]
        log_rows = scene().batch.header.log_rows
        claim = opening_check(
            self.here,
            self.there,
            point,
            point * root_of_unity(log_rows) % MODULUS,
            challenges["opening_fold"],
            challenges["opening_join"],
            one,
            other,
        )
        return claim.right.point()

    def folded_value(self, fold: int) -> int:
        return sum(pow(fold, i, MODULUS) * q.value for i, q in enumerate(self.here)) % MODULUS


def asked(proof: Proof, challenges: dict[str, int]) -> Asked:
    """The queries that the verifier makes of a proof under these challenges."""
    caught: list[Asked] = []

    def catch(here: list[Query], there: list[Query], *rest: Any) -> object:
        caught.append(Asked(here, there))
        return opening_check(here, there, *rest)

    with pytest.MonkeyPatch.context() as patch, frozen(challenges):
        patch.setattr(verifier.verify, "opening_check", catch)
        verdict(proof)
    return caught[0]


def with_value(proof: Proof, place: tuple[str, str], change: int) -> Proof:
    """The proof claiming another value of a column at the evaluation point."""
    lowered = scene().world.proving_key.circuit.lowered
    index = [(cell.table, cell.column) for cell in queries(lowered)].index(place)
    values = list(proof.evaluations)
    values[index] = (values[index] + change) % MODULUS
    return replace(proof, evaluations=tuple(values))


def test_replaying_an_honest_proof_is_accepted() -> None:
    with frozen(drawn(honest())):
        assert verdict(honest()) is None
        assert verdict(with_value(honest(), ("orders", "node"), 1)) is Code.OPENING_INVALID


def test_last_challenge_known() -> None:
    """F2. Any values pass: W = -u W' makes the left side vanish, W' the right one."""
    challenges = drawn(honest())
    false = with_value(honest(), ("orders", "node"), 1)
    join, point = challenges["opening_join"], challenges["evaluation_point"]
    rest = asked(false, challenges).residue(challenges, None, None)
    factor = join * point * (root_of_unity(scene().batch.header.log_rows) - 1) % MODULUS
    other = multiply_g1(negate_g1(rest), invert(factor))
    forged = replace(false, opening_next=other, opening=multiply_g1(negate_g1(other), join))
    require_live_and_refused(forged, challenges, "opening_join")


def test_opening_fold_known() -> None:
    """F3. Two false values whose folded sum is the honest one."""
    challenges = drawn(honest())
    fold = challenges["opening_fold"]
    false = with_value(honest(), ("orders", "node"), 1)
    # the accumulator stands in its gate once: the folded value is affine in its claimed value
    place = ("orders", "accumulator")

    def excess(change: int) -> int:
        changed = asked(with_value(false, place, change), challenges).folded_value(fold)
        return changed - asked(honest(), challenges).folded_value(fold)

    slope = excess(1) - excess(0)
    change = -excess(0) * invert(slope % MODULUS) % MODULUS
    require_live_and_refused(with_value(false, place, change), challenges, "opening_fold")


@pytest.mark.parametrize("field", ["time_ms", "slices", "intake"])
def test_statement_replay(field: str) -> None:
    """F1. The same proof for a header that differs where no gate reads it."""
    challenges = drawn(honest())
    old = getattr(scene().batch.header, field)
    new = old + 1 if isinstance(old, int) else bytes([old[0] ^ 1]) + old[1:]
    header = scene().header(**{field: new})
    with frozen(challenges):
        found = scene().verdict(encode_proof(honest()), header, anywhere())
    assert found is None
    assert all(drawn(honest(), header)[name] != challenges[name] for name in ORDER)
    assert scene().verdict(encode_proof(honest()), header, anywhere()) is Code.OPENING_INVALID


def anywhere() -> Any:
    return scene().world.acceptance()


def test_cross_proof_splice() -> None:
    """Z4. Quotient and opening of a second run beside everything else of the first."""
    challenges = drawn(honest())
    shift = 12345
    power = pow(TAU, 1 << scene().batch.header.log_rows, MODULUS)
    at_point = pow(challenges["evaluation_point"], 1 << scene().batch.header.log_rows, MODULUS)
    chunks = list(honest().quotient)
    chunks[0] = add_g1(chunks[0], multiply_g1(GENERATOR_G1, shift * power % MODULUS))
    chunks[1] = add_g1(chunks[1], multiply_g1(GENERATOR_G1, -shift % MODULUS))
    weight = pow(challenges["opening_fold"], len(honest().evaluations), MODULUS)
    move = weight * shift * (power - at_point) * invert(TAU - challenges["evaluation_point"])
    opening = add_g1(honest().opening, multiply_g1(GENERATOR_G1, move % MODULUS))
    forged = replace(honest(), quotient=tuple(chunks), opening=opening)
    require_live_and_refused(forged, challenges, "evaluation_point")


def test_bus_challenges_known() -> None:
    """F5. A limb outside the range table, made up for by a multiplicity that is no count."""
    challenges = drawn(honest())
    circuit = scene().world.proving_key.circuit.lowered.circuit
    shape = scene().world.proving_key.circuit.shape
    names = {column.name for column in circuit.columns() if column.name.endswith("_limb_1")}
    value = min(name.removesuffix("_limb_1") for name in names)
    table = next(c.table for c in circuit.columns() if c.name == f"{value}_limb_1")
    low, high = limb_names(value, 2 * shape.limb_bits, shape.limb_bits)
    columns = {place: list(values) for place, values in scene().columns.items()}
    before = {name: columns[table, name][0] for name in (low, high)}
    columns[table, low][0] += 1 << shape.limb_bits
    columns[table, high][0] = (columns[table, high][0] - 1) % MODULUS
    after = {name: columns[table, name][0] for name in (low, high)}

    def fraction(entry: int) -> int:
        tag = circuit.buses["range"]
        return invert((challenges["bus_point"] - tag - challenges["bus_fold"] * entry) % MODULUS)

    excess = sum(fraction(after[name]) - fraction(before[name]) for name in (low, high))
    receiving = next(
        each for each in circuit.interactions if each.bus == "range" and each.table == "lookup"
    )
    counts = next(
        column.name
        for column in circuit.tables["lookup"].columns.values()
        if column.name in receiving.multiplicity.text
    )
    columns["lookup", counts][0] += excess * invert(fraction(0))
    columns["lookup", counts][0] %= MODULUS
    with frozen(challenges):
        forged = scene().messages(columns)
    require_live_and_refused(forged, challenges, "bus_point")


def test_gate_fold_known() -> None:
    """F5. Gates that fail on one row cancel in the folded sum: two lookups prove nothing."""
    challenges = drawn(honest())
    with frozen(challenges):
        forged = scene().messages(scene().columns, kind=FoldingRun)
    require_live_and_refused(forged, challenges, "gate_fold")


BINDS = {
    "witness": "bus_fold",
    "helpers": "slice_node",
    "slice_digests": "slice_node",
    "accumulator": "gate_fold",
    "quotient": "evaluation_point",
    "evaluations": "opening_fold",
    "evaluations_next": "opening_fold",
    "opening": "opening_join",
    "opening_next": "opening_join",
}
"""The first challenge that depends on each part of a proof."""


def other(value: Any) -> Any:
    if isinstance(value, int):
        return value ^ 1
    return add_g1(value, GENERATOR_G1)


def test_every_part_of_a_proof_is_classified() -> None:
    assert set(BINDS) == {each.name for each in fields(Proof)}


@pytest.mark.parametrize("part", BINDS)
def test_every_element_of_a_proof_moves_the_challenges_after_it(part: str) -> None:
    known = drawn(honest())
    value = getattr(honest(), part)
    is_list = "..." in str(Proof.__annotations__[part])  # a point is a tuple too
    mutants = (
        [(*value[:i], other(value[i]), *value[i + 1 :]) for i in range(len(value))]
        if is_list
        else [other(value)]
    )
    first = ORDER.index(BINDS[part])
    for mutant in mutants:
        found = drawn(replace(honest(), **{part: mutant}))
        assert all(found[name] == known[name] for name in ORDER[:first])
        assert all(found[name] != known[name] for name in ORDER[first:])
