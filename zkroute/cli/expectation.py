"""What a proof will cost in time and memory, said before it is made.

A model of each stage, measured once (docs/cli.md), times how this machine compared with it at its
last proof.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from circuits.ir.table import COMMITTED_KINDS, Kind
from prover.keygen import ProvingKey
from zkroute.atomic import write_atomic
from zkroute.cli.terminal import Terminal
from zkroute.model.json_text import load_json
from zkroute.paths import cache_directory

OVERHEAD_ROWS = {"portable": 2_500, "ifma": 2_500, "reference": 0}
"""What small tables cost beyond their rows: buckets, twiddles and calls, as if they had more."""
NANOSECONDS = {
    "portable": {
        "trace": 60.0,
        "witness": 320.0,
        "lookups": 3_900.0,
        "accumulator": 6_000.0,
        "quotient": 420.0,
        "evaluations": 28.0,
        "openings": 3_900.0,
    },
    "ifma": {
        "trace": 60.0,
        "witness": 300.0,
        "lookups": 2_700.0,
        "accumulator": 3_800.0,
        "quotient": 380.0,
        "evaluations": 25.0,
        "openings": 2_500.0,
    },
    "reference": {
        "trace": 180.0,
        "witness": 80_000.0,
        "lookups": 480_000.0,
        "accumulator": 650_000.0,
        "quotient": 30_000.0,
        "evaluations": 1_000.0,
        "openings": 450_000.0,
    },
}
"""Per kernel and stage, for one row and one unit of what ``_amounts`` counts, on two processors."""
BASE_MEGABYTES = 190.0
BYTES_PER_CELL = 200.0
"""Values, coefficients and what is in flight, for every row of every committed column."""
_PACE_LIMITS = (0.02, 50.0)


@dataclass(frozen=True)
class Expectation:
    """Seconds of every stage in order, and the peak of the process's memory."""

    kernel: str
    stages: dict[str, float]
    megabytes: float

    @property
    def seconds(self) -> float:
        """Of all stages together."""
        return sum(self.stages.values())


def expect(proving_key: ProvingKey) -> Expectation:
    """The cost of one proof with this key on this machine, kernels compiled."""
    kernel = proving_key.engine.name
    known = kernel if kernel in NANOSECONDS else "portable"
    pace = _remembered_pace(kernel)
    rows = 1 << proving_key.circuit.shape.log_rows
    counted = rows + OVERHEAD_ROWS[known]
    stages = {
        stage: pace * NANOSECONDS[known][stage] * 1e-9 * counted * amount
        for stage, amount in _amounts(proving_key).items()
    }
    columns = _columns(proving_key, *COMMITTED_KINDS, Kind.FIXED)
    return Expectation(kernel, stages, BASE_MEGABYTES + BYTES_PER_CELL * rows * columns / 1e6)


def say_expectation(terminal: Terminal, expectation: Expectation) -> None:
    """One line before the work begins."""
    unready = expectation.kernel != "reference" and expectation.kernel not in _remembered()
    terminal.say(
        f"expecting about {expectation.seconds:.1f} s and {expectation.megabytes:,.0f} MB "
        f"with {expectation.kernel} kernels"
        + ("; they are compiled first, which takes up to a minute, once" if unready else "")
    )


def compiled_kernels() -> int:
    """How many pieces of machine code are kept on this machine."""
    return sum(1 for _ in (cache_directory() / "kernels").rglob("*.nbc"))


def remember(expectation: Expectation, seconds: float) -> None:
    """Correct the next expectation by what this one missed; a cache that cannot be written is
    no error."""
    pace = _remembered_pace(expectation.kernel) * seconds / expectation.seconds
    paces = _remembered() | {expectation.kernel: pace}
    try:
        write_atomic(_pace_path(), json.dumps(paces).encode("ascii"))
    except OSError:
        return


def _amounts(proving_key: ProvingKey) -> dict[str, float]:
    """What the cost of each stage grows with, beside the rows."""
    committed = _columns(proving_key, *COMMITTED_KINDS)
    chunks = proving_key.circuit.lowered.circuit.degree - 1
    return {
        "trace": committed,
        "witness": _columns(proving_key, Kind.HEADER, Kind.WITNESS),
        "lookups": _columns(proving_key, Kind.HELPER),
        "accumulator": 1.0,
        "quotient": chunks * committed,
        "evaluations": committed,
        "openings": 2.0,
    }


def _columns(proving_key: ProvingKey, *kinds: Kind) -> float:
    """Columns of these kinds, smaller tables' counting by their share of the rows."""
    circuit = proving_key.circuit.lowered.circuit
    rows = circuit.tables[circuit.main].rows
    return sum(circuit.tables[column.table].rows / rows for column in circuit.columns(*kinds))


def _remembered_pace(kernel: str) -> float:
    """How much slower than the model this machine was at its last proof; 1 if there is none."""
    pace = _remembered().get(kernel, 1.0)
    low, high = _PACE_LIMITS
    return pace if low <= pace <= high else 1.0


def _remembered() -> dict[str, float]:
    try:
        values = load_json(_pace_path().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {
        kernel: float(pace) for kernel, pace in values.items() if isinstance(pace, (int, float))
    }


def _pace_path() -> Path:
    return cache_directory() / "pace.json"
