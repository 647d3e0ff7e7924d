"""One honest day with everything that anybody is given of it: the seeds of the campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.audit.published import make_site
from tests.settlement.days import START_MS, Day, make_day
from tests.support.pairings import world_of
from tests.support.policies import SNAPSHOTS, WHOLE_RULE
from zkroute.cli.batches import to_private
from zkroute.formats.batch import encode_batch
from zkroute.formats.disclosure import encode_disclosure
from zkroute.formats.evidence import Evidence, EvidenceKind, encode_evidence
from zkroute.formats.handover import Handover
from zkroute.formats.inclusion import encode_opening
from zkroute.formats.telemetry import Telemetry
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.policy import parse_policy
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import ProofLayout
from zkroute.settlement.disclosure import Choice, disclose
from zkroute.settlement.gate import Accepted, Gate
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.opening_making import open_nodes, open_orders
from zkroute.settlement.router_keys import sign_handover
from zkroute.settlement.telemetry import Signers, gather, sign_statement


@dataclass(frozen=True)
class Truth:
    """What a batch really holds, for statements about it to be held against."""

    orders: dict[int, dict[str, int]]
    nodes: dict[int, dict[str, int]]
    records: dict[int, bytes]


class HonestDay:
    """Two chained batches of signed orders, proven, accepted, published and partly disclosed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day: Day = make_day(world_of(EXAMPLE_POLICY), [20, 9], folder)
        self.policy_texts = [EXAMPLE_POLICY.encode(), WHOLE_RULE.encode()]
        self.node_texts = [EXAMPLE_NODES.encode(), SNAPSHOTS["whole rule"].encode()]
        self.other_policies = [parse_policy(WHOLE_RULE, "policy").canonical_bytes()]
        slices = self.day.slices
        self.slot = max(range(len(slices[0])), key=lambda slot: min(map(len, _each(slices, slot))))

    @property
    def key(self) -> VerifyingKey:
        return self.day.world.proving_key.key

    @cached_property
    def layout(self) -> ProofLayout:
        return ProofLayout.of(self.key.circuit.lowered, self.key.nodes)

    @cached_property
    def private_batches(self) -> list[bytes]:
        return [encode_batch(to_private(each)) for each in self.day.batches]

    @cached_property
    def openings(self) -> list[bytes]:
        world, batch = self.day.world, self.day.batches[0]
        made = [
            open_orders(world.proving_key, batch, [3]),
            open_orders(world.proving_key, batch, [3, 7, 9]),
            open_nodes(world.proving_key, batch, [0, 2]),
        ]
        return [encode_opening(each, self.key) for each in made]

    @cached_property
    def disclosures(self) -> list[bytes]:
        world, batch = self.day.world, self.day.batches[0]
        choices = [Choice([3], ["price"], [1], with_documents=True), Choice([4, 5], ["size"])]
        made = [disclose(world.proving_key, batch, each, "A", "B") for each in choices]
        return [encode_disclosure(each) for each in made]

    @cached_property
    def disclosed(self) -> Truth:
        batch = self.day.batches[0]
        opening = open_orders(self.day.world.proving_key, batch, list(range(20)))
        rows = [dict(opening.row(position)) for position in range(20)]
        work = zip(batch.opening.before.work, batch.opening.after.work, strict=True)
        return Truth(
            {row["sequence"]: row for row in rows},
            {
                slot: {"work_before": before, "work_after": after}
                for slot, (before, after) in enumerate(work)
            },
            {number: batch.orders.records[number : number + 1].tobytes() for number in range(20)},
        )

    @cached_property
    def evidence(self) -> list[bytes]:
        day, headers = self.day, [each.header for each in self.day.batches]
        made = [
            Evidence(EvidenceKind.LOG_ALTERED, (day.receipts[3],), (headers[0],), day.leaves[0]),
            Evidence(EvidenceKind.TWO_RECEIPTS, (day.receipts[3], day.receipts[4])),
            Evidence(EvidenceKind.FORK, (), tuple(headers)),
            Evidence(
                EvidenceKind.ORDER_ALTERED,
                (day.receipts[3],),
                (headers[0],),
                inclusion=self.openings[0],
                record=day.signed[0].orders.records[3:4].tobytes(),
            ),
        ]
        return [encode_evidence(each) for each in made]

    @cached_property
    def signing_nodes(self) -> dict[str, Ed25519PrivateKey]:
        nodes = self.day.world.snapshot.nodes
        return {node.name: Ed25519PrivateKey.generate() for node in nodes}

    @cached_property
    def signers(self) -> Signers:
        keys = self.signing_nodes.items()
        return Signers({name: key.public_key().public_bytes_raw() for name, key in keys})

    @cached_property
    def telemetry(self) -> Telemetry:
        world = self.day.world
        chain = world.policy.chain
        return gather(
            world.snapshot,
            [
                sign_statement(node, chain, self.signing_nodes[node.name], 1_000, 2_000)
                for node in world.snapshot.nodes
            ],
        )

    @cached_property
    def handover(self) -> Handover:
        return sign_handover(self.day.world.policy.chain, self.day.world.router, self.day.trader, 7)

    @cached_property
    def published_chain(self) -> bytes:
        made = list(zip(self.day.batches, self.day.proofs, strict=True))
        site = make_site(self.day.world, made, self.folder / "published")
        return (site.path / "chain.json").read_bytes()

    def ledger(self, path: Path, batches: int) -> None:
        """A new ledger that accepted the first batches."""
        with Ledger(path) as ledger:
            gate = self.gate(ledger)
            for number in range(batches):
                part = self.day.slices[number][self.slot]
                answer = gate.accept(self.day.batches[number].header, self.day.proofs[number], part)
                assert isinstance(answer, Accepted)

    def gate(self, ledger: Ledger) -> Gate:
        """The gate of the node that gets most orders."""
        terms = self.day.configuration(node=self.day.node(self.slot))
        return Gate(terms, ledger, lambda: START_MS)


def _each(slices: list[list], slot: int) -> list:
    return [batch[slot] for batch in slices]
