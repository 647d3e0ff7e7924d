"""The pinned ceremonies: well-formed points, stable identifiers, no two alike."""

from zkroute.algebra.groups import GENERATOR_G2, multiply_g2
from zkroute.protocol.ceremonies import (
    KNOWN_CEREMONIES,
    PERPETUAL_POWERS_OF_TAU_HERMEZ,
    ceremony_named,
    ceremony_of,
)
from zkroute.protocol.srs import SrsKind, check_g2_tau, is_valid_name, srs_identifier


def test_pinned_points_are_sound() -> None:
    for ceremony in KNOWN_CEREMONIES:
        check_g2_tau(ceremony.g2_tau)
        assert is_valid_name(ceremony.name)
    assert len({ceremony.name for ceremony in KNOWN_CEREMONIES}) == len(KNOWN_CEREMONIES)


def test_hermez_is_the_published_point() -> None:
    """X_2 as snarkjs writes it into every PLONK verification key of this ceremony."""
    assert PERPETUAL_POWERS_OF_TAU_HERMEZ.g2_tau == (
        (
            21831381940315734285607113342023901060522397560371972897001948545212302161822,
            17231025384763736816414546592865244497437017442647097510447326538965263639101,
        ),
        (
            2388026358213174446665280700919698872609886601280537296205114254867301080648,
            11507326595632554467052522095592665270651932854513688777769618397986436103170,
        ),
    )
    identifier = srs_identifier(SrsKind.CEREMONY, PERPETUAL_POWERS_OF_TAU_HERMEZ.g2_tau)
    assert identifier == "ceremony-a5ff7f6168db3a2249e9b5ebc180392a"


def test_look_up() -> None:
    hermez = PERPETUAL_POWERS_OF_TAU_HERMEZ
    assert ceremony_of(hermez.g2_tau) is hermez
    assert ceremony_named("ppot-hermez") is hermez
    assert ceremony_of(multiply_g2(GENERATOR_G2, 5)) is None
    assert ceremony_named("other") is None
