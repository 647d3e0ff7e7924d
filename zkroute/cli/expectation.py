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

STAGE_MILLISECONDS = 3.0
"""What any stage takes, however few its rows."""
NANOSECONDS = {
    "portable": {
        "trace": 60.0,
        "witness": 400.0,
        "lookups": 9_000.0,
        "accumulator": 12_000.0,
        "quotient": 800.0,
        "evaluations": 60.0,
        "openings": 9_000.0,
    },
    "ifma": {
        "trace": 60.0,
        "witness": 150.0,
        "lookups": 2_500.0,
        "accumulator": 4_000.0,
        "quotient": 250.0,
        "evaluations": 20.0,
        "openings": 2_500.0,
    },
    "reference": {
        "trace": 60.0,
        "witness": 60_000.0,
        "lookups": 500_000.0,
        "accumulator": 400_000.0,
        "quotient": 30_000.0,
        "evaluations": 2_000.0,
        "openings": 300_000.0,
    },
}
"""Per kernel and stage, for one row and one unit of what ``_amounts`` counts, on two processors."""
BASE_MEGABYTES = 260.0
BYTES_PER_CELL = 130.0
"""Values, coefficients and what is in flight, of every row of every committed column."""
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
    nanoseconds = NANOSECONDS.get(kernel, NANOSECONDS["portable"])
    pace = _remembered_pace(kernel)
    rows = 1 << proving_key.circuit.shape.log_rows
    stages = {
        stage: pace * (STAGE_MILLISECONDS * 1e-3 + nanoseconds[stage] * 1e-9 * rows * amount)
        for stage, amount in _amounts(proving_key).items()
    }
    columns = _columns(proving_key, *COMMITTED_KINDS, Kind.FIXED)
    return Expectation(kernel, stages, BASE_MEGABYTES + BYTES_PER_CELL * rows * columns / 1e6)


def say_expectation(terminal: Terminal, expectation: Expectation) -> None:
    """One line before the work begins."""
    unready = expectation.kernel != "reference" and not compiled_kernels()
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
