"""Every parser of documents and binary files, with honest inputs and what a damaged one may do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from tests.campaigns.mutations import Mutator, any_bytes, json_document, toml_text
from tests.campaigns.opened import HonestDay
from tests.support.traders import encode_traders
from verifier.verify import verify
from zkroute.errors import ZkrouteError
from zkroute.formats.batch import decode_batch, encode_batch
from zkroute.formats.chain import decode_chain, encode_chain
from zkroute.formats.disclosure import Disclosure, decode_disclosure, encode_disclosure
from zkroute.formats.evidence import EvidenceKind, decode_evidence, encode_evidence
from zkroute.formats.handover import decode_handover, encode_handover
from zkroute.formats.header import decode_header, encode_header
from zkroute.formats.inclusion import decode_opening, encode_opening
from zkroute.formats.intake import decode_intake, encode_intake
from zkroute.formats.key import decode_key, encode_key
from zkroute.formats.proof import decode_proof, encode_proof
from zkroute.formats.receipt import decode_receipt, encode_receipt
from zkroute.formats.router_key import decode_private_key, encode_private_key, parse_public_key
from zkroute.formats.signed_orders import decode_signed_orders, encode_signed_orders
from zkroute.formats.slice import Slice, decode_slice, encode_slice
from zkroute.formats.telemetry import Telemetry, decode_telemetry, encode_telemetry
from zkroute.formats.traders import decode_traders
from zkroute.model.document import load_canonical
from zkroute.model.order import orders_from_bytes
from zkroute.model.policy import parse_policy, policy_from_canonical
from zkroute.model.snapshot import parse_snapshot, snapshot_from_canonical
from zkroute.settlement.disclosure import check_disclosure
from zkroute.settlement.evidence import check_evidence, histories, require_receipt
from zkroute.settlement.openings import check_openings
from zkroute.settlement.order_signatures import check_signatures
from zkroute.settlement.router_keys import RouterKeys
from zkroute.settlement.slices import check_slice
from zkroute.settlement.telemetry import check_telemetry


@dataclass(frozen=True)
class Parser:
    """One parser under test."""

    name: str
    seeds: list[bytes]
    read: Callable[[bytes], Any]
    meaning: Callable[[Any], Hashable]
    """Equal for two readings exactly if they say the same."""
    share: float
    """Of all inputs of a campaign, relative to the other parsers."""
    is_exact: Callable[[Any, bytes], bool] = lambda _parsed, _data: True
    """Whether what was read, written again, is what was given: nothing in it was passed over."""
    is_believed: Callable[[Any], bool] = lambda _parsed: False
    """Whether a reading of another meaning than any seed's passes the format's own check."""
    mutate: Mutator = any_bytes
    """Half of the inputs are changed by it, the other half byte by byte."""
    seal: Callable[[bytes], bytes] | None = None
    """Makes a digest at the end fit again, so that the content behind it is reached."""


def holds(check: Callable[..., object], *arguments: Any) -> bool:
    """Whether the check passes; only a typed refusal says that it does not."""
    try:
        check(*arguments)
    except ZkrouteError:
        return False
    return True


def sealed(data: bytes) -> bytes:
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


def binary(
    name: str,
    seeds: list[bytes],
    read: Callable[[bytes], Any],
    encode: Callable[[Any], bytes],
    share: float,
    **more: Any,
) -> Parser:
    """A format with one encoding for every content."""
    return Parser(
        name, seeds, read, encode, share, lambda parsed, data: encode(parsed) == data, **more
    )


def json_form(
    name: str,
    seeds: list[bytes],
    read: Callable[[bytes], Any],
    encode: Callable[[Any], bytes],
    share: float,
    **more: Any,
) -> Parser:
    """JSON in which spacing, order of members, and empty lists are free."""

    def is_exact(parsed: Any, data: bytes) -> bool:
        return plain(json.loads(encode(parsed))) == plain(json.loads(data))

    usual = {"meaning": encode, "mutate": json_document, "is_exact": is_exact}
    return Parser(name=name, seeds=seeds, read=read, share=share, **usual | more)


def plain(value: Any) -> str:
    """A JSON value as text, without empty lists: those may be left out."""
    return json.dumps(_without_empty(value), sort_keys=True)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(each) for key, each in value.items() if each != []}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def text_form(
    name: str, seeds: list[bytes], parse: Any, again: Callable[[bytes], Any], share: float
) -> Parser:
    """TOML as people write it; what it says is its digest."""

    def is_exact(parsed: Any, _: bytes) -> bool:
        return bool(again(parsed.canonical_bytes()).digest == parsed.digest)

    return Parser(
        name,
        seeds,
        lambda data: parse(data.decode("utf-8", "replace"), "file.toml"),
        lambda parsed: parsed.digest,
        share,
        is_exact,
        mutate=toml_text,
    )


def document_parsers(honest: HonestDay) -> list[Parser]:
    """Policy, snapshot, key, header, proof."""
    day, key = honest.day, honest.key
    world, layout = day.world, honest.layout
    policy, snapshot = world.policy, world.snapshot

    def proof_verifies(proof: Any) -> bool:
        header = day.batches[0].header
        return holds(verify, key, header, encode_proof(proof), world.acceptance())

    def header_verifies(header: Any) -> bool:
        return holds(verify, key, header, day.proofs[0], world.acceptance())

    return [
        text_form("policy (TOML)", honest.policy_texts, parse_policy, policy_from_canonical, 2),
        text_form("snapshot (TOML)", honest.node_texts, parse_snapshot, snapshot_from_canonical, 2),
        binary(
            "policy (canonical JSON)",
            [policy.canonical_bytes(), *honest.other_policies],
            policy_from_canonical,
            lambda parsed: parsed.canonical_bytes(),
            3,
            mutate=json_document,
        ),
        binary(
            "snapshot (canonical JSON)",
            [snapshot.canonical_bytes()],
            snapshot_from_canonical,
            lambda parsed: parsed.canonical_bytes(),
            4,
            mutate=json_document,
        ),
        Parser(
            "canonical JSON, any",
            [policy.canonical_bytes(), snapshot.canonical_bytes()],
            lambda data: load_canonical(data, "x"),
            lambda table: json.dumps(table.values),
            4,
            mutate=json_document,
        ),
        json_form(
            "verifying key",
            [encode_key(key)],
            lambda data: decode_key(data, "key.json"),
            encode_key,
            2,
        ),
        json_form(
            "header",
            [encode_header(each.header) for each in day.batches],
            lambda data: decode_header(data, "header.json"),
            encode_header,
            6,
            is_believed=header_verifies,
        ),
        binary(
            "proof",
            day.proofs,
            lambda data: decode_proof(data, layout),
            encode_proof,
            1.5,
            is_believed=proof_verifies,
        ),
    ]


def private_parsers(honest: HonestDay) -> list[Parser]:
    """What router, nodes and traders keep or hand to each other."""
    day, world = honest.day, honest.day.world
    policy, key = world.policy, honest.key

    def slice_checks(part: Slice) -> bool:
        return holds(check_private_slice, part)

    def check_private_slice(part: Slice) -> None:
        proof = decode_proof(day.proofs[0], honest.layout)
        checked = check_slice(key, day.batches[0].header, proof, part, honest.slot)
        traders = {account: frozenset([day.trader_key]) for account in day.accounts}
        check_signatures(checked.orders, part.envelopes, policy.chain, traders)

    records = [each.orders.records.tobytes() for each in day.signed]
    return [
        binary(
            "order records",
            records,
            lambda data: orders_from_bytes(data, policy, "orders"),
            lambda orders: orders.records.tobytes(),
            6,
        ),
        binary(
            "signed orders",
            [
                encode_signed_orders(each.orders.records.tobytes(), each.envelopes)
                for each in day.signed
            ],
            lambda data: decode_signed_orders(data, "orders.signed"),
            lambda both: encode_signed_orders(*both),
            8,
        ),
        binary(
            "slice",
            [encode_slice(day.slices[0][honest.slot])],
            lambda data: decode_slice(data, "slice.private"),
            encode_slice,
            6,
            is_believed=slice_checks,
            seal=sealed,
        ),
        binary(
            "batch.private",
            [*honest.private_batches],
            lambda data: decode_batch(data, "batch.private"),
            encode_batch,
            4,
            seal=sealed,
        ),
        Parser(
            "router's private key",
            [encode_private_key(world.router), encode_private_key(day.trader)],
            lambda data: decode_private_key(data, "router.pem", lambda: b"passphrase"),
            lambda private: private.private_bytes_raw(),
            4,
        ),
        Parser(
            "router's public key",
            [world.router_key.hex().encode(), day.trader_key.hex().encode()],
            lambda data: parse_public_key(data.decode("ascii", "replace").strip(), "router.pub"),
            lambda public: public,
            8,
            lambda public, data: public.hex() == data.decode("ascii").strip(),
        ),
        json_form(
            "traders",
            [encode_traders({7: frozenset([bytes(32)]), 9: frozenset([day.trader_key])})],
            lambda data: decode_traders(data, "traders.json"),
            encode_traders,
            6,
            is_exact=lambda parsed, data: (
                set(json.loads(data)["accounts"]) == set(map(str, parsed))
            ),
        ),
    ]


def settlement_parsers(honest: HonestDay) -> list[Parser]:
    """Receipts and all that traders, nodes and auditors are given as evidence."""
    day, key, routers = honest.day, honest.key, honest.day.routers
    world, headers = day.world, [each.header for each in day.batches]
    chain, truth = world.policy.chain, honest.disclosed

    def says_something_false(disclosure: Disclosure) -> bool:
        try:
            found = check_disclosure(key, headers[0], disclosure)
        except ZkrouteError:
            return False
        is_true = all(row.items() <= truth.orders[row["sequence"]].items() for row in found.orders)
        is_true &= all(
            row.items() <= truth.nodes[slot].items() for slot, row in found.nodes.items()
        )
        return not is_true or any(
            orders.records.tobytes() != truth.records[number]
            for number, orders in found.documents.items()
        )

    def told(telemetry: Telemetry) -> Hashable:
        stated = {each.node: each for each in telemetry.statements}
        return telemetry.snapshot, *(stated.get(node.name) for node in world.snapshot.nodes)

    return [
        json_form(
            "receipt",
            [encode_receipt(each) for each in day.receipts[:4]],
            lambda data: decode_receipt(data, "receipt.json"),
            encode_receipt,
            8,
            is_believed=lambda receipt: holds(require_receipt, receipt, chain, routers),
        ),
        json_form(
            "evidence",
            honest.evidence,
            lambda data: decode_evidence(data, "evidence.json"),
            encode_evidence,
            3,
            # that a proof was not shown can be said of any batch; nothing else of an honest router
            is_believed=lambda evidence: (
                evidence.kind is not EvidenceKind.NOT_SHOWN
                and holds(check_evidence, evidence, chain, routers, key)
            ),
        ),
        binary(
            "inclusion proof",
            honest.openings,
            lambda data: decode_opening(data, key, "inclusion.bin"),
            lambda opening: encode_opening(opening, key),
            4,
            is_believed=lambda opening: holds(check_openings, key, headers[0], [opening]),
        ),
        json_form(
            "disclosure",
            honest.disclosures,
            lambda data: decode_disclosure(data, "disclosure.json"),
            encode_disclosure,
            4,
            is_believed=says_something_false,
        ),
        binary(
            "intake leaves",
            [encode_intake(each) for each in day.leaves],
            lambda data: decode_intake(data, "intake.bin"),
            encode_intake,
            8,
            is_believed=lambda leaves: holds(histories, day.receipts[0], headers[0], None, leaves),
        ),
        json_form(
            "telemetry",
            [encode_telemetry(honest.telemetry)],
            lambda data: decode_telemetry(data, "telemetry.json"),
            encode_telemetry,
            4,
            meaning=told,
            is_believed=lambda telemetry: holds(
                check_telemetry, world.snapshot, telemetry, chain, honest.signers, 1_500
            ),
        ),
        json_form(
            "handover",
            [encode_handover(honest.handover)],
            lambda data: decode_handover(data, "handover.json"),
            encode_handover,
            8,
            is_believed=lambda handover: holds(
                RouterKeys.of, [world.router_key], [handover], chain
            ),
        ),
        json_form(
            "list of published batches",
            [honest.published_chain],
            lambda data: decode_chain(data, "chain.json"),
            encode_chain,
            6,
        ),
    ]
