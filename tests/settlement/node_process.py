"""A settlement node in a process of its own: takes a day's batches from a folder as they appear.

python -m tests.settlement.node_process CONFIGURATION FOLDER BATCHES
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from zkroute.settlement import Accepted, Gate, Ledger, read_configuration

PATIENCE_SECONDS = 900


def settle(configuration: Path, folder: Path, batches: int) -> dict[str, object]:
    """How many orders the node settled, and how long its gate took for each batch."""
    terms = read_configuration(configuration)
    orders, milliseconds = 0, []
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        gate = Gate(terms.configuration, ledger)
        for number in range(batches):
            batch = folder / str(number)
            wait_for(batch / "complete")
            part = (batch / f"{terms.configuration.node}.slice").read_bytes()
            began = time.perf_counter()
            answer = gate.accept(
                (batch / "header.json").read_bytes(), (batch / "proof.bin").read_bytes(), part
            )
            milliseconds.append(1000 * (time.perf_counter() - began))
            if not isinstance(answer, Accepted) or answer.orders is None:
                return {"refused": str(answer), "batch": number}
            orders += len(answer.orders.orders)
        head = ledger.head
    assert head is not None
    return {"orders": orders, "link": head.digest.hex(), "milliseconds": sorted(milliseconds)}


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} did not appear")
        time.sleep(0.05)


if __name__ == "__main__":
    print(json.dumps(settle(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
