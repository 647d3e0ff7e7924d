"""A process that races others for every place of one ledger's chain, and says which it won.

python -m tests.settlement.contender LEDGER HEADER SNAPSHOT ROUNDS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.settlement.chains import child_of
from zkroute.formats.header import decode_header
from zkroute.model.snapshot import snapshot_from_canonical
from zkroute.settlement.errors import ForkError
from zkroute.settlement.ledger import Ledger


def contend(path: Path, header: Path, snapshot: Path, rounds: int) -> dict[str, int]:
    """Header digest to height of each batch this process got in."""
    like = decode_header(header.read_bytes(), "like")
    nodes = snapshot_from_canonical(snapshot.read_bytes())
    won = {}
    parent = None
    with Ledger(path) as ledger:
        for height in range(rounds):
            mine = child_of(parent, like)
            try:
                ledger.append(mine, b"proof", nodes)
                won[mine.digest.hex()] = height
            except ForkError:
                pass
            entry = ledger.entry(height)
            assert entry is not None
            parent = entry.header
    return won


if __name__ == "__main__":
    ledger_path, header_path, snapshot_path, rounds_text = sys.argv[1:]
    result = contend(Path(ledger_path), Path(header_path), Path(snapshot_path), int(rounds_text))
    print(json.dumps(result))
