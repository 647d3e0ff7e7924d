"""Why a settlement node refuses: the codes beside the verifier's, and the ledger's errors."""

from __future__ import annotations

from enum import Enum

from zkroute.errors import ExitCode, ZkrouteError


class Reason(Enum):
    """A refusal that is not the verifier's (those keep their ``verifier.errors.Code``)."""

    CHAIN_UNKNOWN = "chain-unknown"
    POLICY_UNKNOWN = "policy-unknown"
    SRS_UNKNOWN = "srs-unknown"
    FROM_THE_FUTURE = "from-the-future"
    FORK = "fork"
    SNAPSHOT_UNSIGNED = "snapshot-unsigned"
    SNAPSHOT_EXPIRED = "snapshot-expired"
    SLICE_MISSING = "slice-missing"
    SLICE_MALFORMED = "slice-malformed"
    SLICE_MISMATCH = "slice-mismatch"
    SLICE_DIGEST_MISMATCH = "slice-digest-mismatch"
    ORDER_UNSIGNED = "order-unsigned"
    ORDER_SIGNATURE_INVALID = "order-signature-invalid"
    TRADER_UNKNOWN = "trader-unknown"
    ORDER_SETTLED_BEFORE = "order-settled-before"
    INTAKE_MISMATCH = "intake-mismatch"
    INCLUSION_INVALID = "inclusion-invalid"
    EVIDENCE_INVALID = "evidence-invalid"
    RECEIPT_INVALID = "receipt-invalid"
    LEDGER_UNAVAILABLE = "ledger-unavailable"
    LEDGER_DAMAGED = "ledger-damaged"
    LEDGER_ROLLED_BACK = "ledger-rolled-back"


_EXIT_CODES = {
    Reason.FORK: ExitCode.STALE,
    Reason.FROM_THE_FUTURE: ExitCode.STALE,
    Reason.SNAPSHOT_EXPIRED: ExitCode.STALE,
    Reason.ORDER_SETTLED_BEFORE: ExitCode.STALE,
    Reason.LEDGER_ROLLED_BACK: ExitCode.STALE,
    Reason.SLICE_MALFORMED: ExitCode.MALFORMED,
    Reason.LEDGER_DAMAGED: ExitCode.MALFORMED,
    Reason.LEDGER_UNAVAILABLE: ExitCode.USAGE,
    Reason.ORDER_SIGNATURE_INVALID: ExitCode.INVALID_PROOF,
    Reason.INCLUSION_INVALID: ExitCode.INVALID_PROOF,
    Reason.EVIDENCE_INVALID: ExitCode.INVALID_PROOF,
    Reason.RECEIPT_INVALID: ExitCode.INVALID_PROOF,
}


class SettlementError(ZkrouteError):
    """A refusal in one sentence; ``code`` says which check refused."""

    def __init__(self, code: Reason, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = _EXIT_CODES.get(code, ExitCode.MISMATCH)


class LedgerError(SettlementError):
    """The ledger cannot be used, or not be believed; nothing was changed."""


class ForkError(SettlementError):
    """Another batch already stands in this place of the chain; both are kept."""

    def __init__(self, accepted: bytes, refused: bytes, batch: int) -> None:
        super().__init__(
            Reason.FORK,
            f"batch {batch} was accepted as {accepted.hex()[:16]}; another one in its place, "
            f"{refused.hex()[:16]}, is refused and kept as evidence",
        )


class NotNextError(ZkrouteError):
    """The batch is not the one that is due."""

    exit_code = ExitCode.STALE
