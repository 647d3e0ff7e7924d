"""The settlement gate: the one call a node makes before it settles a batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from verifier.accept import Acceptance, Position
from verifier.errors import Code, VerificationError
from verifier.verify import verify
from zkroute.errors import ExitCode, MalformedError, ZkrouteError
from zkroute.formats.header import decode_header, encode_header
from zkroute.formats.proof import MAX_PROOF_BYTES, decode_proof
from zkroute.formats.slice import MAX_SLICE_BYTES, Slice, decode_slice
from zkroute.formats.telemetry import Telemetry
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import COUNTER_LIMIT, Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import ProofLayout
from zkroute.protocol.signatures import is_signed_by
from zkroute.settlement.configuration import Configuration, Signing
from zkroute.settlement.errors import LedgerError, Reason, SettlementError
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.ledger_entry import Entry
from zkroute.settlement.order_signatures import check_signatures
from zkroute.settlement.slices import CheckedSlice, check_slice
from zkroute.settlement.telemetry import check_telemetry


@dataclass(frozen=True)
class Accepted:
    """The batch is in the ledger, on disk."""

    batch: int
    digest: bytes
    """Of the header: the batch's identity."""
    link: bytes
    """The ledger's rolling hash up to this batch; kept elsewhere, it shows any roll-back."""
    again: bool
    """Whether it was accepted before; its orders may have been settled then."""
    orders: CheckedSlice | None = None
    """What this node must settle; None for an observer, and for a batch accepted before whose
    slice was not given again, or another one."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Refused:
    """The batch is not to be settled; nothing of it is in the chain."""

    code: str
    """One word for programs: a value of ``verifier.errors.Code`` or of ``Reason``."""
    sentence: str
    """Why, for a person."""
    exit_code: ExitCode

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True)
class SignedSnapshot:
    """A node snapshot with its nodes' signatures, as the router publishes them."""

    snapshot: Snapshot
    telemetry: Telemetry


def _now_ms() -> int:
    return int(time.time() * 1000)


