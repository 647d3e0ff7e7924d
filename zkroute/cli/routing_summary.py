"""What ``route`` tells the router about a batch: where its orders went."""

from __future__ import annotations

import numpy as np

from prover.batch import CommittedBatch
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.model.snapshot import Snapshot


def say_routing(
    terminal: Terminal, folder: BatchFolder, committed: CommittedBatch, snapshot: Snapshot
) -> None:
    """Header and distribution, for people."""
    header = committed.header
    terminal.say(f"batch {header.batch} of chain {header.chain}: {header.order_count:,} orders")
    terminal.table(
        ("slot", "node", "orders", "work after"),
        [
            (slot, name, orders, work)
            for slot, (name, orders, work) in enumerate(_distribution(committed, snapshot))
        ],
    )
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
        "time_ms": header.time_ms,
        "elapsed_ms": header.elapsed_ms,
        "nodes": [
            {"name": name, "orders": orders, "work_after": work}
            for name, orders, work in _distribution(committed, snapshot)
        ],
    }


def _distribution(committed: CommittedBatch, snapshot: Snapshot) -> list[tuple[str, int, int]]:
    """Name, orders received and work afterwards of every node."""
    counts = np.bincount(committed.routed.node, minlength=len(snapshot.nodes)).tolist()
    work = committed.routed.work_out
    return [(node.name, counts[slot], work[slot]) for slot, node in enumerate(snapshot.nodes)]
