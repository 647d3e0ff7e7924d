"""Published figures and counts that are not those of the batch."""

from __future__ import annotations

from dataclasses import replace

from tests.rule.forging import Forged, altered, forged, forgery, patch, with_figures
from tests.rule.ground import BUSY_RULE, Ground, batch
from tests.rule.grounds import busy


@forgery("nodes: the published count is the node's", "one order more is published")
def count() -> Forged:
    made = forged(busy())
    counts = made.instance.figures.counts
    return with_figures(made, counts=(counts[0] + 1, *counts[1:]))


@forgery("nodes: the published load is the node's", "one unit of work less is published")
def load() -> Forged:
    made = forged(busy())
    loads = made.instance.figures.loads
    return with_figures(made, loads=(loads[0] - 1, *loads[1:]))


for figure, sentence in (
    ("herfindahl", "the published dispersion is the sum of squared counts"),
    ("placed_count", "the published number of placed orders is the sum of all counts"),
):
    patch(
        sentence,
        "one more is published",
        lambda figure=figure: with_figures(
            forged(busy()), **{figure: getattr(forged(busy()).instance.figures, figure) + 1}
        ),
    )


@forgery("the number of orders that arrived is the claimed one", "one more is claimed")
def order_count() -> Forged:
    return forged(busy(), order_count=busy().public[1].order_count + 1)


def marked(maximum: int, slots: dict[int, int]) -> Forged:
    """Another maximum is published, and other nodes are marked as having it."""
    made = forged(busy())
    cells = dict.fromkeys(range(8), 0) | slots
    columns = altered(made.columns, {"nodes.reaches_maximum": cells})
    return with_figures(replace(made, columns=columns), max_count=maximum)


def counts() -> tuple[int, ...]:
    return forged(busy()).instance.figures.counts


@forgery("nodes: maximum_room", "the second largest count is published as the largest")
def second_largest() -> Forged:
    second = sorted(counts())[-2]
    return marked(second, {counts().index(second): 1})


@forgery("nodes: the marked node has the largest count", "a count that no node has is published")
def larger_than_any() -> Forged:
    return marked(max(counts()) + 1, {0: 1})


@forgery("exactly one node is marked as having the largest count", "no node is marked")
def nobody_marked() -> Forged:
    return marked(max(counts()) + 1, {})


@forgery("nodes: reaches_maximum is zero or one", "a node is marked twofold, another minus once")
def marked_twofold() -> Forged:
    case = busy().case
    ground = Ground(case | {"orders": [], "carried": []})
    return forged(ground, {"nodes.reaches_maximum": {0: 2, 1: -1}})


@forgery("nodes: share_room", "a node has more than the promised share")
def share() -> Forged:
    return forged(batch(60, BUSY_RULE.replace("share_percent = 90", "share_percent = 10")))
