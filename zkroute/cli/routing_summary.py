"""What ``route`` tells the router about a batch: where its orders went."""

from __future__ import annotations

import numpy as np

from prover.state import CommittedBatch
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.model.snapshot import Snapshot
from zkroute.routing.batch import HELD, PLACED, REJECTED


def say_routing(
    terminal: Terminal, folder: BatchFolder, committed: CommittedBatch, snapshot: Snapshot
) -> None:
    """Header and distribution, for people."""
    header, counts = committed.header, _counts(committed)
    terminal.say(f"batch {header.batch} of chain {header.chain}: {header.order_count:,} orders")
    if counts["taken_over"]:
        terminal.say(f"{counts['taken_over']:,} more were held by the batch before")
    terminal.table(
        ("slot", "node", "orders", "work after"),
        [
            (slot, name, orders, work)
            for slot, (name, orders, work) in enumerate(_distribution(committed, snapshot))
        ],
    )
    if counts["held"]:
        terminal.say(f"{counts['held']:,} held for the next batch")
    if counts["rejected"]:
        terminal.say(f"{counts['rejected']:,} rejected, short of margin")
    terminal.say(f"header digest {header.digest.hex()}")
    terminal.say(f"written to {folder.path}; next: zkroute prove {folder.path}")


def routing_document(
    folder: BatchFolder, committed: CommittedBatch, snapshot: Snapshot
) -> dict[str, object]:
    """The same for programs."""
    header = committed.header
    return {
        "folder": str(folder.path),
        "chain": header.chain,
        "batch": header.batch,
        "digest": header.digest.hex(),
        "first_sequence": header.first_sequence,
        "orders": header.order_count,
        **_counts(committed),
        "time_ms": header.time_ms,
        "elapsed_ms": header.elapsed_ms,
        "nodes": [
            {"name": name, "orders": orders, "work_after": work}
            for name, orders, work in _distribution(committed, snapshot)
        ],
    }


def _counts(committed: CommittedBatch) -> dict[str, int]:
    """What became of the orders, those included that the batch before held."""
    routed = committed.routed
    return {
        "taken_over": int(routed.carried.sum()),
        "placed": int((routed.status == PLACED).sum()),
        "held": int((routed.status == HELD).sum()),
        "rejected": int((routed.status == REJECTED).sum()),
    }


def _distribution(committed: CommittedBatch, snapshot: Snapshot) -> list[tuple[str, int, int]]:
    """Name, orders received and work afterwards of every node."""
    routed = committed.routed
    placed = routed.node[routed.status == PLACED]
    counts = np.bincount(placed, minlength=len(snapshot.nodes)).tolist()
    return [
        (node.name, counts[slot], routed.work_out[slot]) for slot, node in enumerate(snapshot.nodes)
    ]
