"""The cosets on which quotients are found."""

from __future__ import annotations

from circuits.routing import GATE_DEGREE
from prover.quotient import GENERATOR, SPARE_SHIFT
from zkroute.algebra.domain import TWO_ADICITY
from zkroute.algebra.scalars import MODULUS


def test_no_two_cosets_meet_in_any_domain() -> None:
    """Nor any of them the domain itself: of all powers of two the largest decides."""
    shifts = [pow(GENERATOR, i, MODULUS) for i in range(GATE_DEGREE)] + [SPARE_SHIFT]
    places = {pow(shift, 1 << TWO_ADICITY, MODULUS) for shift in shifts}
    assert len(places) == len(shifts)
