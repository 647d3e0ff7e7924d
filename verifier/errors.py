"""Why a batch was refused: one code per check."""

from __future__ import annotations

from enum import Enum

from zkroute.errors import ExitCode, ZkrouteError


class Code(Enum):
    """The check that failed."""

    KEY_UNKNOWN = "key-unknown"
    KEY_MISMATCH = "key-mismatch"
    POLICY_MISMATCH = "policy-mismatch"
    CIRCUIT_MISMATCH = "circuit-mismatch"
    SRS_MISMATCH = "srs-mismatch"
    DEVELOPMENT_SRS = "development-srs"
    SNAPSHOT_UNKNOWN = "snapshot-unknown"
    SNAPSHOT_MISMATCH = "snapshot-mismatch"
    ROUTER_UNKNOWN = "router-unknown"
    HEADER_MALFORMED = "header-malformed"
    SIGNATURE_INVALID = "signature-invalid"
    CHAIN_MISMATCH = "chain-mismatch"
    STALE = "stale"
    PROOF_MALFORMED = "proof-malformed"
    CHALLENGE_DEGENERATE = "challenge-degenerate"
    OPENING_INVALID = "opening-invalid"
    SELF_TEST_FAILED = "self-test-failed"


_EXIT_CODES = {
    Code.HEADER_MALFORMED: ExitCode.MALFORMED,
    Code.PROOF_MALFORMED: ExitCode.MALFORMED,
    Code.STALE: ExitCode.STALE,
    Code.SIGNATURE_INVALID: ExitCode.INVALID_PROOF,
    Code.OPENING_INVALID: ExitCode.INVALID_PROOF,
    Code.CHALLENGE_DEGENERATE: ExitCode.INVALID_PROOF,
    Code.SELF_TEST_FAILED: ExitCode.INTERNAL,
}


class VerificationError(ZkrouteError):
    """The batch must not be accepted; ``code`` says which check refused it."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = _EXIT_CODES.get(code, ExitCode.MISMATCH)
