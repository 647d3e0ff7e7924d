"""A small campaign of mutated proofs; ``python -m tests.campaigns.proofs`` runs larger ones."""

from __future__ import annotations

from collections.abc import Callable

from tests.campaigns.proofs import MUTATIONS, campaign, judged, share_of_the_algebra
from tests.soundness.honest_proofs import NAMES, proof

SIZE = 300


def test_no_mutant_is_accepted(campaign_size: Callable[[int], int]) -> None:
    size = campaign_size(SIZE)
    answers = campaign(1, size)
    assert not [kind for kind, code in answers if code is None]
    if size >= SIZE:  # fewer do not show what is drawn how often
        assert {kind for kind, _ in answers} == {mutation.__name__ for mutation in MUTATIONS}
        assert share_of_the_algebra(answers) > 0.6


def test_what_is_not_mutated_is_accepted() -> None:
    """The campaign would notice an accepted proof."""
    for name in NAMES:
        assert judged(name, proof(name), "compiled") is None
