"""What an audit can find wrong, each with a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from verifier.errors import VerificationError
from zkroute.errors import ExitCode, ZkrouteError


class Fault(Enum):
    """A finding that is not the verifier's (those keep their ``verifier.errors.Code``)."""

    FILE_MISSING = "file-missing"
    FILE_ALTERED = "file-altered"
    FILE_SWAPPED = "file-swapped"
    FILE_EXTRA = "file-extra"
    ENTRY_MISMATCH = "entry-mismatch"
    PROOF_SWAPPED = "proof-swapped"
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    GAP = "gap"
    FORK = "fork"
    BROKEN_LINK = "broken-link"
    ROLLED_BACK = "rolled-back"
    KEY_NOT_DERIVED = "key-not-derived"


_EXIT_CODES = {
    Fault.FILE_MISSING: ExitCode.MALFORMED,
    Fault.FILE_ALTERED: ExitCode.MALFORMED,
    Fault.FILE_SWAPPED: ExitCode.MALFORMED,
    Fault.FILE_EXTRA: ExitCode.MALFORMED,
    Fault.ENTRY_MISMATCH: ExitCode.MISMATCH,
    Fault.KEY_NOT_DERIVED: ExitCode.MISMATCH,
    Fault.PROOF_SWAPPED: ExitCode.INVALID_PROOF,
}
"""The others are about the order of the chain."""

SEVERITY = (
    ExitCode.VALID,
    ExitCode.USAGE,
    ExitCode.MALFORMED,
    ExitCode.MISMATCH,
    ExitCode.STALE,
    ExitCode.INVALID_PROOF,
    ExitCode.INTERNAL,
)
"""Exit codes from the least to the worst: an audit ends with the worst of its findings'."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with the place in ``chain.json`` where it shows."""

    code: str
    """A value of ``Fault`` or of ``verifier.errors.Code``."""
    exit_code: ExitCode
    message: str
    position: int | None = None
    """Of the entry in ``chain.json``, from 0; None for what concerns no single entry."""
    batch: int | None = None
    """The number this entry gives its batch."""
    file: str | None = None
    """Relative to the published folder."""


class PublishingError(ZkrouteError):
    """A batch that must not be appended to a published chain; nothing was changed."""

    def __init__(self, code: Fault, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code_of(code)


def exit_code_of(fault: Fault) -> ExitCode:
    """The exit code a fault stands for."""
    return _EXIT_CODES.get(fault, ExitCode.STALE)


def found(
    fault: Fault,
    message: str,
    position: int | None = None,
    batch: int | None = None,
    file: str | None = None,
) -> Finding:
    """A finding of the audit's own."""
    return Finding(fault.value, exit_code_of(fault), message, position, batch, file)


def refused(error: VerificationError, position: int, batch: int) -> Finding:
    """What the verifier says of a batch."""
    return Finding(error.code.value, error.exit_code, str(error), position, batch)


def worst(findings: Iterable[Finding]) -> ExitCode:
    """The worst exit code of all, ``VALID`` for none."""
    return max((each.exit_code for each in findings), key=SEVERITY.index, default=ExitCode.VALID)
