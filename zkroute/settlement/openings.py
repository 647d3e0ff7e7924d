"""Openings of a header's columns at chosen rows: what a trader, an auditor or a court checks.

The columns are combined with powers of a challenge drawn after the values, so one KZG opening
stands for all of them at a row. Several rows are opened together by the scheme of Boneh, Drake,
Fisch and Gabizon (eprint 2020/081, section 4) with two group elements, however many they are.
Every value that enters is stated and bound before the challenge: a value left to be inferred
would be free for the router to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from verifier.many import failing
from verifier.opening import PairingCheck, Sum
from zkroute.algebra.domain import root_of_unity
from zkroute.algebra.groups import GENERATOR_G1, PointG1
from zkroute.algebra.scalars import MODULUS, batch_invert
from zkroute.formats.inclusion import MAX_ROWS, NODES, ORDERS, Opening, log_rows, openable
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.transcript import Transcript
from zkroute.settlement.errors import Reason, SettlementError

PROTOCOL = b"zkroute/opening/v1"


def check_openings(key: VerifyingKey, header: Header, openings: Sequence[Opening]) -> None:
    """Every opening holds for the header's commitments, all by one product of pairings.

    Raises SettlementError saying which does not.

    Soundness: the caller knows header and key to be accepted; the values are those of a proven
    batch only if the header's proof was verified.
    """
    claims = [(opening_claim(key, header, opening), key.g2_tau) for opening in openings]
    wrong = failing(claims) if claims else []
    if wrong:
        which = f"opening {wrong[0] + 1} of {len(openings)}" if len(openings) > 1 else "the opening"
        raise SettlementError(
            Reason.INCLUSION_INVALID, f"{which} does not hold for the header's commitments"
        )


def opening_claim(key: VerifyingKey, header: Header, opening: Opening) -> PairingCheck:
    """The pairing claim that the opening is right. Raises SettlementError for a shape that no
    opening has."""
    _require_shape(key, opening)
    if opening.header_digest != header.digest:
        _refuse("it opens another header's columns")
    if header.key != key.digest:
        _refuse("the header names another verifying key")
    transcript, fold = draw_fold(key, header, opening)
    commitments = _commitments(key, header, opening)
    weights = powers(fold, len(opening.columns))
    values = [folded(row, weights) for row in opening.values]
    points = domain_points(key, opening.table, opening.rows)
    if len(points) == 1:
        (quotient,) = opening.proof
        # e(Q, [tau]) = e(F - v G + x Q, [1])
        right = Sum((*commitments, GENERATOR_G1, quotient), (*weights, -values[0], points[0]))
        return PairingCheck(Sum((quotient,), (1,)), right)
    quotient, reduced = opening.proof
    point = draw_point(transcript, quotient)
    vanishing, value = interpolated_at(points, values, point)
    # F - r(z) - Z(z) Q is zero at z
    right = Sum(
        (*commitments, GENERATOR_G1, quotient, reduced), (*weights, -value, -vanishing, point)
    )
    return PairingCheck(Sum((reduced,), (1,)), right)


def draw_fold(key: VerifyingKey, header: Header, opening: Opening) -> tuple[Transcript, int]:
    """The challenge that combines the columns, after everything that is claimed."""
    transcript = Transcript(PROTOCOL)
    transcript.absorb("key", key.digest)
    transcript.absorb("header", header.body())
    transcript.absorb("table", opening.table.encode())
    for column in opening.columns:
        transcript.absorb("column", column.encode())
    transcript.absorb_scalars("rows", opening.rows)
    for row in opening.values:
        transcript.absorb_scalars("values", row)
    return transcript, transcript.challenge("column_fold")


def draw_point(transcript: Transcript, quotient: PointG1) -> int:
    """The point at which an opening of several rows becomes one of a single point."""
    transcript.absorb_point("quotient", quotient)
    return transcript.challenge("reduction_point")


def powers(fold: int, count: int) -> list[int]:
    """1, fold, fold^2, ..."""
    return [pow(fold, power, MODULUS) for power in range(count)]


def folded(values: Sequence[int], weights: Sequence[int]) -> int:
    """The weighted sum of a row's values."""
    return sum(v * w for v, w in zip(values, weights, strict=True)) % MODULUS


def domain_points(key: VerifyingKey, table: str, rows: Sequence[int]) -> list[int]:
    """The elements of the table's domain that belong to these rows."""
    root = root_of_unity(log_rows(key, table))
    return [pow(root, row, MODULUS) for row in rows]


def interpolated_at(points: Sequence[int], values: Sequence[int], point: int) -> tuple[int, int]:
    """Z(point) and r(point): Z is zero at all points, r of least degree takes the values there.

    r(z) = Z(z) sum_i v_i / (Z'(x_i) (z - x_i)). Raises SettlementError if ``point`` is one of the
    points (chance below 2^-240).
    """
    vanishing = 1
    for each in points:
        vanishing = vanishing * (point - each) % MODULUS
    if vanishing == 0:
        raise SettlementError(Reason.INCLUSION_INVALID, "a challenge fell on an opened row")
    denominators = []
    for each in points:
        derivative = point - each
        for other in points:
            if other != each:
                derivative = derivative * (each - other) % MODULUS
        denominators.append(derivative)
    inverses = batch_invert(denominators)
    total = sum(v * inverse for v, inverse in zip(values, inverses, strict=True))
    return vanishing, vanishing * total % MODULUS


def _require_shape(key: VerifyingKey, opening: Opening) -> None:
    """The opening has the form that its table, columns and rows give it."""
    if opening.table not in (ORDERS, NODES):
        _refuse(f"no table is called {opening.table!r}")
    available = openable(key, opening.table)
    if not opening.columns or list(opening.columns) != [
        name for name in available if name in opening.columns
    ]:
        _refuse("its columns are not committed ones in their order, each once")
    if not 0 < len(opening.rows) <= MAX_ROWS or len(opening.values) != len(opening.rows):
        _refuse(f"it must have values for 1 to {MAX_ROWS} rows")
    if any(low >= high for low, high in pairwise(opening.rows)):
        _refuse("its rows do not ascend")
    if opening.rows[0] < 0 or opening.rows[-1] >> log_rows(key, opening.table):
        _refuse("a row lies outside the table")
    widths = [available[name] for name in opening.columns]
    for row in opening.values:
        if len(row) != len(widths) or any(
            not 0 <= value < 1 << bits for value, bits in zip(row, widths, strict=True)
        ):
            _refuse("a value is out of its column's range")
    if len(opening.proof) != min(len(opening.rows), 2) or None in opening.proof:
        _refuse("the proof has not as many points as such an opening")


def _commitments(key: VerifyingKey, header: Header, opening: Opening) -> list[PointG1]:
    if opening.table == NODES:
        both = {"work_before": header.work_before, "work_after": header.work_after}
        return [both[name] for name in opening.columns]
    names = list(openable(key, ORDERS))
    if len(header.columns) != len(names):
        _refuse("the header has another number of columns than its key")
    return [header.columns[names.index(name)] for name in opening.columns]


def _refuse(why: str) -> NoReturn:
    raise SettlementError(Reason.INCLUSION_INVALID, f"this is no opening: {why}")
