"""A router that lies: it proves any columns whatever, so that the verifier is what is tested.

The structured reference string's tau is known here, so a pairing claim is judged by one product in
G1: e(L, [tau]) = e(R, [1]) exactly if [tau]L = R. Tests that must not rely on this pass
``pairing=True``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circuits.ir.table import Kind
from circuits.statement import smallest_log_rows
from circuits.tables.carry import ENTRY
from prover.commit import BlindedColumn
from prover.keygen import ProvingKey, derive_key
from prover.prove import Run
from prover.state import CommittedBatch
from prover.trace.limbs import from_integers, to_integers
from tests.support.claims import Columns, Setting
from tests.support.policies import ALL_POLICIES, SNAPSHOTS
from tests.support.settings import setting_of_batch
from tests.support.trapdoor import srs_with_known_tau
from tests.support.world import World
from verifier.accept import Acceptance, Position
from verifier.errors import Code, VerificationError
from verifier.verify import prepare, verify
from zkroute.algebra.engine import Column, engine
from zkroute.algebra.groups import PointG1, multiply_g1
from zkroute.formats.proof import encode_proof
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import Proof
from zkroute.protocol.srs import StructuredReferenceString

TAU = 0x5EED_0F_7A0_1234567890ABCDEF_1234567890ABCDEF_1234567890ABCDEF
"""Anybody who knows it can prove anything; it stands in tests only."""

START_MS = 1_700_000_000_000


@cache
def trapdoor_srs(log_rows: int) -> StructuredReferenceString:
    return srs_with_known_tau(TAU, (1 << log_rows) + 80, engine())


@cache
def lying_world(name: str, log_rows: int = 6) -> World:
    """A router under a named policy whose SRS has the known tau."""
    policy = parse_policy(ALL_POLICIES[name], name)
    log_rows = max(log_rows, smallest_log_rows(policy, 0))
    snapshot = parse_snapshot(SNAPSHOTS[name], name)
    srs = trapdoor_srs(log_rows)
    key = derive_key(policy, len(snapshot.nodes), log_rows, srs, engine())
    return World(policy, snapshot, ProvingKey(key, srs, engine()), Ed25519PrivateKey.generate())


@dataclass(frozen=True)
class Scene:
    """A committed batch, its parent, and the honest columns."""

    world: World
    parent: CommittedBatch | None
    batch: CommittedBatch

    @property
    def setting(self) -> Setting:
        return setting_of_batch(self.world, self.batch)

    @property
    def columns(self) -> Columns:
        return {
            (table, name): to_integers(limbs)
            for table, trace in self.world.traces(self.batch).items()
            for name, limbs in trace.items()
        }

    @property
    def acceptance(self) -> Acceptance:
        return self.world.acceptance(self.parent.header if self.parent else Position.START)

    def sign(self, header: Header) -> Header:
        return header.signed(self.world.router.sign(header.signed_message))

    def sign_if_possible(self, header: Header) -> Header:
        """Signed, unless canonical bytes cannot hold some value: then as it is."""
        try:
            return self.sign(header)
        except (OverflowError, ValueError):
            return header

    def header(self, columns: Columns | None = None, **changes: Any) -> Header:
        """The batch's header with changes and commitments to other columns, signed again."""
        points = {} if columns is None else self._commitments(columns)
        names = [column.name for column in self.world.proving_key.circuit.order_columns]
        header = self.batch.header
        changes = {
            "columns": tuple(
                points.get(("orders", name), point)
                for name, point in zip(names, header.columns, strict=True)
            ),
            "work_before": points.get(("nodes", "work_before"), header.work_before),
            "work_after": points.get(("nodes", "work_after"), header.work_after),
        } | changes
        for when in ("before", "after"):
            old = getattr(header, f"carry_{when}")
            changes.setdefault(
                f"carry_{when}",
                tuple(
                    points.get(("carry", f"{name}_{when}"), point)
                    for name, point in zip(ENTRY, old, strict=bool(old))
                ),
            )
        return self.sign(replace(header, **changes))

    def _commitments(self, columns: Columns) -> dict[tuple[str, str], PointG1]:
        """Commitments to the header columns that differ from the honest ones."""
        honest, blinding = self.columns, self.openings
        tables = self.world.proving_key.circuit.lowered.circuit.tables
        changed = [place for place in blinding if columns[place] != honest[place]]
        points = self.world.proving_key.committer.columns(
            [
                BlindedColumn(
                    Column(from_integers(columns[place], tables[place[0]].rows), 254),
                    tables[place[0]].log_rows,
                    blinding[place],
                )
                for place in changed
            ]
        )
        return dict(zip(changed, points, strict=True))

    @property
    def openings(self) -> dict[tuple[str, str], tuple[int, ...]]:
        opening = self.batch.opening
        names = [column.name for column in self.world.proving_key.circuit.order_columns]
        return {
            **{
                ("orders", name): blinding
                for name, blinding in zip(names, opening.order_blinding, strict=True)
            },
            ("nodes", "work_before"): opening.before.blinding,
            ("nodes", "work_after"): opening.after.blinding,
            **{
                ("carry", f"{name}_{when}"): blinding
                for when, state in (("before", opening.before), ("after", opening.after))
                for name, blinding in zip(ENTRY, state.carry_blinding, strict=False)
            },
        }

    def prove(
        self, columns: Columns, header: Header | None = None, kind: type[Run] = Run, **extra: Any
    ) -> bytes:
        """A proof of these columns that leaves it to the verifier to find the lie."""
        return encode_proof(self.messages(columns, header, kind, **extra))

    def messages(
        self, columns: Columns, header: Header | None = None, kind: type[Run] = Run, **extra: Any
    ) -> Proof:
        """The same before it is encoded."""
        tables = self.world.proving_key.circuit.lowered.circuit.tables
        traces: dict[str, dict[str, Any]] = {name: {} for name in tables}
        for (table, name), values in columns.items():
            traces[table][name] = from_integers(values, tables[table].rows)
        run = kind(
            self.world.proving_key,
            header or self.batch.header,
            self.world.instance(self.batch),
            dict(self.openings),
            **extra,
        )
        return run.prove(traces, lambda stage: None)

    def verdict(
        self,
        proof: bytes,
        header: Header | None = None,
        accept: Acceptance | None = None,
        *,
        key: VerifyingKey | None = None,
        pairing: bool = False,
    ) -> Code | None:
        """Why the verifier refuses, or None if it accepts."""
        key = key or self.world.proving_key.key
        arguments = (key, header or self.batch.header, proof, accept or self.acceptance)
        try:
            if pairing:
                verify(*arguments)
                return None
            claim = prepare(*arguments)
        except VerificationError as error:
            return error.code
        holds = multiply_g1(claim.left.point(), TAU) == claim.right.point()
        return None if holds else Code.OPENING_INVALID


def altered(columns: Columns, changes: Mapping[tuple[str, str], Mapping[int, int]]) -> Columns:
    """The columns with some cells replaced; nothing else is repaired."""
    result = dict(columns)
    for place, cells in changes.items():
        values = list(result[place])
        for row, value in cells.items():
            values[row] = value
        result[place] = values
    return result


def private_places(world: World) -> list[tuple[str, str]]:
    """Every column a prover fills, in declaration order."""
    circuit = world.proving_key.circuit.lowered.circuit
    return [(column.table, column.name) for column in circuit.columns(Kind.HEADER, Kind.WITNESS)]
