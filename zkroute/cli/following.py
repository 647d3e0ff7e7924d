"""A trader's order followed into its batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zkroute.cli.artefacts import read_router
from zkroute.cli.outputs import write_output
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import ExitCode, UsageError, ZkrouteError
from zkroute.formats.evidence import Evidence, encode_evidence
from zkroute.formats.files import read_bytes
from zkroute.formats.handover import read_handover
from zkroute.formats.inclusion import MAX_INCLUSION_BYTES, Opening, decode_opening
from zkroute.formats.intake import read_intake
from zkroute.formats.receipt import Receipt
from zkroute.formats.signed_orders import read_signed_orders
from zkroute.model.order import digests, orders_from_bytes
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.receipts import Outcome, Published, Verdict, check_receipt
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.slices import digest_bytes


class NotIncludedError(ZkrouteError):
    """The order was altered or is missing, or its batch is still to come."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.outcome.value}: {verdict.sentence}")
        self.code = verdict.outcome
        pending = verdict.outcome is Outcome.PENDING
        self.exit_code = ExitCode.STALE if pending else ExitCode.INVALID_PROOF


def router_keys(routers: Sequence[str], handovers: Sequence[Path], chain: str) -> RouterKeys:
    """The router's keys, from files or digits, and what they handed over to."""
    return RouterKeys.of(map(read_router, routers), map(read_handover, handovers), chain)


def verdict_of(
    receipt: Receipt,
    folder: BatchFolder,
    header: Header,
    parent: Header | None,
    inclusion: Path | None,
    orders: Path | None,
    key: VerifyingKey,
    routers: RouterKeys,
) -> Verdict:
    """What the files of a batch say of the receipt's order."""
    leaves = None
    # the log of a batch is read from where the one before it ended
    if folder.intake.exists() and (parent is not None or header.batch == 0):
        leaves = read_intake(folder.intake)
    published = Published(header, parent, leaves, _opening(inclusion, key))
    record = _record(orders, receipt, key) if orders is not None else b""
    return check_receipt(receipt, published, key, routers, record)


def say_verdict(terminal: Terminal, verdict: Verdict, evidence: Path | None) -> None:
    """The verdict in words; evidence to its file. Raises NotIncludedError for any but included."""
    if verdict.evidence is not None and evidence is not None:
        keep_evidence(terminal, verdict.evidence, evidence)
    if verdict.outcome is not Outcome.INCLUDED:
        raise NotIncludedError(verdict)
    terminal.say(f"included: {verdict.sentence}")
    terminal.answer(
        {
            "outcome": verdict.outcome.value,
            "sentence": verdict.sentence,
            "final": verdict.is_final,
        }
    )


def keep_evidence(terminal: Terminal, evidence: Evidence, path: Path) -> None:
    """Writes evidence for others. Raises UsageError where another file is there."""
    write_output(path, encode_evidence(evidence), private=True)
    terminal.say(f"evidence for others is in {path}")


def _opening(inclusion: Path | None, key: VerifyingKey) -> Opening | None:
    if inclusion is None:
        return None
    return decode_opening(read_bytes(inclusion, MAX_INCLUSION_BYTES), key, str(inclusion))


def _record(path: Path, receipt: Receipt, key: VerifyingKey) -> bytes:
    """The record of the receipt's order among signed orders."""
    records, _ = read_signed_orders(path)
    orders = orders_from_bytes(records, key.policy, str(path))
    for position, digest in enumerate(digest_bytes(digests(orders.records))):
        if digest == receipt.digest:
            data: bytes = orders.records[position].tobytes()
            return data
    raise UsageError(f"{path} does not have the order that the receipt was given for")
