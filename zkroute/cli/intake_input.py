"""Orders of the next batch out of an intake log."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import route_next
from prover.state import CommittedBatch, Place
from zkroute.cli import workspace
from zkroute.errors import MismatchError, UsageError
from zkroute.model.order import digests
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.intake import NO_LOG
from zkroute.protocol.key import VerifyingKey
from zkroute.routing.limits import BatchLimitError
from zkroute.settlement.intake import Intake, TakenIn, Terms
from zkroute.settlement.slices import digest_bytes


def check_numbers_are_free(parent: Header | None, log: Path = Path(workspace.INTAKE)) -> None:
    """No intake log has promised the next batch's numbers to other orders than a file's.

    ``parent`` is the batch before. Raises UsageError.
    """
    if parent is not None and parent.intake != NO_LOG:
        raise UsageError(
            f"batch {parent.batch} took its orders from an intake log, whose receipts promise the "
            f"next numbers to orders in it; add --intake {log}"
        )
    if parent is None and log.exists():
        raise UsageError(
            f"{log} is here, and its receipts promise the first numbers to orders in it; add "
            f"--intake {log}, or put it elsewhere"
        )


def take_in(
    path: Path, key: VerifyingKey, snapshot: Snapshot, place: Place, router: Ed25519PrivateKey
) -> TakenIn:
    """As many of the next orders as make a batch, from where the chain stands.

    At most as fit the key's row class beside those held. Where so many would take a node past its
    widths, hold more than the policy carries or break a promised share, half as many, and so on;
    in the end none, for an empty batch lets work drain and held orders go. Raises UsageError where
    there is no such log, or even an empty batch cannot be made.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no intake log; 'zkroute receipt issue' begins one")
    held = place.state.held if place.state else None
    room = (1 << key.log_rows) - (len(held) if held is not None else 0)
    with Intake(path, Terms(key.policy), router) as intake:
        while True:
            taken = intake.take(place.first_sequence, room)
            try:
                route_next(key.policy, snapshot, taken.orders, place)
            except BatchLimitError:
                if not len(taken.orders):
                    raise
                room = len(taken.orders) // 2
            else:
                return taken


def envelopes_of(path: Path, key: VerifyingKey, batch: CommittedBatch) -> dict[int, bytes]:
    """The traders' signatures of the batch's orders, by sequence number.

    Raises UsageError where there is no such log, MismatchError where it is not the one that the
    batch's header names.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no intake log")
    header = batch.header
    if header.intake == NO_LOG:
        raise MismatchError(
            f"batch {header.batch} did not take its orders from an intake log; leave out --intake"
        )
    with Intake(path, Terms(key.policy), router=None) as intake:
        if intake.head_at(header.first_sequence + header.order_count) != header.intake:
            raise MismatchError(
                f"{path} is not the intake log that the orders of batch {header.batch} came from; "
                "name that one with --intake"
            )
        numbers = batch.routed.sequence.tolist()
        envelopes, logged = intake.envelopes(numbers), intake.digests(numbers)
    # orders held since before there was a log have their numbers in it given to others
    placed = digest_bytes(digests(batch.routed.orders.records))
    return {
        number: envelopes[number]
        for number, digest in zip(numbers, placed, strict=True)
        if number in envelopes and logged[number] == digest
    }
