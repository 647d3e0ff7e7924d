"""Which router key may sign which batch: pinned keys, and what they handed over to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.errors import MismatchError
from zkroute.formats.handover import Handover
from zkroute.protocol.signatures import is_signed_by

FOR_EVER = 1 << 64


@dataclass(frozen=True)
class RouterKeys:
    """Router keys with the batches each may sign: from the first up to, not including, the last."""

    terms: Mapping[bytes, tuple[int, int]]
    holders: Mapping[bytes, bytes] = field(default_factory=dict)
    """Of each key the pinned one that it goes back to."""

    @classmethod
    def of(
        cls, pinned: Iterable[bytes], handovers: Iterable[Handover] = (), chain: str = ""
    ) -> RouterKeys:
        """The keys the caller believes in and those that they handed over to, one after another.

        Raises MismatchError where a handover is forged, of another chain, or by a key that has
        no say at that batch.
        """
        terms = dict.fromkeys(pinned, (0, FOR_EVER))
        holders = {key: key for key in terms}
        for handover in sorted(handovers, key=lambda each: each.from_batch):
            _check(handover, chain)
            first, last = terms.get(handover.old, (0, 0))
            if not first <= handover.from_batch < last:
                raise MismatchError(
                    f"router {handover.old.hex()[:16]} has no say at batch {handover.from_batch}, "
                    "so it cannot hand over to another key"
                )
            if handover.new in terms:
                raise MismatchError(
                    f"router {handover.new.hex()[:16]} is known already; a key is used once"
                )
            terms[handover.old] = (first, handover.from_batch)
            terms[handover.new] = (handover.from_batch, FOR_EVER)
            holders[handover.new] = holders[handover.old]
        return cls(terms, holders)

    def at(self, batch: int) -> frozenset[bytes]:
        """The keys that may sign the batch of this number."""
        return frozenset(key for key, (first, last) in self.terms.items() if first <= batch < last)


def sign_handover(
    chain: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, from_batch: int
) -> Handover:
    """A handover that both keys signed."""
    handover = Handover(
        chain,
        old.public_key().public_bytes_raw(),
        new.public_key().public_bytes_raw(),
        from_batch,
    )
    message = handover.signed_message
    return replace(handover, old_signature=old.sign(message), new_signature=new.sign(message))


def _check(handover: Handover, chain: str) -> None:
    if handover.chain != chain:
        raise MismatchError(f"the handover is of chain {handover.chain!r}, not {chain!r}")
    message = handover.signed_message
    for who, key, signature in (
        ("old", handover.old, handover.old_signature),
        ("new", handover.new, handover.new_signature),
    ):
        if not is_signed_by(key, signature, message):
            raise MismatchError(f"the handover is not signed by the {who} key")
