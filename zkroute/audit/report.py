"""The result of an audit, and its JSON form (``report.schema.json`` beside this file)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from zkroute.audit.batches import Checked
from zkroute.audit.findings import Finding, worst
from zkroute.audit.folder import FileProblemError, PublishedFolder
from zkroute.audit.terms import Terms
from zkroute.errors import ExitCode
from zkroute.protocol.header import Header

FORMAT = "zkroute-audit"
VERSION = 1


@dataclass(frozen=True)
class InForce:
    """A document that was in force for batches in a row of the list, from ``first`` to ``last``."""

    digest: bytes
    label: str
    """What it calls itself; empty where it cannot be read."""
    first: int
    last: int
    batches: int


@dataclass(frozen=True)
class Report:
    """Everything an audit found out."""

    chain: str
    terms: Terms
    batches: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    """By position; those about no single entry at the end."""
    policies: tuple[InForce, ...]
    snapshots: tuple[InForce, ...]
    nodes: tuple[str, ...]
    """Names of the nodes of the newest snapshot that can be read, by slot."""
    made_ms: int
    seconds: float

    @property
    def exit_code(self) -> ExitCode:
        """``VALID``, or the worst of the findings'."""
        return worst(self.findings)

    @property
    def headers(self) -> list[Header]:
        """All that could be read, in the order listed."""
        return [batch.header for batch in self.batches if batch.header]

    def of(self, position: int) -> list[Finding]:
        """What is wrong with the entry at this position."""
        return self._by_position.get(position, [])

    @property
    def refused(self) -> int:
        """How many entries something is wrong with."""
        return sum(1 for batch in self.batches if self.of(batch.position))

    @cached_property
    def _by_position(self) -> dict[int, list[Finding]]:
        grouped: dict[int, list[Finding]] = {}
        for finding in self.findings:
            if finding.position is not None:
                grouped.setdefault(finding.position, []).append(finding)
        return grouped

    def document(self) -> dict[str, object]:
        """The report for programs; ``schema()`` describes it."""
        headers = self.headers
        terms = self.terms
        return {
            "format": FORMAT,
            "version": VERSION,
            "chain": self.chain,
            "valid": self.exit_code is ExitCode.VALID,
            "exit_code": int(self.exit_code),
            "made_ms": self.made_ms,
            "seconds": round(self.seconds, 3),
            "summary": {
                "batches": len(self.batches),
                "refused": self.refused,
                "orders": sum(header.order_count for header in headers),
                "first_time_ms": headers[0].time_ms if headers else None,
                "last_time_ms": headers[-1].time_ms if headers else None,
                "head": self.batches[-1].entry.header.hex(),
            },
            "accepted": {
                "keys": _hex(terms.keys),
                "routers": _hex(terms.routers.terms),
                "snapshots": None if terms.snapshots is None else _hex(terms.snapshots),
                "development_srs": sorted(terms.development_srs),
                "heads": _hex(terms.heads),
            },
            "findings": list(map(_finding, self.findings)),
            "batches": [_batch(batch, self.of(batch.position)) for batch in self.batches],
            "policies": list(map(_in_force, self.policies)),
            "snapshots": list(map(_in_force, self.snapshots)),
            "nodes": list(self.nodes),
        }


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``Report.document``."""
    text = files("zkroute.audit").joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def policies_in_force(folder: PublishedFolder, batches: Iterable[Checked]) -> tuple[InForce, ...]:
    """Policies over the batches whose headers can be read."""
    return _runs(batches, lambda header: header.policy, lambda digest: folder.policy(digest).name)


def snapshots_in_force(folder: PublishedFolder, batches: Iterable[Checked]) -> tuple[InForce, ...]:
    """Snapshots over the batches whose headers can be read."""

    def label(digest: bytes) -> str:
        snapshot = folder.snapshot(digest)
        return f"epoch {snapshot.epoch}, {len(snapshot.nodes)} nodes"

    return _runs(batches, lambda header: header.snapshot, label)


def node_names(folder: PublishedFolder, batches: Iterable[Checked]) -> tuple[str, ...]:
    """Of the newest snapshot that can be read."""
    for digest in dict.fromkeys(
        batch.header.snapshot for batch in reversed(list(batches)) if batch.header
    ):
        try:
            return tuple(node.name for node in folder.snapshot(digest).nodes)
        except FileProblemError:
            continue
    return ()


def _runs(
    batches: Iterable[Checked],
    of: Callable[[Header], bytes],
    label: Callable[[bytes], str],
) -> tuple[InForce, ...]:
    runs: list[InForce] = []
    for batch in batches:
        if batch.header is None:
            continue
        digest, number = of(batch.header), batch.number
        if runs and runs[-1].digest == digest:
            last = runs[-1]
            runs[-1] = InForce(digest, last.label, last.first, number, last.batches + 1)
        else:
            runs.append(InForce(digest, _label(label, digest), number, number, 1))
    return tuple(runs)


def _label(label: Callable[[bytes], str], digest: bytes) -> str:
    try:
        return label(digest)
    except FileProblemError:
        return ""


def _hex(digests: Iterable[bytes]) -> list[str]:
    return sorted(digest.hex() for digest in digests)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "exit_code": int(finding.exit_code),
        "message": finding.message,
        "position": finding.position,
        "batch": finding.batch,
        "file": finding.file,
    }


def _in_force(each: InForce) -> dict[str, object]:
    return {
        "digest": each.digest.hex(),
        "label": each.label,
        "first_batch": each.first,
        "last_batch": each.last,
        "batches": each.batches,
    }


def _batch(batch: Checked, findings: list[Finding]) -> dict[str, object]:
    header, entry = batch.header, batch.entry
    return {
        "position": batch.position,
        "batch": batch.number,
        "status": "refused" if findings else "valid",
        "codes": list(dict.fromkeys(each.code for each in findings)),
        "header": entry.header.hex(),
        "proof": entry.proof.hex(),
        "key": entry.key.hex(),
        "policy": entry.policy.hex(),
        "snapshot": entry.snapshot.hex(),
        "stated": _stated(header) if header else None,
    }


def _stated(header: Header) -> dict[str, object]:
    """What the header says; no more believable than the status of its batch."""
    figures = header.figures
    return {
        "router": header.router.hex(),
        "time_ms": header.time_ms,
        "elapsed_ms": header.elapsed_ms,
        "first_sequence": header.first_sequence,
        "orders": header.order_count,
        "intake": header.intake.hex(),
        "figures": {
            "counts": list(figures.counts),
            "loads": list(figures.loads),
            "herfindahl": figures.herfindahl,
            "max_count": figures.max_count,
            "placed_count": figures.placed_count,
        },
    }
