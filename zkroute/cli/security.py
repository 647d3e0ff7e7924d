"""The soundness budget of a key, for ``zkroute inspect --security``."""

from __future__ import annotations

from pathlib import Path

from circuits.security import (
    CURVE_BITS,
    Sizes,
    bits_of,
    enumerated_terms,
    stated_terms,
)
from zkroute.cli.artefacts import read_key
from zkroute.cli.inspected import Listing
from zkroute.protocol.srs import MAXIMUM_LOG_POWERS

LOG_HASHES = 100
"""The effort the Fiat-Shamir bound is stated for: 2**100 evaluations of the hash."""


def security_of(path: Path) -> tuple[dict[str, object], Listing]:
    """Totals, and one row per way that a false proof might pass, of the key in a file."""
    lowered = read_key(path).circuit.lowered
    powers = 1 << MAXIMUM_LOG_POWERS
    stated = stated_terms(Sizes.of(lowered, powers))
    enumerated = enumerated_terms(lowered, powers)
    facts: dict[str, object] = {
        "statistical_bits_by_formula": round(bits_of(stated), 1),
        "statistical_bits_by_enumeration": round(bits_of(enumerated), 1),
        "bits_left_after_2^100_hashes": round(min(each.bits for each in stated) - LOG_HASHES, 1),
        "curve_bits": CURVE_BITS,
        "curve_note": (
            f"BN254 is estimated at about {CURVE_BITS} bits (eprint 2017/334): the curve is what "
            "limits a proof, not the soundness error"
        ),
        "assumed": f"polynomials of degree below 2^{MAXIMUM_LOG_POWERS}; docs/security.md",
    }
    rows: list[tuple[object, ...]] = [
        (first.challenge, first.event, round(first.bits, 1), round(second.bits, 1))
        for first, second in zip(stated, enumerated, strict=True)
    ]
    titles = ("drawn", "a false statement survives if", "bits_by_formula", "bits_by_enumeration")
    return facts, Listing("soundness", titles, rows)
