"""``zkroute inspect``, which is given any file and has to find out what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.campaigns.file_parsers import file_reader
from tests.campaigns.mutations import Mutator, json_document, toml_text
from tests.campaigns.opened import HonestDay
from tests.campaigns.parsers import Parser
from tests.support.ptau_builder import build
from zkroute.algebra.engine import engine
from zkroute.cli.inspection import inspect_file
from zkroute.formats.handover import encode_handover
from zkroute.formats.header import encode_header
from zkroute.formats.intake import encode_intake
from zkroute.formats.key import encode_key
from zkroute.formats.receipt import encode_receipt
from zkroute.formats.signed_orders import encode_signed_orders
from zkroute.formats.slice import encode_slice
from zkroute.formats.srs_file import encode_srs
from zkroute.formats.telemetry import encode_telemetry
from zkroute.protocol.srs import new_development


def inspection_parsers(honest: HonestDay, folder: Path) -> list[Parser]:
    """The command's one function, by the kinds of file that it is given."""
    day, key = honest.day, folder / "inspected-key.json"
    key.write_bytes(encode_key(honest.key))
    srs = encode_srs(new_development(8, engine(), "inspected"))
    snapshot = day.world.snapshot.canonical_bytes()
    json_files = [encode_header(day.batches[0].header), encode_key(honest.key), snapshot]
    json_files += [
        encode_receipt(day.receipts[3]),
        encode_telemetry(honest.telemetry),
        encode_handover(honest.handover),
        honest.published_chain,
        honest.disclosures[0],
        honest.evidence[3],
    ]
    binary_files = [day.proofs[0], srs, build(power=1).encode(), *honest.private_batches]
    binary_files += [
        honest.openings[1],
        encode_intake(day.leaves[0]),
        encode_slice(day.slices[0][honest.slot]),
        encode_signed_orders(day.signed[0].orders.records.tobytes(), day.signed[0].envelopes),
    ]

    def parser(name: str, file: str, seeds: list[bytes], *mutate: Mutator) -> Parser:
        def read(path: Path) -> Any:
            return inspect_file(path, key)

        reader: Callable[[bytes], Any] = file_reader(folder / file, read)
        more = {"mutate": mutate[0]} if mutate else {}
        return Parser(f"inspect {name}", seeds, reader, repr, 0.3, **more)

    return [
        parser("JSON", "inspected.json", json_files, json_document),
        parser("TOML", "inspected.toml", honest.policy_texts + honest.node_texts, toml_text),
        parser("binary", "inspected.bin", binary_files),
    ]
