"""What the caller is willing to accept, and the checks of header and key against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn

from circuits.tables import carry
from verifier.errors import Code, VerificationError
from zkroute.algebra.groups import is_on_curve_g1
from zkroute.errors import MismatchError
from zkroute.model.snapshot import Snapshot, check_succession
from zkroute.protocol.header import COUNTER_LIMIT, HEADER_VERSION, NO_PARENT, Header
from zkroute.protocol.key import KEY_VERSION, VerifyingKey
from zkroute.protocol.signatures import is_signed_by
from zkroute.protocol.srs import SrsKind, is_development_identifier, srs_identifier
from zkroute.routing.batch import SEQUENCE_BITS
from zkroute.routing.parameters import MAX_ELAPSED_MS

FIGURE_LIMIT = 1 << 64
"""Bound on published figures; counts and their squares stay far below."""


class Position(Enum):
    """Where in its chain a batch must stand when no parent header is given."""

    ANYWHERE = "anywhere"
    """The caller checks the chain itself."""
    START = "start"
    """The first batch of a chain."""


@dataclass(frozen=True)
class Acceptance:
    """The verifier's own configuration; nothing in it comes from header, key or proof."""

    keys: frozenset[bytes]
    """Digests of the verifying keys accepted."""
    snapshots: Mapping[bytes, Snapshot]
    """Node snapshots accepted, by digest."""
    routers: frozenset[bytes]
    """Ed25519 public keys of the routers accepted."""
    after: Header | Position = Position.ANYWHERE
    """The accepted parent, or where the batch must stand."""
    development_srs: frozenset[str] = field(default_factory=frozenset)
    """Identifiers of insecure development SRS that are accepted, each by its full name."""

    @classmethod
    def of(
        cls,
        keys: Iterable[bytes],
        snapshots: Iterable[Snapshot],
        routers: Iterable[bytes],
        *,
        after: Header | Position = Position.ANYWHERE,
        development_srs: Iterable[str] = (),
    ) -> Acceptance:
        """An acceptance policy from plain collections."""
        return cls(
            frozenset(keys),
            {snapshot.digest: snapshot for snapshot in snapshots},
            frozenset(routers),
            after,
            frozenset(development_srs),
        )


def check_key(key: VerifyingKey, header: Header, accept: Acceptance) -> None:
    """Step 1: the key is one the caller named, and the header's own. Raises VerificationError."""
    if _digest_or_none(key) not in accept.keys:
        raise VerificationError(
            Code.KEY_UNKNOWN, "the verifying key's digest is not one you accept"
        )
    if key.version != KEY_VERSION:
        raise VerificationError(Code.KEY_MISMATCH, f"key version {key.version} is not supported")
    if key.srs not in {srs_identifier(kind, key.g2_tau) for kind in SrsKind}:
        raise VerificationError(Code.SRS_MISMATCH, "the key's [tau] is not its SRS's")
    if is_development_identifier(key.srs) and key.srs not in accept.development_srs:
        raise VerificationError(
            Code.DEVELOPMENT_SRS,
            f"{key.srs} is an insecure development SRS; it is refused unless named in full",
        )
    if header.key != key.digest:
        raise VerificationError(Code.KEY_MISMATCH, "the header names another verifying key")
    if header.srs != key.srs:
        raise VerificationError(Code.SRS_MISMATCH, "the header names another SRS than the key")
    if header.policy != key.policy.digest:
        raise VerificationError(Code.POLICY_MISMATCH, "the header names another policy")


def check_header(key: VerifyingKey, header: Header, accept: Acceptance) -> Snapshot:
    """Step 2: the header is well-formed, signed and in place; returns its accepted snapshot."""
    _check_fields(key, header)
    snapshot = accept.snapshots.get(header.snapshot)
    if snapshot is None:
        raise VerificationError(
            Code.SNAPSHOT_UNKNOWN,
            f"node snapshot {header.snapshot.hex()[:16]} is not one you accept",
        )
    if len(snapshot.nodes) != key.nodes:
        raise VerificationError(
            Code.SNAPSHOT_MISMATCH,
            f"the snapshot has {len(snapshot.nodes)} nodes, the key is for {key.nodes}",
        )
    if header.router not in accept.routers:
        raise VerificationError(
            Code.ROUTER_UNKNOWN, f"router {header.router.hex()[:16]} is not one you accept"
        )
    if not is_signed_by(header.router, header.signature, header.signed_message):
        raise VerificationError(
            Code.SIGNATURE_INVALID, "the router's signature does not fit the header"
        )
    _check_position(header, accept)
    return snapshot


def _refuse_field(name: str, why: str) -> NoReturn:
    raise VerificationError(Code.HEADER_MALFORMED, f"header field {name}: {why}")


def _check_fields(key: VerifyingKey, header: Header) -> None:
    """Every field is in range and fits the key; nothing here needs the caller's configuration."""
    if header.version != HEADER_VERSION:
        _refuse_field("version", f"{header.version} is not supported")
    if header.chain != key.policy.chain:
        raise VerificationError(
            Code.CHAIN_MISMATCH,
            f"the header is of chain {header.chain!r}, the policy of {key.policy.chain!r}",
        )
    _check_numbers(key, header)
    for name in ("previous", "key", "policy", "snapshot", "slices", "router", "intake"):
        if len(getattr(header, name)) != 32:
            _refuse_field(name, "must be 32 bytes")
    if len(header.columns) != len(key.circuit.order_columns):
        _refuse_field("columns", f"{len(header.columns)} commitments for this key's order columns")
    for name, points in (("columns", header.columns), ("work_after", (header.work_after,))):
        if not all(point is not None and is_on_curve_g1(point) for point in points):
            _refuse_field(name, "a commitment is not a finite point of the curve")
    if header.work_before is not None and not is_on_curve_g1(header.work_before):
        _refuse_field("work_before", "not a point of the curve")
    starts = header.batch == 0
    if starts != (header.previous == NO_PARENT):
        _refuse_field("previous", "batch 0, and only batch 0, has no parent")
    if starts != (header.work_before is None):
        _refuse_field("work_before", "batch 0, and only batch 0, has no work before it")
    if starts and header.elapsed_ms:
        _refuse_field("elapsed_ms", "the first batch has no time before it")
    if starts and header.first_sequence:
        _refuse_field("first_sequence", "the first batch has no orders before it")
    _check_carry(key, header)
    _check_figures(key, header)


