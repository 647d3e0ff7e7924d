"""Published figures of a batch, and the promises a policy makes about them."""

from __future__ import annotations

from circuits.ir.circuit import Term, Total
from circuits.ir.expression import Claim, promote
from circuits.tables.node_cells import NodeCells


def add_figures(node: NodeCells) -> None:
    """Ties every figure the policy publishes to the counts and loads of this batch."""
    publish, table, circuit = node.policy.publish, node.table, node.circuit
    count = node.multiplicity
    if publish.counts:
        published = node.public("published_count", 21, "orders sent to the node, as published")
        table.gate("the published count is the node's", count - published)
    if publish.loads:
        listed = node.public("listed", 1, "one where the snapshot lists a node")
        published = node.public("published_load", 64, "work after the batch, as published")
        table.gate("the published load is the node's", listed * (node.work_after - published))
    if publish.herfindahl:
        circuit.totals.append(
            Total(
                "herfindahl",
                "the published dispersion is the sum of squared counts",
                (Term(table.name, count * count),),
                Claim("herfindahl"),
            )
        )
    if publish.max_count:
        _add_maximum(node)
    if publish.max_share_percent is not None:
        circuit.totals.append(
            Total(
                "placed_count",
                "the published number of placed orders is the sum of all counts",
                (Term(table.name, count),),
                Claim("placed_count"),
            )
        )
        room = Claim("placed_count") * publish.max_share_percent - count * 100
        node.require_range("share_room", room, node.shape.log_rows + 7)


def _add_maximum(node: NodeCells) -> None:
    """No count is above the published maximum, and one node reaches it."""
    maximum = Claim("max_count")
    node.require_range("maximum_room", maximum - node.multiplicity, node.shape.log_rows + 1)
    reaches = node.witness("reaches_maximum", 1, "one on a node with the largest count")
    node.table.gate("reaches_maximum is zero or one", reaches * (1 - reaches))
    node.table.gate(
        "the marked node has the largest count", reaches * (maximum - node.multiplicity)
    )
    node.circuit.totals.append(
        Total(
            "maximum",
            "exactly one node is marked as having the largest count",
            (Term(node.table.name, reaches),),
            promote(1),
        )
    )