class Gate:
    """One node's gate: its configuration, its ledger, and the checks between them.

    May be called from several threads and processes at once; the ledger lets one batch through in
    every place.
    """

    def __init__(
        self, configuration: Configuration, ledger: Ledger, clock: Callable[[], int] = _now_ms
    ) -> None:
        self.configuration = configuration
        self.ledger = ledger
        self._clock = clock
        """Milliseconds since 1970."""
        self._signed: dict[bytes, SignedSnapshot] = {}
        """The last snapshot whose signatures held; whether they still do is asked every time."""

    def accept(
        self,
        header: Header | bytes,
        proof: bytes,
        part: Slice | bytes | None = None,
        snapshot: SignedSnapshot | None = None,
    ) -> Accepted | Refused:
        """Accepts the batch, or says with one code and one sentence why not; never raises for
        anything that came from outside.

        ``part`` is this node's slice. ``snapshot`` is needed for the first batch routed by a
        snapshot that the configuration does not name. After ``Accepted`` the batch is in the
        ledger whatever happens to this machine; a caller who did not get the answer asks again
        and gets it with ``again`` set.
        """
        try:
            return self._accept(header, proof, part, snapshot)
        except (VerificationError, SettlementError) as error:
            return Refused(error.code.value, str(error), error.exit_code)
        except ZkrouteError as error:
            code = Code.STALE.value if error.exit_code is ExitCode.STALE else _malformed(error)
            return Refused(code, str(error), error.exit_code)

    def _accept(
        self,
        header: Header | bytes,
        proof: bytes,
        part: Slice | bytes | None,
        offered: SignedSnapshot | None,
    ) -> Accepted | Refused:
        # 1. Bytes become a header; it is of this chain, under a key, policy and SRS named here.
        header = _read(header)
        digest = header.digest
        key = self._key(header)
        # 2. The router signed it: from here on it is evidence.
        self._require_signature(header)
        # 3. It was not accepted before, and nothing else was in its place.
        entry = self.ledger.entry_of(digest)
        if entry is not None:
            self.ledger.vouch(entry.height)
            orders = self._same_slice(key, header, entry, part)
            return Accepted(entry.height, digest, entry.link, again=True, orders=orders)
        _require_length(proof)
        self.ledger.refuse_fork(header, proof, self._clock())
        self._require_time(header)
        # 4. The nodes were as the snapshot says, by their own word.
        found = self._snapshot(header, offered)
        # 5. It extends the chain, and its proof holds.
        self._verify(key, header, proof, found)
        # 6. The orders this node received are the ones committed and proven, and are real.
        checked = self._slice(key, header, proof, part, found)
        # 7. One transaction.
        settled = checked.digests if checked else ()
        appended = self.ledger.append(header, proof, found, settled, self._clock())
        return Accepted(
            appended.entry.height,
            digest,
            appended.entry.link,
            appended.again,
            None if appended.again else checked,
        )

    def _same_slice(
        self, key: VerifyingKey, header: Header, entry: Entry, part: Slice | bytes | None
    ) -> CheckedSlice | None:
        """The orders of a batch accepted before, for a caller who lost the answer."""
        snapshot = self.ledger.snapshot(header.snapshot)
        if snapshot is None:
            return None
        try:
            return self._slice(key, header, entry.proof, part, snapshot)
        except (SettlementError, VerificationError):
            return None  # the batch is accepted all the same; this slice is not the one

    def _key(self, header: Header) -> VerifyingKey:
        terms = self.configuration
        if header.chain != terms.chain:
            raise SettlementError(
                Reason.CHAIN_UNKNOWN, f"the batch is of another chain than {terms.chain!r}"
            )
        if header.policy not in terms.policies:
            raise SettlementError(
                Reason.POLICY_UNKNOWN,
                f"policy {header.policy.hex()[:16]} is not one this node accepts",
            )
        if header.srs not in terms.srs:
            raise SettlementError(
                Reason.SRS_UNKNOWN, "the batch's reference string is not one this node accepts"
            )
        key = terms.keys.get(header.key)
        if key is None:
            raise VerificationError(
                Code.KEY_UNKNOWN,
                f"verifying key {header.key.hex()[:16]} is not one this node accepts",
            )
        return key

    def _require_signature(self, header: Header) -> None:
        if header.router not in self.configuration.routers.at(header.batch):
            raise VerificationError(
                Code.ROUTER_UNKNOWN,
                f"router {header.router.hex()[:16]} may not sign batch {header.batch}",
            )
        if not is_signed_by(header.router, header.signature, header.signed_message):
            raise VerificationError(
                Code.SIGNATURE_INVALID, "the router's signature does not fit the header"
            )

    def _require_time(self, header: Header) -> None:
        ahead = header.time_ms - self._clock()
        if ahead > self.configuration.ahead_ms:
            raise SettlementError(
                Reason.FROM_THE_FUTURE,
                f"the batch's time is {ahead} ms ahead of this node's clock",
            )

    def _snapshot(self, header: Header, offered: SignedSnapshot | None) -> Snapshot:
        """The header's snapshot: named by the configuration, or signed for the batch's time."""
        named = self.configuration.snapshots.get(header.snapshot)
        if named is not None:
            return named
        if offered is None or offered.snapshot.digest != header.snapshot:
            offered = self._signed.get(header.snapshot)
        if offered is None:
            raise VerificationError(
                Code.SNAPSHOT_UNKNOWN,
                f"node snapshot {header.snapshot.hex()[:16]} is not one this node accepts as it "
                "is, and it was not sent with its nodes' signatures",
            )
        check_telemetry(
            offered.snapshot,
            offered.telemetry,
            header.chain,
            self.configuration.signers,
            header.time_ms,
        )
        self._signed = {header.snapshot: offered}
        return offered.snapshot

    def _verify(self, key: VerifyingKey, header: Header, proof: bytes, snapshot: Snapshot) -> None:
        head = self.ledger.head
        parent = head.header if head else None
        snapshots = [snapshot]
        if parent is not None:
            snapshots.append(self._parent_snapshot(parent))
        accept = Acceptance.of(
            [key.digest],
            snapshots,
            [header.router],
            after=parent or Position.START,
            development_srs=self.configuration.development_srs,
        )
        verify(key, header, proof, accept)

    def _parent_snapshot(self, parent: Header) -> Snapshot:
        snapshot = self.ledger.snapshot(parent.snapshot)
        if snapshot is None:
            raise LedgerError(
                Reason.LEDGER_DAMAGED, "the ledger lacks the node snapshot of its newest batch"
            )
        return snapshot

    def _slice(
        self,
        key: VerifyingKey,
        header: Header,
        proof: bytes,
        part: Slice | bytes | None,
        snapshot: Snapshot,
    ) -> CheckedSlice | None:
        terms = self.configuration
        if terms.node is None:
            return None
        slot = next(
            (slot for slot, node in enumerate(snapshot.nodes) if node.name == terms.node), None
        )
        if slot is None:
            raise VerificationError(
                Code.SNAPSHOT_MISMATCH, f"the snapshot has no node {terms.node!r}"
            )
        if part is None:
            raise SettlementError(
                Reason.SLICE_MISSING, "this node's slice of the batch was not sent to it"
            )
        if isinstance(part, bytes):
            part = _decoded(part)
        # decoded before by the verifier, which hands nothing on
        layout = ProofLayout.of(key.circuit.lowered, key.nodes)
        checked = check_slice(key, header, decode_proof(proof, layout), part, slot)
        if terms.signing is not Signing.NONE and len(checked.orders):
            traders = terms.traders if terms.signing is Signing.REGISTERED else None
            check_signatures(checked.orders, part.envelopes, header.chain, traders)
        return checked


def _read(header: Header | bytes) -> Header:
    """The header by its bytes, also where the caller has an object: what is kept as evidence can
    be read by others. Raises MalformedError, or VerificationError for what has no bytes."""
    if isinstance(header, bytes):
        return _in_range(decode_header(header, "header"))
    try:
        read = decode_header(encode_header(header), "header")
    except (OverflowError, ValueError, TypeError, AttributeError):
        read = None
    if read is None or read != header:
        raise VerificationError(
            Code.HEADER_MALFORMED, "the header has a field that no header file can hold"
        )
    return _in_range(read)


def _require_length(proof: bytes) -> None:
    """A proof that may be kept as evidence, whatever it is worth."""
    if len(proof) > MAX_PROOF_BYTES:
        raise VerificationError(
            Code.PROOF_MALFORMED, f"the proof has {len(proof)} bytes, more than any proof"
        )


def _in_range(header: Header) -> Header:
    if header.batch >= COUNTER_LIMIT:
        raise VerificationError(
            Code.HEADER_MALFORMED, f"header field batch: {header.batch} is out of range"
        )
    return header


def _decoded(data: bytes) -> Slice:
    if len(data) > MAX_SLICE_BYTES:
        raise SettlementError(Reason.SLICE_MALFORMED, "the slice is longer than any slice")
    try:
        return decode_slice(data, "slice")
    except MalformedError as error:
        raise SettlementError(Reason.SLICE_MALFORMED, str(error)) from None


def _malformed(error: ZkrouteError) -> str:
    """The code for errors that carry none: only the header's bytes are read without one."""
    if isinstance(error, MalformedError):
        return Code.HEADER_MALFORMED.value
    return error.exit_code.name.lower()
