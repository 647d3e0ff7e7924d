"""What an auditor believes in beforehand; nothing in it comes from the published folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from verifier.accept import Acceptance
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.settlement.router_keys import RouterKeys


@dataclass(frozen=True)
class Terms:
    """The auditor's own configuration."""

    keys: frozenset[bytes]
    """Digests of the verifying keys accepted."""
    routers: RouterKeys
    """Which router key may sign which batch."""
    snapshots: Mapping[bytes, Snapshot] | None = None
    """Node snapshots accepted, by digest; None takes the published ones at the router's word."""
    development_srs: frozenset[str] = field(default_factory=frozenset)
    """Identifiers of insecure development SRS that are accepted, each by its full name."""
    heads: frozenset[bytes] = field(default_factory=frozenset)
    """Digests of headers seen at earlier times, which a chain that only grew still has."""

    def acceptance(self, header: Header, snapshot: Snapshot) -> Acceptance:
        """What a verifier of this batch accepts; its place in the chain is checked elsewhere."""
        known = [snapshot] if self.snapshots is None or snapshot.digest in self.snapshots else []
        return Acceptance.of(
            self.keys, known, self.routers.at(header.batch), development_srs=self.development_srs
        )
