"""Reading a ``.ptau`` file: the published result of a powers-of-tau ceremony.

Only the powers of tau in G1 and [tau] in G2 are used, but a file is accepted as a whole or not at
all: every section is checked, so that damage anywhere is noticed where it is, not in a proof.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zkroute.algebra.engine import Engine, Limbs
from zkroute.algebra.engine import engine as default_engine
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.ptau_checks import (
    Relation,
    check_relations,
    check_subgroup,
    lagrange_bases,
    same_exponents,
    successive_powers,
)
from zkroute.formats.ptau_container import (
    PtauContainer,
    Section,
    lagrange_levels,
    open_container,
)
from zkroute.formats.ptau_contributions import (
    Contributions,
    check_last_contribution,
    decode_contributions,
)
from zkroute.formats.ptau_points import decode_montgomery_g1, decode_montgomery_g2
from zkroute.protocol.ceremonies import ceremony_named, ceremony_of
from zkroute.protocol.point_arrays import array_from_points
from zkroute.protocol.srs import SrsKind, StructuredReferenceString, check_g2_tau, is_valid_name
from zkroute.protocol.twist_combination import AffineG2

Progress = Callable[[float], None]
"""Called with the fraction done, from 0 to 1."""


def import_ptau(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> StructuredReferenceString:
    """The SRS of a ceremony, 2**(power + 1) powers less one, after checking the whole file.

    A file of a known ceremony carries that ceremony's name; for any other the caller gives a
    ``name`` and with it the word that somebody honest took part. ``engine`` defaults to the
    fastest.

    Checked: structure and lengths; the field; that all points are canonical, on their curves and,
    in G2, in the subgroup; that the powers in G1 begin with the generator and are successive powers
    of the tau in G2; likewise alpha and beta; every Lagrange basis against the powers; and that the
    list of contributions ends with this very tau. A wrong point passes with probability below
    2**-127.

    Raises MalformedError naming the section for a file that fails, UsageError for a ceremony that
    is unknown and not named, or known under another name, and for a file that cannot be read.
    """
    source = Path(path)
    try:
        file = source.open("rb")
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror}") from error
    with file:
        container = open_container(file, str(source))
        return _check_and_take(container, name, engine or default_engine(), progress)


class _Reader:
    """Sections as checked arrays and lists, with progress by the bytes dealt with."""

    def __init__(self, container: PtauContainer, progress: Progress | None) -> None:
        self.container = container
        self.progress = progress
        self.bytes_done = 0
        self.bytes_in_all = sum(length for _, length in container.sections.values())

    def what(self, section: Section) -> str:
        """How errors call a section."""
        return f"{self.container.name}: {section}"

    def read_g1(self, section: Section) -> Limbs:
        """A section of G1 points, on the curve."""
        return decode_montgomery_g1(self.container.read(section), self.what(section))

    def read_g2(self, section: Section) -> list[AffineG2]:
        """A section of points on the twist, subgroup not yet checked."""
        return decode_montgomery_g2(self.container.read(section), self.what(section))

    def done(self, section: Section) -> None:
        """Report that a section has been dealt with."""
        self.bytes_done += self.container.sections[section][1]
        if self.progress is not None:
            self.progress(self.bytes_done / self.bytes_in_all)


def _check_and_take(
    container: PtauContainer, name: str | None, engine: Engine, progress: Progress | None
) -> StructuredReferenceString:
    reader = _Reader(container, progress)
    record = container.read(Section.CONTRIBUTIONS)
    contributions = decode_contributions(record, reader.what(Section.CONTRIBUTIONS))
    powers = reader.read_g1(Section.TAU_G1)
    powers_g2 = reader.read_g2(Section.TAU_G2)
    alpha = reader.read_g1(Section.ALPHA_TAU_G1)
    beta = reader.read_g1(Section.BETA_TAU_G1)
    (beta_g2,) = reader.read_g2(Section.BETA_G2)
    if not np.array_equal(powers[:1], array_from_points([GENERATOR_G1])):
        raise MalformedError(f"{reader.what(Section.TAU_G1)}: point 0 is not the generator")
    if powers_g2[0] != GENERATOR_G2:
        raise MalformedError(f"{reader.what(Section.TAU_G2)}: point 0 is not the generator")
    g2_tau = powers_g2[1]
    check_g2_tau(g2_tau, reader.what(Section.TAU_G2))
    check_last_contribution(
        contributions,
        container.name,
        tau_g1=powers[1],
        tau_g2=g2_tau,
        alpha_g1=alpha[0],
        beta_g1=beta[0],
        beta_g2=beta_g2,
    )
    name = _ceremony_name(g2_tau, name, record, container.name)
    reader.done(Section.HEADER)
    relations = _contribution_relations(contributions, engine, reader)
    for section, points in (
        (Section.TAU_G1, powers),
        (Section.ALPHA_TAU_G1, alpha),
        (Section.BETA_TAU_G1, beta),
    ):
        relations.append(successive_powers(points, engine, reader.what(section)))
        reader.done(section)
    for section, in_g1, in_g2 in (
        (Section.TAU_G2, powers[: len(powers_g2)], powers_g2),
        (Section.BETA_G2, beta[:1], [beta_g2]),
    ):
        relations.append(same_exponents(in_g1, in_g2, engine, reader.what(section)))
        reader.done(section)
    if container.has_lagrange:
        relations += _check_lagrange_sections(powers, alpha, beta, engine, reader)
    check_relations(relations, g2_tau)
    return StructuredReferenceString(SrsKind.CEREMONY, name, powers, g2_tau)


def _ceremony_name(g2_tau: AffineG2, name: str | None, record: bytes, source: str) -> str:
    """The known ceremony's name, else the caller's, which must not be a known one's."""
    known = ceremony_of(g2_tau)
    if known is not None:
        if name not in (None, known.name):
            raise UsageError(f"{source}: this is {known.name}, not {name}; leave the name out")
        if hashlib.sha256(record).hexdigest() != known.contributions_sha256:
            raise MalformedError(f"{source}: the list of contributions is not that of {known.name}")
        return known.name
    if name is None:
        raise UsageError(
            f"{source}: no ceremony known here ended with this [tau]; if you know where the file "
            "comes from and trust it, import it under a name of your own"
        )
    if ceremony_named(name) is not None:
        raise UsageError(f"{source}: this is not {name}: that ceremony ended with another [tau]")
    if not is_valid_name(name):
        raise UsageError(f"{source}: {name!r} cannot name an SRS; use a-z, 0-9, dot and hyphen")
    return name


