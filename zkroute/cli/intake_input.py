"""Orders of the next batch out of an intake log."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import route_next
from prover.state import Place
from zkroute.errors import UsageError
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.key import VerifyingKey
from zkroute.routing.limits import BatchLimitError
from zkroute.settlement.intake import Intake, TakenIn, Terms


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


def envelopes_of(path: Path, key: VerifyingKey, sequence: list[int]) -> dict[int, bytes]:
    """The traders' signatures of these orders, by sequence number.

    Raises UsageError where there is no such log.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no intake log")
    # reading needs no key; this one signs nothing
    with Intake(path, Terms(key.policy), Ed25519PrivateKey.generate()) as intake:
        return intake.envelopes(sequence)
