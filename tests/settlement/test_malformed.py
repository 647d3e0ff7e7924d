"""Files from outside, damaged in every way: a typed refusal or a harmless reading, nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.settlement.days import Day
from zkroute.errors import ZkrouteError
from zkroute.formats.disclosure import decode_disclosure, encode_disclosure
from zkroute.formats.evidence import Evidence, EvidenceKind, decode_evidence, encode_evidence
from zkroute.formats.handover import decode_handover, encode_handover
from zkroute.formats.inclusion import decode_opening, encode_opening
from zkroute.formats.intake import decode_intake, encode_intake
from zkroute.formats.ledger_export import ExportedBatch, ExportStart, export_lines, read_export
from zkroute.formats.receipt import decode_receipt, encode_receipt
from zkroute.formats.signed_orders import decode_signed_orders, encode_signed_orders
from zkroute.formats.slice import decode_slice, encode_slice
from zkroute.formats.telemetry import decode_telemetry, encode_telemetry
from zkroute.formats.traders import decode_traders, encode_traders
from zkroute.service.requests import read_submission
from zkroute.settlement.disclosure import Choice, disclose
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.router_keys import sign_handover
from zkroute.settlement.telemetry import gather, sign_statement

ODD_VALUES = [None, True, -1, 1 << 70, 1.5, "", "zz", "A" * 64, "0" * 65, [], [1], {}, {"a": 1}]
ROUNDS = 120


@dataclass(frozen=True)
class Kind:
    name: str
    data: bytes
    decode: Callable[[bytes], object]


def kinds(day: Day, folder: Path) -> list[Kind]:
    world, batch = day.world, day.batches[0]
    key = world.proving_key.key
    evidence = Evidence(
        EvidenceKind.LOG_ALTERED, (day.receipts[3],), (batch.header,), day.leaves[0]
    )
    opening = open_orders(world.proving_key, batch, [3, 7])
    disclosure = disclose(
        world.proving_key, batch, Choice([3], ["price"], [1], with_documents=True), "A", "B"
    )
    node = world.snapshot.nodes[0]
    telemetry = gather(world.snapshot, [sign_statement(node, "chain", day.trader, 1_000, 2_000)])
    handover = sign_handover(world.policy.chain, world.router, day.trader, 7)
    exported = b"".join(
        export_lines(
            ExportStart(world.policy.chain, 1, bytes(32)),
            [world.snapshot, ExportedBatch(batch.header, day.proofs[0], 5, (bytes(32),))],
        )
    )
    request = json.dumps(
        {
            "header": json.loads(encode_evidence(evidence))["headers"][0],
            "proof": "AAAA",
            "slice": "AAAA",
            "snapshot": json.loads(world.snapshot.canonical_bytes()),
            "telemetry": json.loads(encode_telemetry(telemetry)),
        }
    ).encode()

    def read_all(data: bytes) -> object:
        (folder / "ledger.jsonl").write_bytes(data)
        _, parts = read_export(folder / "ledger.jsonl")
        return list(parts)

    records, envelopes = day.signed[0].orders.records.tobytes(), day.signed[0].envelopes
    part = max(day.slices[0], key=len)
    traders = encode_traders({7: frozenset([bytes(32)])})
    return [
        Kind("slice", encode_slice(part), lambda d: decode_slice(d, "x")),
        Kind("receipt", encode_receipt(day.receipts[3]), lambda d: decode_receipt(d, "x")),
        Kind("evidence", encode_evidence(evidence), lambda d: decode_evidence(d, "x")),
        Kind("inclusion", encode_opening(opening, key), lambda d: decode_opening(d, key, "x")),
        Kind("disclosure", encode_disclosure(disclosure), lambda d: decode_disclosure(d, "x")),
        Kind("telemetry", encode_telemetry(telemetry), lambda d: decode_telemetry(d, "x")),
        Kind("handover", encode_handover(handover), lambda d: decode_handover(d, "x")),
        Kind("intake", encode_intake(day.leaves[0]), lambda d: decode_intake(d, "x")),
        Kind("export", exported, read_all),
        Kind("traders", traders, lambda d: decode_traders(d, "x")),
        Kind(
            "signed orders",
            encode_signed_orders(records, envelopes),
            lambda d: decode_signed_orders(d, "x"),
        ),
        Kind("request", request, lambda d: read_submission(d, 1 << 20)),
    ]


def damaged(data: bytes, choices: random.Random) -> bytes:
    place = choices.randrange(len(data))
    other = bytes([choices.randrange(256)])
    match choices.randrange(6):
        case 0:
            return data[:place] + other + data[place + 1 :]
        case 1:
            return data[:place] + data[place + choices.randrange(1, 9) :]
        case 2:
            return data[:place] + other * choices.randrange(1, 9) + data[place:]
        case 3:
            return data[:place]
        case 4:
            end = choices.randrange(len(data))
            return data[:place] + data[min(place, end) : max(place, end)] + data[place:]
        case _:
            return data + other


def odd_documents(data: bytes, choices: random.Random) -> bytes:
    """A JSON document with one value, anywhere in it, replaced by one of another kind."""
    document = json.loads(data)
    place, parent = document, document
    key: str | int = ""
    for _ in range(choices.randrange(1, 5)):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        parent, key = place, choices.choice(keys)
        place = parent[key]
        if not isinstance(place, (dict, list)):
            break
    parent[key] = choices.choice(ODD_VALUES)
    return json.dumps(document).encode()


@pytest.mark.parametrize("number", range(12))
def test_damage_is_refused_or_harmless(day: Day, tmp_path: Path, number: int) -> None:
    kind = kinds(day, tmp_path)[number]
    choices = random.Random(number)
    kind.decode(kind.data)
    refused = 0
    is_json = kind.data.startswith(b"{") and kind.name != "export"
    for round_number in range(ROUNDS):
        change = odd_documents if is_json and round_number % 2 else damaged
        changed = change(kind.data, choices)
        if changed == kind.data:
            continue
        try:
            kind.decode(changed)
        except ZkrouteError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > ROUNDS // 4, kind.name


def test_kinds_are_all_there(day: Day, tmp_path: Path) -> None:
    assert len(kinds(day, tmp_path)) == 12


@pytest.mark.slow
def test_a_hundred_thousand_damaged_files(day: Day, tmp_path: Path) -> None:
    choices = random.Random(20)
    made = kinds(day, tmp_path)
    refused = 0
    for _ in range(100_000):
        kind = choices.choice(made)
        try:
            kind.decode(damaged(kind.data, choices))
        except ZkrouteError:
            refused += 1
    print(f"100,000 damaged files of {len(made)} kinds, {refused} refused, no other exception")
