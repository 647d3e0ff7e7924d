"""Finding the SRS a command needs among those kept on this machine."""

from __future__ import annotations

from prover.quotient import SPARE
from zkroute.errors import UsageError
from zkroute.formats.srs_file import find_srs, strings_by_name
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.srs import StructuredReferenceString


def powers_needed(log_rows: int) -> int:
    """Powers that proofs of a row class take: the longest polynomial is the last quotient chunk."""
    return (1 << log_rows) + SPARE


def srs_of_key(key: VerifyingKey) -> StructuredReferenceString:
    """The SRS a key was derived from, as many powers as its proofs take.

    Raises UsageError saying what to do where this machine does not keep it.
    """
    return _load(key.srs, key.log_rows)


def choose_srs(wanted: str | None, log_rows: int) -> StructuredReferenceString:
    """The SRS of a name or identifier; without either, the only one that is long enough.

    Raises UsageError where there is none or a choice must be made.
    """
    if wanted is not None:
        return _load(wanted, log_rows)
    needed = powers_needed(log_rows)
    fitting = [each for each in strings_by_name() if each.count >= needed]
    if not fitting:
        raise UsageError(
            f"no SRS kept here has the {needed} powers that batches of 2^{log_rows} orders take; "
            f"import one of a ceremony (zkroute srs import FILE.ptau), or make one to try things "
            f"with (zkroute srs new --rows 2^{log_rows})"
        )
    if len(fitting) > 1:
        shown = "; ".join(f"{each.name} = {each.identifier}" for each in fitting)
        raise UsageError(f"several SRS would do, choose one with --srs: {shown}")
    return _load(fitting[0].identifier, log_rows)


def _load(wanted: str, log_rows: int) -> StructuredReferenceString:
    needed = powers_needed(log_rows)
    return find_srs(wanted, needed).truncated(needed)
