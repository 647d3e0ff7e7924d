"""A routed batch between memory and its folder, and every check that its parts belong together."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.blinding import CHILDREN_PER_HEADER
from prover.state import CommittedBatch, Opening, Place, WorkState
from zkroute.atomic import PRIVATE_FOLDER_MODE, write_atomic
from zkroute.cli.artefacts import read_header
from zkroute.cli.workspace import BatchFolder
from zkroute.errors import MalformedError, MismatchError, UsageError
from zkroute.formats.batch import PrivateBatch, PrivateState, read_batch, write_batch
from zkroute.formats.documents import read_snapshot
from zkroute.formats.header import encode_header
from zkroute.lock import alone
from zkroute.model.order import ORDER_RECORD, orders_from_bytes
from zkroute.model.policy import Policy
from zkroute.model.snapshot import Snapshot, check_succession
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.routing.batch import CarriedOrders, RoutedBatch
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class StoredBatch:
    """A batch as its folder has it, all parts checked against each other."""

    folder: BatchFolder
    snapshot: Snapshot
    committed: CommittedBatch
    proof: bytes
    """The proof that was made of it, empty if none was."""


@dataclass(frozen=True)
class Parent:
    """A batch that the next one follows."""

    folder: BatchFolder
    header: Header
    private: PrivateBatch

    def place(self, policy: Policy, time_ms: int) -> Place:
        """Where the next batch under a policy stands. Raises MalformedError for held orders that
        do not suit it."""
        state = _from_private(self.private.after, policy, f"{self.folder.private}: held orders")
        return Place(self.header, state, time_ms)


def check_snapshot(key: VerifyingKey, snapshot: Snapshot) -> None:
    """The snapshot suits the key's policy and has as many nodes as its proofs. MismatchError."""
    if len(snapshot.nodes) != key.nodes:
        raise MismatchError(
            f"the snapshot has {len(snapshot.nodes)} nodes, the key is for {key.nodes}; "
            "derive a key for this snapshot with 'zkroute keys'"
        )
    node_parameters(key.policy, snapshot, 0)


def check_free(folder: BatchFolder) -> None:
    """The folder is new, empty, or left by a run that was cut short. Raises UsageError."""
    if folder.header.exists():
        raise UsageError(
            f"{folder.path} already holds a batch; to go on from it, add --after {folder.path}"
        )
    if folder.path.exists() and not folder.path.is_dir():
        raise UsageError(f"{folder.path} is a file; choose another --output")
    own = {folder.private.name, folder.snapshot.name, folder.intake.name}
    other = [each.name for each in _listed(folder.path) if each.name not in own]
    if other:
        raise UsageError(
            f"{folder.path} holds {min(other)}, which is no part of a batch; choose another "
            "--output"
        )


def _listed(folder: Path) -> list[Path]:
    """What a folder that may not be there holds, hidden files left out."""
    if not folder.exists():
        return []
    return [each for each in folder.iterdir() if not each.name.startswith(".")]


def check_only_child(parent: Parent) -> None:
    """No next batch was routed yet on top of this one. Raises UsageError."""
    if parent.private.children:
        raise UsageError(
            f"a next batch was routed after {parent.folder.path} before. Two signed batches in one "
            "place are a fork, which nodes keep as evidence against the router: go on from the "
            "first, or add --again if nobody was ever given it"
        )


def save_batch(folder: BatchFolder, committed: CommittedBatch, snapshot: Snapshot) -> None:
    """Write a new batch's files, the header last: a folder with a header is complete."""
    write_batch(folder.private, to_private(committed))
    write_atomic(folder.snapshot, snapshot.canonical_bytes())
    write_atomic(folder.header, encode_header(committed.header))


def to_private(committed: CommittedBatch) -> PrivateBatch:
    """What ``batch.private`` keeps of a batch."""
    opening = committed.opening
    return PrivateBatch(
        header_digest=committed.header.digest,
        children=0,
        proof=b"",
        records=committed.orders.records.tobytes(),
        source=committed.routed.source,
        node=committed.routed.node,
        status=committed.routed.status,
        order_blinding=opening.order_blinding,
        before=_to_private(opening.before),
        after=_to_private(opening.after),
        masks=opening.masks,
        salts=opening.salts,
    )


def load_batch(folder: BatchFolder, key: VerifyingKey) -> StoredBatch:
    """The batch in a folder, routed again to see that it is what its header was made for.

    Raises MismatchError naming what does not belong together, MalformedError for damage.
    """
    header = read_header(folder.header)
    snapshot = read_snapshot(folder.snapshot)
    if header.key != key.digest:
        raise MismatchError(
            f"{folder.header} was made for key {header.key.hex()}, not {key.digest.hex()}"
        )
    if header.snapshot != snapshot.digest:
        raise MismatchError(f"{folder.header} was not routed by {folder.snapshot}")
    check_snapshot(key, snapshot)
    private = read_batch(folder.private)
    if private.header_digest != header.digest:
        raise MismatchError(f"{folder.private} opens another header than {folder.header}")
    _check_sizes(private, header, key, str(folder.private))
    orders = orders_from_bytes(private.records, key.policy, str(folder.private))
    parameters = node_parameters(key.policy, snapshot, header.elapsed_ms)
    opening = _opening(private, key.policy, str(folder.private))
    before = opening.before
    routed = route(key.policy, parameters, before.work, orders, header.first_sequence, before.held)
    _check_routing(private, routed, str(folder.private))
    committed = CommittedBatch(header, opening, orders, routed)
    return StoredBatch(folder, snapshot, committed, private.proof)


