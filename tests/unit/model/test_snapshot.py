"""The node snapshot: strict reading, canonical form, and one epoch after another."""

from __future__ import annotations

import pytest

from zkroute.errors import MalformedError, MismatchError
from zkroute.model.examples import EXAMPLE_NODES
from zkroute.model.snapshot import (
    Snapshot,
    check_succession,
    parse_snapshot,
    snapshot_from_canonical,
)

NODE = """\
[[nodes]]
name = "NAME"
chain = "c"
group = "g"
capacity = 5
service_rate = 6
gas_price = 7
latency_ms = 8
reputation = 9
"""


def text(*names: str, epoch: int = 1) -> str:
    return f"epoch = {epoch}\n" + "".join(NODE.replace("NAME", name) for name in names)


def snapshot(*names: str, epoch: int = 1) -> Snapshot:
    return parse_snapshot(text(*names, epoch=epoch), "nodes.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("capacity = 5", "capacity = 0", "nodes.toml:6: nodes[1].capacity: must be between 1"),
        ("capacity = 5", "capacity = 5.5", "nodes.toml:6: nodes[1].capacity: must be a whole"),
        ("capacity = 5", f"capacity = {1 << 48}", "nodes[1].capacity: must be between"),
        ("capacity = 5\n", "", "nodes.toml:2: nodes[1].capacity: is missing"),
        ("gas_price = 7", "gas_price = -1", "nodes.toml:8: nodes[1].gas_price: must be between"),
        ("reputation = 9", 'status = "gone"\nreputation = 9', "status: must be one of up, down"),
        ("reputation = 9", "reputation = 9\nregion = 1", "nodes.toml:11: nodes[1].region: unknown"),
        ('name = "b"', 'name = "a"', "nodes.toml:12: nodes[2].name: 'a' is already the node in"),
        ("epoch = 1", "epoch = -1", "nodes.toml:1: epoch: must be between"),
        ("epoch = 1\n", "", "nodes.toml: epoch: is missing"),
        ("epoch = 1", "epoch = 1\nforecast = {}", "nodes.toml:2: forecast: unknown key"),
    ],
)
def test_each_mistake_is_refused_at_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_snapshot(text("a", "b").replace(old, new, 1), "nodes.toml")
    assert message in str(caught.value)


def test_a_snapshot_has_a_node() -> None:
    with pytest.raises(MalformedError, match="nodes: is missing"):
        parse_snapshot("epoch = 1", "nodes.toml")
    with pytest.raises(MalformedError, match="0 entries"):
        parse_snapshot("epoch = 1\nnodes = []", "nodes.toml")


def test_canonical_bytes_and_snapshot_are_inverse() -> None:
    original = parse_snapshot(EXAMPLE_NODES, "nodes.toml")
    data = original.canonical_bytes()
    assert snapshot_from_canonical(data) == original
    assert [node.name for node in original.nodes if not node.is_up] == ["singapore-2"]
    for bad in (data[:-1], data + b" ", data.replace(b'"epoch":1', b'"epoch":1.0')):
        with pytest.raises(MalformedError):
            snapshot_from_canonical(bad)


def test_slot_order_is_part_of_the_digest() -> None:
    assert snapshot("a", "b").digest != snapshot("b", "a").digest


def test_nodes_keep_their_slots_from_epoch_to_epoch() -> None:
    check_succession(snapshot("a", "b"), snapshot("a", "b", "c", epoch=2))
    check_succession(snapshot("a"), snapshot("a"))
    with pytest.raises(MismatchError, match="slot 0 belongs to node 'a' but holds 'b'"):
        check_succession(snapshot("a", "b"), snapshot("b", epoch=2))
    with pytest.raises(MismatchError, match="slot 1 belongs to node 'b' but holds 'nothing'"):
        check_succession(snapshot("a", "b"), snapshot("a", epoch=2))
    with pytest.raises(MismatchError, match="epoch 1 does not come after epoch 1"):
        check_succession(snapshot("a"), snapshot("a", "b"))