def _contribution_relations(
    contributions: Contributions, engine: Engine, reader: _Reader
) -> list[Relation]:
    """Each contribution's tau and beta are the same in G1 and G2; its keys are in G2."""
    what = reader.what(Section.CONTRIBUTIONS)
    check_subgroup(contributions.key_g2, what)
    relation = same_exponents(
        np.concatenate([contributions.tau_g1, contributions.beta_g1]),
        contributions.tau_g2 + contributions.beta_g2,
        engine,
        what,
    )
    reader.done(Section.CONTRIBUTIONS)
    return [relation]


def _check_lagrange_sections(
    powers: Limbs, alpha: Limbs, beta: Limbs, engine: Engine, reader: _Reader
) -> list[Relation]:
    """The bases in G1 are those of the powers; what needs pairings is left as relations."""
    relations = []
    for section, points in (
        (Section.LAGRANGE_ALPHA_TAU_G1, alpha),
        (Section.LAGRANGE_BETA_TAU_G1, beta),
        (Section.LAGRANGE_TAU_G1, powers),
    ):
        bases = reader.read_g1(section)
        levels = lagrange_levels(section, reader.container.power)
        relations += lagrange_bases(points, bases, levels, engine, reader.what(section))
        reader.done(section)
    section = Section.LAGRANGE_TAU_G2
    in_g2 = reader.read_g2(section)
    # the levels of tau in G2 are the first of those in G1, which the loop read last
    relations.append(same_exponents(bases[: len(in_g2)], in_g2, engine, reader.what(section)))
    reader.done(section)
    return relations