def load_parent(previous: Path, snapshot: Snapshot) -> Parent:
    """The batch in folder ``previous``, for a next one routed by ``snapshot``.

    Raises MismatchError where the snapshots do not follow on or the files do not belong together,
    UsageError where another next batch could reveal something of this one.
    """
    folder = BatchFolder.of(previous)
    header = read_header(folder.header)
    earlier = read_snapshot(folder.snapshot)
    if header.snapshot != earlier.digest:
        raise MismatchError(f"{folder.header} was not routed by {folder.snapshot}")
    check_succession(earlier, snapshot)
    private = read_batch(folder.private)
    if private.header_digest != header.digest:
        raise MismatchError(f"{folder.private} opens another header than {folder.header}")
    _require_room(folder, private)
    return Parent(folder, header, private)


def _require_room(folder: BatchFolder, private: PrivateBatch) -> None:
    if private.children >= CHILDREN_PER_HEADER:
        raise UsageError(
            f"{private.children} next batches were routed after {folder.path}, and its blinding "
            f"hides its nodes' work in no more than {CHILDREN_PER_HEADER}; go on from one of them"
        )


def record_child(parent: Parent) -> None:
    """Count one more next batch, before it leaves memory.

    Raises UsageError where others were routed meanwhile and no more may be.
    """
    with _writing(parent.folder):
        # as it is now: it may have been proven, or gone on from, since it was loaded
        private = read_batch(parent.folder.private)
        if private.header_digest != parent.private.header_digest:
            raise MismatchError(f"{parent.folder.private} was replaced by another batch's")
        _require_room(parent.folder, private)
        write_batch(parent.folder.private, private.with_another_child())


def require_unproven(stored: StoredBatch) -> None:
    """The header has no proof anywhere in its folder, so that a first one may be made.

    Raises UsageError where ``proof.bin`` is there and the private file does not know it.
    """
    if not stored.proof and stored.folder.proof.exists():
        raise UsageError(
            f"{stored.folder.private} does not know the proof in {stored.folder.proof}, so it is "
            "an old copy; a second proof of a header would reveal which nodes got no orders. Put "
            "the newest copy back, or remove proof.bin if nobody else ever saw it"
        )


def record_proof(folder: BatchFolder, proof: bytes) -> None:
    """Keep the header's proof with what opens it: made once, written as often as wanted.

    A second proof would open the same columns again and reveal which nodes got no orders.
    Raises UsageError where another run made one meanwhile.
    """
    with _writing(folder):
        private = read_batch(folder.private)
        if private.proof:
            raise UsageError(
                f"{folder.path} was proven meanwhile; 'zkroute prove' writes that proof"
            )
        write_batch(folder.private, private.with_proof(proof))


def making(folder: BatchFolder) -> AbstractContextManager[None]:
    """Nobody else makes a batch in this folder inside the block: one signed header would be lost.

    Makes the folder.
    """
    folder.path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER_MODE)
    return alone(folder.path / ".routing.lock", f"routing into {folder.path}", LOCK_SECONDS)


def _writing(folder: BatchFolder) -> AbstractContextManager[None]:
    """Nobody else changes the private file inside the block: what one adds another would lose."""
    lock = folder.private.with_name(folder.private.name + ".lock")
    return alone(lock, f"writing {folder.private.name}", LOCK_SECONDS)


def _check_sizes(private: PrivateBatch, header: Header, key: VerifyingKey, source: str) -> None:
    slots = key.policy.slots
    arrived = len(private.records) // ORDER_RECORD.itemsize
    sizes = (
        ("orders", arrived, header.order_count),
        ("rows", len(private.source), arrived + len(private.before.held_sequence)),
        ("columns", len(private.order_blinding), len(key.circuit.order_columns)),
        ("carry columns before", len(private.before.carry_blinding), len(header.carry_before)),
        ("carry columns after", len(private.after.carry_blinding), len(header.carry_after)),
        ("slots with a salt", len(private.salts), slots),
        ("masks", len(private.masks), key.nodes),
    )
    for what, found, expected in sizes:
        if found != expected:
            raise MalformedError(f"{source}: {found} {what} where header and key have {expected}")


def _check_routing(private: PrivateBatch, routed: RoutedBatch, source: str) -> None:
    after, held = private.after, routed.held()
    if (
        not np.array_equal(private.source, routed.source)
        or not np.array_equal(private.node, routed.node)
        or not np.array_equal(private.status, routed.status)
        or after.work != tuple(routed.work_out)
        or after.held_sequence != tuple(held.sequence.tolist())
        or after.held_records != held.orders.records.tobytes()
    ):
        raise MismatchError(
            f"{source}: the orders were routed otherwise than this version routes them; prove "
            "the batch with the version that routed it"
        )


def _opening(private: PrivateBatch, policy: Policy, source: str) -> Opening:
    return Opening(
        order_blinding=private.order_blinding,
        before=_from_private(private.before, policy, f"{source}: orders held before"),
        after=_from_private(private.after, policy, f"{source}: orders held after"),
        masks=private.masks,
        salts=private.salts,
    )


def _to_private(state: WorkState) -> PrivateState:
    held = state.held
    return PrivateState(
        work=state.work,
        blinding=state.blinding,
        held_records=held.orders.records.tobytes() if held else b"",
        held_sequence=tuple(held.sequence.tolist()) if held else (),
        carry_blinding=state.carry_blinding,
    )


def _from_private(state: PrivateState, policy: Policy, source: str) -> WorkState:
    held = None
    if state.held_sequence:
        orders = orders_from_bytes(state.held_records, policy, source)
        held = CarriedOrders(orders, np.array(state.held_sequence, dtype=np.uint64))
    return WorkState(state.work, state.blinding, held, state.carry_blinding)
