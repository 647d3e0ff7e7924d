"""Export and import: the same chain, or a refusal that leaves nothing behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.days import START_MS, Day
from zkroute.errors import MalformedError, MismatchError, UsageError, ZkrouteError
from zkroute.settlement.exchange import export_ledger, import_ledger
from zkroute.settlement.gate import Accepted, Gate
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.router_keys import RouterKeys


@pytest.fixture(scope="module")
def exported(day: Day, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    slot = day.busiest()
    with Ledger(folder / "ledger.db") as ledger:
        gate = Gate(day.configuration(node=day.node(slot)), ledger, lambda: START_MS)
        for number, batch in enumerate(day.batches):
            answer = gate.accept(batch.header, day.proofs[number], day.slices[number][slot])
            assert isinstance(answer, Accepted)
        assert export_ledger(ledger, folder / "ledger.jsonl") == 3
        with pytest.raises(UsageError, match="there already"):
            export_ledger(ledger, folder / "ledger.jsonl")
    return folder / "ledger.jsonl"


def test_another_nodes_list_of_orders_is_not_taken_over(
    day: Day, exported: Path, tmp_path: Path
) -> None:
    """It settled others; a made-up one would make this node refuse a true batch for good."""
    with Ledger(tmp_path / "new.db") as ledger:
        assert import_ledger(ledger, exported, day.configuration()) == 3
        assert ledger.orders_of(0) == []
        assert ledger.head is not None
        assert ledger.head.digest == day.batches[2].header.digest
    if os.name == "posix":
        for name in ("new.db", "new.db.checkpoint"):
            assert (tmp_path / name).stat().st_mode & 0o022 == 0
        assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0
        assert exported.stat().st_mode & 0o077 == 0


def test_an_own_export_gives_the_same_ledger(day: Day, exported: Path, tmp_path: Path) -> None:
    link = bytes.fromhex(json.loads(exported.read_bytes().splitlines()[0])["link"])
    with Ledger(tmp_path / "new.db") as ledger:
        with pytest.raises(MismatchError, match="not the one given"):
            import_ledger(ledger, exported, day.configuration(), own_link=bytes(32))
        assert import_ledger(ledger, exported, day.configuration(snapshots=[]), link) == 3
        assert export_ledger(ledger, tmp_path / "again.jsonl") == 3
        with pytest.raises(UsageError, match="new ledger"):
            import_ledger(ledger, exported, day.configuration())
        assert ledger.orders_of(0)
    assert (tmp_path / "again.jsonl").read_bytes() == exported.read_bytes()
    Ledger(tmp_path / "new.db").close()


def test_empty_ledger_is_not_exported(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new.db") as ledger, pytest.raises(UsageError, match="nothing"):
        export_ledger(ledger, tmp_path / "ledger.jsonl")
    assert not (tmp_path / "ledger.jsonl").exists()


def edited(lines: list[bytes], number: int, old: bytes, new: bytes) -> list[bytes]:
    assert old in lines[number]
    return [*lines[:number], lines[number].replace(old, new, 1), *lines[number + 1 :]]


EDITS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "batch dropped": lambda lines: [*lines[:3], *lines[4:]],
    "last batch dropped": lambda lines: lines[:-1],
    "batches swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "batch twice": lambda lines: [*lines, lines[-1]],
    "snapshot dropped": lambda lines: [lines[0], *lines[2:]],
    "another snapshot": lambda lines: edited(lines, 1, b'"epoch":1', b'"epoch":2'),
    "proof altered": lambda lines: edited(lines, 3, b'"proof":"', b'"proof":"00'),
    "header altered": lambda lines: edited(lines, 3, b'"order_count":24', b'"order_count":23'),
    "time altered": lambda lines: edited(lines, 3, b'"accepted_ms":17', b'"accepted_ms":16'),
    "fewer announced": lambda lines: edited(lines, 0, b'"batches":3', b'"batches":2'),
    "link altered": lambda lines: [lines[0][:-6] + b'00"}\n', *lines[1:]],
    "orders dropped": lambda lines: [*lines[:2], cut_orders(lines[2]), *lines[3:]],
    "not JSON": lambda lines: [*lines[:3], b"{\n"],
    "another format": lambda lines: edited(lines, 0, b"ledger-export", b"ledger-import"),
    "another chain": lambda lines: edited(lines, 0, b'"chain":"', b'"chain":"x'),
    "unknown key": lambda lines: edited(lines, 3, b'"proof"', b'"hidden":1,"proof"'),
}


def cut_orders(line: bytes) -> bytes:
    return line[: line.index(b'"orders":')] + b'"orders":[]}\n'


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_edited_file_is_refused(
    day: Day, exported: Path, tmp_path: Path, edit: Callable[[list[bytes]], list[bytes]]
) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(edit(lines)))
    with Ledger(tmp_path / "new.db") as ledger, pytest.raises(ZkrouteError):
        import_ledger(ledger, changed, day.configuration(snapshots=[]))
    with Ledger(tmp_path / "new.db") as ledger:
        assert ledger.check() == 0


def test_chain_under_other_terms_is_refused(day: Day, exported: Path, tmp_path: Path) -> None:
    terms = day.configuration()
    for other in (
        replace(terms, keys={}),
        replace(terms, routers=RouterKeys.of([bytes(32)])),
        replace(terms, chain="elsewhere"),
        replace(terms, srs=frozenset()),
    ):
        with Ledger(tmp_path / "new.db") as ledger, pytest.raises(ZkrouteError):
            import_ledger(ledger, exported, other)
        with Ledger(tmp_path / "new.db") as ledger:
            assert ledger.head is None


def test_missing_file(tmp_path: Path, day: Day) -> None:
    with Ledger(tmp_path / "new.db") as ledger, pytest.raises(UsageError):
        import_ledger(ledger, tmp_path / "none.jsonl", day.configuration())
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with Ledger(tmp_path / "new.db") as ledger, pytest.raises((MalformedError, MismatchError)):
        import_ledger(ledger, tmp_path / "empty.jsonl", day.configuration())
