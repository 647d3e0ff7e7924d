"""The ceremonies this software knows by their [tau] in G2.

A file of one of them is recognised by that point alone: with the same-ratio check it fixes every
power of every length, so no list of file digests is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkroute.algebra.groups import PointG2


@dataclass(frozen=True)
class Ceremony:
    """A finished ceremony whose result anybody can download and compare."""

    name: str
    g2_tau: PointG2
    contributions_sha256: str
    """SHA-256 of section 7 (all contributions) of its .ptau files, the same for every length."""


PERPETUAL_POWERS_OF_TAU_HERMEZ = Ceremony(
    name="ppot-hermez",
    # 54 contributions to the perpetual powers of tau and a beacon; files
    # powersOfTau28_hez_final_*.ptau. The same point is X_2 of every snarkjs PLONK key made from
    # them, which is how to compare it with sources that do not hold the files.
    g2_tau=(
        (
            0x30441FD1B5D3370482C42152A8899027716989A6996C2535BC9F7FEE8AAEF79E,
            0x26186A2D65EE4D2F9C9A5B91F86597D35F192CD120CAF7E935D8443D1938E23D,
        ),
        (
            0x054793348F12C0CF5622C340573CB277586319DE359AB9389778F689786B1E48,
            0x1970EA81DD6992ADFBC571EFFB03503ADBBB6A857F578403C6C40E22D65B3C02,
        ),
    ),
    contributions_sha256="cd8eb021c7328283c0e199451e6cf2c641bc11e8621d7f257ad64f70c35b4e36",
)

KNOWN_CEREMONIES = (PERPETUAL_POWERS_OF_TAU_HERMEZ,)


def ceremony_of(g2_tau: PointG2) -> Ceremony | None:
    """The known ceremony that ended with this point, or None."""
    return next((known for known in KNOWN_CEREMONIES if known.g2_tau == g2_tau), None)


def ceremony_named(name: str) -> Ceremony | None:
    """The known ceremony of this name, or None."""
    return next((known for known in KNOWN_CEREMONIES if known.name == name), None)
