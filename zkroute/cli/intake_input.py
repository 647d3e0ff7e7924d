"""Orders of the next batch out of an intake log."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.state import Place
from zkroute.errors import UsageError
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.intake import Intake, TakenIn, Terms


def take_in(path: Path, key: VerifyingKey, place: Place, router: Ed25519PrivateKey) -> TakenIn:
    """As many orders as fit the key's row class beside those held, from where the chain stands.

    Raises UsageError where there is no such log.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no intake log; 'zkroute receipt issue' begins one")
    parent = place.parent
    first = parent.first_sequence + parent.order_count if parent else 0
    held = place.state.held if place.state else None
    room = (1 << key.log_rows) - (len(held) if held is not None else 0)
    with Intake(path, Terms(key.policy), router) as intake:
        return intake.take(first, room)


def envelopes_of(path: Path, key: VerifyingKey, sequence: list[int]) -> dict[int, bytes]:
    """The traders' signatures of these orders, by sequence number.

    Raises UsageError where there is no such log.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no intake log")
    # reading needs no key; this one signs nothing
    with Intake(path, Terms(key.policy), Ed25519PrivateKey.generate()) as intake:
        return intake.envelopes(sequence)
