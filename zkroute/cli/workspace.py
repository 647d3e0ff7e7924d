"""Names of the files in a router's folder and in a batch's folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLICY = "policy.toml"
NODES = "nodes.toml"
ORDERS = "orders.csv"
KEY = "key.json"
ROUTER_KEY = "router.key"
ROUTER_PUBLIC = "router.pub"
BATCHES = "batches"
INTAKE = "intake.db"
NODE = "node.toml"
DISCLOSURES = "disclosures.log"
_PLAIN = re.compile(r"(?!.*\.[0-9a-f]{16}$)[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*")
_MAX_RANGES = 64
"""Characters of a file's name that say which orders it is about."""
_ODD = re.compile(r"[^A-Za-z0-9_+-]")


@dataclass(frozen=True)
class BatchFolder:
    """The folder of one batch: header, proof and snapshot for everyone, the rest private."""

    path: Path

    @classmethod
    def of(cls, path: Path) -> BatchFolder:
        """The folder a path means: itself, or the one around a header.json."""
        return cls(path.parent if path.name == "header.json" else path)

    @property
    def header(self) -> Path:
        """The public header."""
        return self.path / "header.json"

    @property
    def proof(self) -> Path:
        """The proof."""
        return self.path / "proof.bin"

    @property
    def snapshot(self) -> Path:
        """Canonical bytes of the node snapshot the batch was routed by."""
        return self.path / "snapshot.json"

    @property
    def private(self) -> Path:
        """What opens the header, for the router alone."""
        return self.path / "batch.private"

    @property
    def intake(self) -> Path:
        """Leaves of the intake log, for everyone; only where the orders came from one."""
        return self.path / "intake.bin"

    def slice(self, node: str) -> Path:
        """The slice of one node, for that node alone."""
        return self.path / "slices" / f"{_file_name(node)}.slice"

    def inclusion(self, sequence: Sequence[int]) -> Path:
        """The inclusion proof of one order, for its trader, or of several together (ascending)."""
        ranges = _ranges(sequence)
        if len(ranges) > _MAX_RANGES:
            part = hashlib.sha256(ranges.encode()).hexdigest()[:16]
            ranges = f"{sequence[0]}-{sequence[-1]}.{part}"
        together = ".together" if len(sequence) > 1 else ""
        return self.path / "inclusion" / f"{ranges}{together}.bin"


def _ranges(sequence: Sequence[int]) -> str:
    """Ascending numbers as people write them: ``3,10-12``."""
    runs: list[list[int]] = []
    for number in sequence:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)


def _file_name(node: str) -> str:
    """A node's name where a file can have it; else letters of it and a hash, so that no two nodes
    share a file."""
    if _PLAIN.fullmatch(node):
        return node
    return f"{_ODD.sub('_', node)}.{hashlib.sha256(node.encode()).hexdigest()[:16]}"
