"""One batch a second for ten minutes: the gate keeps up, and its process does not grow.

pytest -m slow -n0 -s tests/settlement/test_endurance.py
"""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import pytest

from tests.settlement.days import START_MS, make_day
from tests.support.world import World
from zkroute.formats.header import encode_header
from zkroute.formats.slice import encode_slice
from zkroute.settlement.gate import Accepted, Gate
from zkroute.settlement.ledger import Ledger

SECONDS = int(os.environ.get("ZKROUTE_ENDURANCE_SECONDS", "600"))
SETTLED_AFTER = SECONDS // 10
"""Batches after which caches are full."""
GROWTH_MEGABYTES = 8.0


def resident_megabytes() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.slow
@pytest.mark.usefixtures("real_pairings")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_ten_minutes_at_one_batch_a_second(world: World, tmp_path: Path) -> None:
    day = make_day(world, [3] * SECONDS, tmp_path)
    slot = day.busiest()
    headers = [encode_header(batch.header) for batch in day.batches]
    parts = [encode_slice(parts[slot]) for parts in day.slices]
    early, slowest = 0.0, 0.0
    with Ledger(tmp_path / "ledger.db") as ledger:
        gate = Gate(day.configuration(node=day.node(slot)), ledger, lambda: START_MS + 10**9)
        start = time.monotonic()
        for number, (header, proof, part) in enumerate(
            zip(headers, day.proofs, parts, strict=True)
        ):
            time.sleep(max(0.0, start + number - time.monotonic()))
            began = time.monotonic()
            assert isinstance(gate.accept(header, proof, part), Accepted)
            slowest = max(slowest, time.monotonic() - began)
            if number == SETTLED_AFTER:
                early = resident_megabytes()
        lasted = time.monotonic() - start
        late = resident_megabytes()
    print(
        f"{SECONDS} batches in {lasted:.0f} s, slowest {1000 * slowest:.0f} ms, "
        f"memory {early:.1f} MB, then {late:.1f} MB"
    )
    assert lasted < SECONDS + 5
    assert late - early < GROWTH_MEGABYTES
