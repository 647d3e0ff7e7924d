"""Every error a user can meet, each with the exit code the command line gives it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; documented in docs/formats.md."""

    VALID = 0
    INVALID_PROOF = 1
    USAGE = 2
    MALFORMED = 3
    MISMATCH = 4
    STALE = 5
    INTERNAL = 70


class ZkrouteError(Exception):
    """A refusal in one sentence for a person; subclasses say which exit code it becomes."""

    exit_code: ExitCode = ExitCode.INTERNAL

    def __str__(self) -> str:
        """One line that every terminal, log and answer can show, whatever it quotes."""
        text = super().__str__()
        if text.isprintable():
            return text
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class MalformedError(ZkrouteError):
    """Bytes or text from outside are not what their format says; names file, line or field."""

    exit_code = ExitCode.MALFORMED


class MismatchError(ZkrouteError):
    """Well-formed documents that do not belong together: policy, snapshot, key or SRS."""

    exit_code = ExitCode.MISMATCH


class UsageError(ZkrouteError):
    """A request that cannot be carried out as put: a limit exceeded, an option missing."""

    exit_code = ExitCode.USAGE
