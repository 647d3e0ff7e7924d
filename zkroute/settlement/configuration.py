"""What a settlement node accepts: its own words, none of them from header, proof or router."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from zkroute.errors import MismatchError
from zkroute.formats.handover import Handover
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.srs import is_development_identifier
from zkroute.settlement.order_signatures import Traders
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.telemetry import Signers

DEFAULT_AHEAD_MS = 60_000


class Signing(Enum):
    """What a node asks of the orders in its slice."""

    REGISTERED = "registered"
    """Signed with a key that ``traders`` lists for the account."""
    ANY = "any"
    """Signed with any key: shows that they were not altered, not that they are real."""
    NONE = "none"


@dataclass(frozen=True)
class Configuration:
    """A node's own terms; nothing that is not named here is accepted."""

    chain: str
    keys: Mapping[bytes, VerifyingKey]
    """Verifying keys by their pinned digests."""
    policies: frozenset[bytes]
    """Digests of policies."""
    srs: frozenset[str]
    """Identifiers of reference strings; a development one is accepted by being named here."""
    routers: RouterKeys
    snapshots: Mapping[bytes, Snapshot] = field(default_factory=dict)
    """Node snapshots accepted as they are, by digest."""
    signers: Signers = field(default_factory=lambda: Signers({}))
    """Who signs the entries of any other snapshot."""
    node: str | None = None
    """This node's name in the snapshots; None for an observer, who gets no slice."""
    signing: Signing = Signing.REGISTERED
    traders: Traders = field(default_factory=dict)
    ahead_ms: int = DEFAULT_AHEAD_MS
    """How far a batch's time may lie ahead of this node's clock."""

    @classmethod
    def of(
        cls,
        chain: str,
        keys: Iterable[VerifyingKey],
        routers: Iterable[bytes],
        *,
        key_digests: Iterable[bytes],
        srs: Iterable[str],
        handovers: Iterable[Handover] = (),
        snapshots: Iterable[Snapshot] = (),
        signers: Signers | None = None,
        node: str | None = None,
        signing: Signing = Signing.REGISTERED,
        traders: Traders | None = None,
        ahead_ms: int = DEFAULT_AHEAD_MS,
    ) -> Configuration:
        """A configuration from plain collections; the policies are those of the pinned keys.

        Raises MismatchError where a key is not one of the pinned digests, or its SRS or chain is
        not named.
        """
        pinned = frozenset(key_digests)
        named = frozenset(srs)
        by_digest = {key.digest: key for key in keys}
        for digest, key in by_digest.items():
            if digest not in pinned:
                raise MismatchError(f"verifying key {digest.hex()} is not one of the pinned ones")
            if key.srs not in named:
                raise MismatchError(f"the key's reference string {key.srs} is not named")
            if key.policy.chain != chain:
                raise MismatchError(f"a key is for chain {key.policy.chain!r}, not {chain!r}")
        if pinned - by_digest.keys():
            missing = min(pinned - by_digest.keys())
            raise MismatchError(f"there is no file for the pinned verifying key {missing.hex()}")
        return cls(
            chain=chain,
            keys=by_digest,
            policies=frozenset(key.policy.digest for key in by_digest.values()),
            srs=named,
            routers=RouterKeys.of(routers, handovers, chain),
            snapshots={snapshot.digest: snapshot for snapshot in snapshots},
            signers=signers or Signers({}),
            node=node,
            signing=signing,
            traders=traders or {},
            ahead_ms=ahead_ms,
        )

    @property
    def development_srs(self) -> frozenset[str]:
        """The insecure reference strings among those named."""
        return frozenset(filter(is_development_identifier, self.srs))