def _check_numbers(key: VerifyingKey, header: Header) -> None:
    if header.log_rows != key.log_rows:
        _refuse_field("log_rows", f"{header.log_rows} where the key has {key.log_rows}")
    if header.slots != key.policy.slots:
        _refuse_field("slots", f"{header.slots} where the policy has {key.policy.slots}")
    if header.carry != (key.policy.carry or 0):
        _refuse_field("carry", f"{header.carry} where the policy has {key.policy.carry or 0}")
    if not 0 <= header.order_count <= 1 << key.log_rows:
        _refuse_field("order_count", f"{header.order_count} is beyond the row class")
    if not 0 <= header.first_sequence <= (1 << SEQUENCE_BITS) - header.order_count:
        _refuse_field("first_sequence", f"sequence numbers must stay below 2^{SEQUENCE_BITS}")
    for name in ("batch", "time_ms", "elapsed_ms"):
        if not 0 <= getattr(header, name) < COUNTER_LIMIT:
            _refuse_field(name, "out of range")
    if header.elapsed_ms > min(header.time_ms, MAX_ELAPSED_MS):
        _refuse_field("elapsed_ms", "longer than any time between two batches")


def _check_carry(key: VerifyingKey, header: Header) -> None:
    """As many carry commitments as the policy needs; the first batch takes over nothing."""
    expected = len(carry.ENTRY) if key.circuit.features.closes else 0
    for name, points in (
        ("carry_before", header.carry_before),
        ("carry_after", header.carry_after),
    ):
        if len(points) != expected:
            _refuse_field(name, f"{expected} commitments are due")
        empty = name == "carry_before" and header.batch == 0
        for point in points:
            if empty != (point is None) or (point is not None and not is_on_curve_g1(point)):
                _refuse_field(name, "a commitment is not what it must be")


def _check_figures(key: VerifyingKey, header: Header) -> None:
    """The header publishes exactly what the policy says, in numbers that cannot wrap."""
    publish, figures = key.policy.publish, header.figures
    for name, published in (("counts", publish.counts), ("loads", publish.loads)):
        values = getattr(figures, name)
        if len(values) != (key.nodes if published else 0):
            _refuse_field(f"figures.{name}", "one number per node, or none, as the policy says")
        if not all(0 <= value < FIGURE_LIMIT for value in values):
            _refuse_field(f"figures.{name}", "out of range")
    for name, published in (
        ("herfindahl", publish.herfindahl),
        ("max_count", publish.max_count),
        ("placed_count", publish.max_share_percent is not None),
    ):
        value = getattr(figures, name)
        if (value is not None) != published:
            _refuse_field(f"figures.{name}", "must be there exactly if the policy publishes it")
        if value is not None and not 0 <= value < FIGURE_LIMIT:
            _refuse_field(f"figures.{name}", "out of range")


def _check_position(header: Header, accept: Acceptance) -> None:
    def refuse(why: str) -> None:
        raise VerificationError(
            Code.STALE, f"batch {header.batch} does not extend the chain: {why}"
        )

    parent = accept.after
    if parent is Position.ANYWHERE:
        return
    if parent is Position.START:
        if header.batch != 0:
            refuse("the chain has no batch yet")
        return
    assert isinstance(parent, Header)  # noqa: S101  # narrows the union for the type checker
    if header.digest == parent.digest:
        refuse("it was accepted already")
    if header.chain != parent.chain:
        raise VerificationError(Code.CHAIN_MISMATCH, "the parent belongs to another chain")
    if (header.slots, header.carry) != (parent.slots, parent.carry):
        # the parent's commitments would be read on another domain
        raise VerificationError(Code.CHAIN_MISMATCH, "the parent has other slots or carry places")
    _check_snapshots(header, parent, accept)
    if header.batch != parent.batch + 1:
        refuse(f"batch {parent.batch + 1} is due")
    if header.previous != parent.digest:
        refuse("it names another parent")
    if header.first_sequence != parent.first_sequence + parent.order_count:
        refuse("its sequence numbers do not follow on")
    if header.carry_before != parent.carry_after:
        refuse("it does not take over the orders its parent held")
    if header.work_before != parent.work_after:
        refuse("it starts from another node state")
    if header.time_ms - header.elapsed_ms != parent.time_ms:
        refuse("its elapsed time does not start at its parent's time")


def _check_snapshots(header: Header, parent: Header, accept: Acceptance) -> None:
    """The snapshot is the parent's or succeeds it: no older epoch, no slot that changed owner."""
    earlier = accept.snapshots.get(parent.snapshot)
    if earlier is None:
        raise VerificationError(
            Code.SNAPSHOT_UNKNOWN, "the parent's node snapshot is not one you accept"
        )
    try:
        check_succession(earlier, accept.snapshots[header.snapshot])
    except MismatchError as error:
        raise VerificationError(Code.SNAPSHOT_MISMATCH, str(error)) from None


def _digest_or_none(key: VerifyingKey) -> bytes | None:
    """The key's digest; None where a field is outside what its canonical bytes can hold."""
    try:
        return key.digest
    except (OverflowError, ValueError):
        return None
