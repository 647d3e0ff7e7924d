"""The digests of header and key, computed from the files by what docs/formats.md says alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prover.state import CommittedBatch
from tests.support.shared import ROOT
from tests.support.world import World, make_world
from zkroute.formats.header import encode_header
from zkroute.formats.key import encode_key
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey

PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
HEADER = {
    "version": "i",
    "chain": "s",
    "batch": "i",
    "previous": "b",
    "key": "b",
    "policy": "b",
    "snapshot": "b",
    "srs": "s",
    "log_rows": "i",
    "slots": "i",
    "carry": "i",
    "first_sequence": "i",
    "order_count": "i",
    "time_ms": "i",
    "elapsed_ms": "i",
    "columns": "p",
    "work_before": "p",
    "work_after": "p",
    "slices": "b",
    "router": "b",
    "intake": "b",
    "carry_before": "p",
    "carry_after": "p",
    "figures": "b",
}
FIGURES = ("counts", "loads", "herfindahl", "max_count", "placed_count")
KEY = {
    "version": ("i", "version"),
    "policy_document": ("b", "policy"),
    "log_rows": ("i", "log_rows"),
    "nodes": ("i", "nodes"),
    "circuit_digest": ("b", "circuit"),
    "root_of_unity": ("s", "5^((r-1)/2^28)"),
    "srs": ("s", "srs"),
    "g2_tau": ("b", "g2_tau"),
    "fixed": ("p", "fixed"),
}
"""Name in the canonical form to its type, and to the field of the file or the text it holds."""
TYPES = {
    "integer": "i",
    "name": "s",
    "text": "s",
    "32 bytes": "b",
    "object": "b",
    "point": "p",
    "list of points": "p",
}
"""Types of the page's header table to letters."""


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


def record(domain: str, fields: Iterable[tuple[str, str, bytes]]) -> bytes:
    return framed(domain.encode()) + b"".join(
        framed(name.encode()) + letter.encode() + framed(value) for name, letter, value in fields
    )


def point(digits: str) -> bytes:
    """64 bytes of the point that 64 digits write compressed."""
    data = int(digits, 16)
    flags, x = data >> 254, data & ((1 << 254) - 1)
    if flags == 0b01:
        return bytes(64)
    root = pow(x**3 + 3, (P + 1) // 4, P)
    smaller, larger = sorted((root, P - root))
    y = {0b10: smaller, 0b11: larger}[flags]
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def value_bytes(letter: str, value: Any) -> bytes:
    if letter == "i":
        return int(value).to_bytes(32, "big")
    if letter == "s":
        return str(value).encode()
    if letter == "b":
        return bytes.fromhex(value)
    return b"".join(map(point, [value] if isinstance(value, str) else value))


def figures(given: dict[str, Any]) -> bytes:
    fields = []
    for name in FIGURES:
        value = given.get(name, [])
        numbers = value if isinstance(value, list) else [value]
        fields.append((name, "b", b"".join(each.to_bytes(32, "big") for each in numbers)))
    return record("zkroute/figures/v1", fields)


def header_digest(file: bytes) -> bytes:
    document = json.loads(file)
    values = {
        name: figures(document[name]) if name == "figures" else value_bytes(letter, document[name])
        for name, letter in HEADER.items()
    }
    fields = [(name, HEADER[name], value) for name, value in values.items()]
    return hashlib.sha256(record("zkroute/header/v1", fields)).digest()


def key_digest(file: bytes) -> bytes:
    document = json.loads(file)
    policy = json.dumps(document["policy"], sort_keys=True, separators=(",", ":"))
    held = {**document, "policy": policy.encode("ascii").hex()}
    fields = [
        (name, letter, value_bytes(letter, held.get(source, source)))
        for name, (letter, source) in KEY.items()
    ]
    return hashlib.sha256(record("zkroute/verifying-key/v1", fields)).digest()


def rows(head: str) -> list[list[str]]:
    """Cells of every row of the page's tables that begin with this head."""
    found = []
    for body in PAGE.split(f"\n{head}\n")[1:]:
        lines = body.split("\n\n")[0].split("\n")[1:]
        found += [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return found


def plain(cell: str) -> str:
    return cell.strip("`")


@pytest.fixture(scope="module")
def headers(first: CommittedBatch, second: CommittedBatch) -> list[Header]:
    """With and without figures, parents and held orders."""
    lean = make_world()
    return [first.header, second.header, lean.commit(lean.orders(5)).header]


def test_a_headers_digest_is_the_pages(headers: list[Header]) -> None:
    for header in headers:
        file = encode_header(header)
        assert header_digest(file) == header.digest
        spaced = json.dumps(dict(reversed(json.loads(file).items()))).encode()
        assert header_digest(spaced) == header.digest


def test_a_headers_signature_is_over_what_the_page_says(headers: list[Header]) -> None:
    for header in headers:
        file = json.loads(encode_header(header))
        message = b"zkroute/header-signature/v1" + header_digest(encode_header(header))
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(file["router"]))
        public.verify(bytes.fromhex(file["signature"]), message)


def test_a_keys_digest_is_the_pages(world: World) -> None:
    keys: list[VerifyingKey] = [world.proving_key.key, make_world().proving_key.key]
    for key in keys:
        file = encode_key(key)
        assert key_digest(file) == key.digest
        assert json.loads(file)["digest"] == key.digest.hex()


def test_the_page_has_the_headers_fields_in_this_order() -> None:
    table = PAGE.split("## Header")[1].split("## Proof")[0]
    cells = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE)
    assert [cells[0][0], cells[-1][0]] == ["format", "signature"]
    assert {name: TYPES[kind] for name, kind in cells[1:-1]} == HEADER
    assert [name for name, _ in cells[1:-1]] == list(HEADER)
    listed = ", ".join(f"`{name}`" for name in FIGURES)
    assert f"fields {listed} in this order" in " ".join(table.split())
    assert f"p = {P}." in " ".join(PAGE.split())


def test_the_page_has_the_keys_names_in_this_order() -> None:
    table = [list(map(plain, row[:2])) for row in rows("| name | type | value |")]
    assert table == [[name, letter] for name, (letter, _) in KEY.items()]
    sources = [row[2] for row in rows("| name | type | value |")]
    for shown, (_, source) in zip(sources, KEY.values(), strict=True):
        assert f"`{source}`" in shown


def test_the_page_has_every_type_and_domain() -> None:
    letters = [plain(row[0]) for row in rows("| type | value |")]
    assert letters == ["i", "b", "s", "p"]
    for domain in ("header", "figures", "verifying-key", "header-signature"):
        assert f"`zkroute/{domain}/v1`" in PAGE
