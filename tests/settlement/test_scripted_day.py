"""A day on real trades: 50 chained batches, 16 nodes in processes of their own, 1,000 receipts,
one audit of what was published.

pytest -m slow -n0 -s tests/settlement/test_scripted_day.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.audit.published import Site, make_site
from tests.audit.tamperings import (
    Tampering,
    fork_beside,
    header_altered_in_its_file,
    proof_altered_and_renamed,
    proof_files_swapped,
    proof_missing,
)
from tests.settlement.days import START_MS, STEP_MS, Day, make_day
from tests.settlement.scenarios import SCENARIOS
from tests.support.pairings import world_of
from tests.support.shared import ROOT, shared_path
from tests.support.traders import encode_traders
from tests.support.world import World
from zkroute.cli.node_terms import configuration_text
from zkroute.errors import ExitCode
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.formats.slice import encode_slice
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.order import Orders, read_trades
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.receipts import Outcome, Published, check_receipt

pytestmark = pytest.mark.slow

BATCHES = 50
ORDERS = 20
NODES = 16


@pytest.fixture(scope="module")
def traded() -> World:
    return world_of(trades_policy(NODES), made_up_nodes(NODES))


@pytest.fixture(scope="module")
def trades(traded: World) -> Orders:
    path = shared_path("data", "binance_trades_normalised.csv.gz")
    return read_trades(path, traded.policy, count=BATCHES * ORDERS, skip_unlisted=True)


@pytest.fixture(scope="module")
def long_day(traded: World, trades: Orders, tmp_path_factory: pytest.TempPathFactory) -> Day:
    began = time.perf_counter()
    folder = tmp_path_factory.mktemp("long day")
    made = make_day(traded, [ORDERS] * BATCHES, folder, trades)
    print(f"routed, proven and verified {BATCHES} batches in {time.perf_counter() - began:.0f} s")
    return made


@pytest.fixture(scope="module")
def published_day(long_day: Day, tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = list(zip(long_day.batches, long_day.proofs, strict=True))
    return make_site(long_day.world, made, tmp_path_factory.mktemp("published day") / "chain")


def send(day: Day, folder: Path) -> None:
    """Header, proof and every node's slice of each batch, as files."""
    for number, batch in enumerate(day.batches):
        target = folder / str(number)
        target.mkdir(parents=True)
        (target / "header.json").write_bytes(encode_header(batch.header))
        (target / "proof.bin").write_bytes(day.proofs[number])
        for slot, part in enumerate(day.slices[number]):
            (target / f"{day.node(slot)}.slice").write_bytes(encode_slice(part))
        (target / "complete").touch()


def configure(day: Day, folder: Path, slot: int) -> Path:
    """The configuration of one node, in a folder of its own."""
    key, name = day.world.proving_key.key, day.node(slot)
    home = folder / name
    home.mkdir()
    (home / "key.json").write_bytes(encode_key(key))
    (home / "nodes.json").write_bytes(day.world.snapshot.canonical_bytes())
    traders = {account: frozenset([day.trader_key]) for account in day.accounts}
    (home / "traders.json").write_bytes(encode_traders(traders))
    text = configuration_text(
        key,
        day.world.router_key,
        home / "key.json",
        home / "nodes.json",
        name,
        home / "traders.json",
        home / "node.toml",
    )
    (home / "node.toml").write_text(text)
    return home / "node.toml"


def test_sixteen_nodes_settle_the_day(long_day: Day, tmp_path: Path) -> None:
    began = time.perf_counter()
    send(long_day, tmp_path / "batches")
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.settlement.node_process",
                str(configure(long_day, tmp_path, slot)),
                str(tmp_path / "batches"),
                str(BATCHES),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for slot in range(NODES)
    ]
    answers = [json.loads(process.communicate(timeout=1800)[0]) for process in running]
    assert not [answer for answer in answers if "refused" in answer]
    assert {answer["link"] for answer in answers} == {long_day.batches[-1].header.digest.hex()}
    assert sum(answer["orders"] for answer in answers) == BATCHES * ORDERS
    middle = sorted(answer["milliseconds"][BATCHES // 2] for answer in answers)[NODES // 2]
    print(
        f"{NODES} nodes, {BATCHES} batches each: {time.perf_counter() - began:.0f} s, "
        f"{middle:.0f} ms a batch in the middle"
    )


def test_a_thousand_receipts_are_kept(long_day: Day) -> None:
    key = long_day.world.proving_key.key
    assert len(long_day.receipts) == BATCHES * ORDERS
    for number, batch in enumerate(long_day.batches):
        parent = long_day.batches[number - 1].header if number else None
        for sequence in range(number * ORDERS, (number + 1) * ORDERS):
            opening = open_orders(long_day.world.proving_key, batch, [sequence])
            published = Published(batch.header, parent, long_day.leaves[number], opening)
            record = long_day.signed[number].orders.records[sequence % ORDERS].tobytes()
            receipt = long_day.receipts[sequence]
            verdict = check_receipt(receipt, published, key, long_day.routers, record)
            assert verdict.outcome is Outcome.INCLUDED


@pytest.mark.parametrize("name", SCENARIOS)
def test_cheating_on_it_is_found(long_day: Day, tmp_path: Path, name: str) -> None:
    _, code, deed = SCENARIOS[name]
    assert deed(long_day, tmp_path) == code


def test_one_audit_of_the_published_day(long_day: Day, published_day: Site) -> None:
    began = time.perf_counter()
    report = published_day.audit()
    print(f"audit of {BATCHES} batches: {time.perf_counter() - began:.1f} s")
    assert not report.findings
    assert report.exit_code is ExitCode.VALID
    assert sum(header.order_count for header in report.headers) == BATCHES * ORDERS
    assert report.headers[-1].digest == long_day.batches[-1].header.digest


@pytest.mark.parametrize(
    "tamper",
    [
        fork_beside,
        header_altered_in_its_file,
        proof_altered_and_renamed,
        proof_files_swapped,
        proof_missing,
    ],
    ids=lambda each: each.__name__,
)
def test_the_audit_names_what_was_done_to_the_published_day(
    published_day: Site, tmp_path: Path, tamper: Tampering
) -> None:
    site = published_day.copy(tmp_path / "published")
    expected = tamper(site)
    assert site.codes() == expected


def test_the_audit_names_a_gap_in_the_published_day(published_day: Site, tmp_path: Path) -> None:
    site = published_day.copy(tmp_path / "published")
    site.file(20, "headers", "header").unlink()
    site.file(20, "proofs", "proof").unlink()
    entries = site.entries
    site.rewrite([*entries[:20], *entries[21:]])
    assert site.codes() == {(21, "gap")}


def test_the_day_is_as_long_as_it_says(long_day: Day) -> None:
    last = long_day.batches[-1].header
    assert last.batch == BATCHES - 1
    assert last.time_ms == START_MS + (BATCHES - 1) * STEP_MS
    assert last.first_sequence + last.order_count == BATCHES * ORDERS
