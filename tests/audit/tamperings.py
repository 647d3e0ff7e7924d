"""What somebody could do to a published chain, each with what an audit must say of it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import replace

from tests.audit.published import Site
from zkroute.audit.folder import CHAIN

Codes = set[tuple[int | None, str]]
Tampering = Callable[[Site], Codes]
TAMPERINGS: list[Tampering] = []


def tampering(function: Tampering) -> Tampering:
    """What somebody did; returns what an audit must say of it, and no more."""
    TAMPERINGS.append(function)
    return function


@tampering
def first_batch_dropped(site: Site) -> Codes:
    for folder in ("header", "proof"):
        site.file(0, f"{folder}s", folder).unlink()
    site.rewrite(site.entries[1:])
    return {(1, "gap")}


@tampering
def middle_batch_dropped(site: Site) -> Codes:
    for folder in ("header", "proof"):
        site.file(1, f"{folder}s", folder).unlink()
    first, _, last = site.entries
    site.rewrite([first, last])
    return {(2, "gap")}


@tampering
def batch_listed_twice(site: Site) -> Codes:
    first, second, third = site.entries
    site.rewrite([first, second, second, third])
    return {(1, "duplicate")}


@tampering
def batches_reordered(site: Site) -> Codes:
    first, second, third = site.entries
    site.rewrite([first, third, second])
    return {(1, "reordered"), (2, "reordered")}


@tampering
def proofs_swapped_in_the_list(site: Site) -> Codes:
    _, second, third = site.entries
    site.change(1, proof=third.proof)
    site.change(2, proof=second.proof)
    return {(1, "proof-swapped"), (2, "proof-swapped")}


@tampering
def proof_used_twice(site: Site) -> Codes:
    site.file(2, "proofs", "proof").unlink()
    site.change(2, proof=site.entries[1].proof)
    return {(2, "proof-swapped")}


@tampering
def proof_files_swapped(site: Site) -> Codes:
    one, other = site.file(1, "proofs", "proof"), site.file(2, "proofs", "proof")
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return {(1, "file-swapped"), (2, "file-swapped")}


@tampering
def headers_exchanged_in_the_list(site: Site) -> Codes:
    _, second, third = site.entries
    site.change(1, header=third.header)
    site.change(2, header=second.header)
    return {
        (1, "entry-mismatch"),
        (2, "entry-mismatch"),
        (1, "reordered"),
        (2, "reordered"),
        (1, "proof-swapped"),
        (2, "proof-swapped"),
    }


@tampering
def header_altered_in_its_file(site: Site) -> Codes:
    path = site.file(1, "headers", "header")
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document | {"order_count": 23}))
    return {(1, "file-altered")}


@tampering
def header_altered_and_renamed(site: Site) -> Codes:
    """Nobody but the router can sign it again."""
    site.replace_header(1, replace(site.header(1), order_count=23), sign=False)
    return {(1, "signature-invalid"), (2, "broken-link")}


@tampering
def header_altered_and_signed_again(site: Site) -> Codes:
    """The router itself can; the proof is of another header, and the next one follows another."""
    site.replace_header(1, replace(site.header(1), order_count=23))
    return {(1, "opening-invalid"), (2, "broken-link")}


@tampering
def sequence_numbers_skipped(site: Site) -> Codes:
    site.replace_header(2, replace(site.header(2), first_sequence=70))
    return {(2, "opening-invalid"), (2, "broken-link")}


@tampering
def figures_altered(site: Site) -> Codes:
    header = site.header(2)
    counts = list(header.figures.counts)
    busiest = counts.index(max(counts))
    counts[busiest], counts[busiest - 1] = counts[busiest] - 1, counts[busiest - 1] + 1
    figures = replace(header.figures, counts=tuple(counts))
    site.replace_header(2, replace(header, figures=figures))
    return {(2, "opening-invalid")}


@tampering
def figures_left_out(site: Site) -> Codes:
    header = site.header(2)
    site.replace_header(2, replace(header, figures=replace(header.figures, loads=())))
    return {(2, "header-malformed")}


@tampering
def list_names_another_snapshot(site: Site) -> Codes:
    site.change(1, snapshot=secrets.token_bytes(32))
    return {(1, "entry-mismatch"), (1, "file-missing")}


@tampering
def snapshot_altered(site: Site) -> Codes:
    path = site.file(0, "snapshots", "snapshot")
    path.write_bytes(path.read_bytes().replace(b'"gas_price":0', b'"gas_price":1', 1))
    return {(batch, "file-altered") for batch in range(3)}


@tampering
def header_missing(site: Site) -> Codes:
    site.file(1, "headers", "header").unlink()
    return {(1, "file-missing")}


@tampering
def proof_missing(site: Site) -> Codes:
    site.file(2, "proofs", "proof").unlink()
    return {(2, "file-missing")}


@tampering
def key_missing(site: Site) -> Codes:
    site.file(0, "keys", "key").unlink()
    return {(batch, "file-missing") for batch in range(3)}


@tampering
def policy_missing(site: Site) -> Codes:
    site.file(0, "policies", "policy").unlink()
    return {(batch, "file-missing") for batch in range(3)}


@tampering
def policy_altered(site: Site) -> Codes:
    path = site.file(0, "policies", "policy")
    path.write_bytes(path.read_bytes().replace(b'"counts":true', b'"counts":false'))
    return {(batch, "file-altered") for batch in range(3)}


@tampering
def key_altered(site: Site) -> Codes:
    path = site.file(0, "keys", "key")
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document | {"nodes": 2}))
    return {(batch, "file-altered") for batch in range(3)}


@tampering
def proof_truncated(site: Site) -> Codes:
    path = site.file(1, "proofs", "proof")
    path.write_bytes(path.read_bytes()[:-32])
    return {(1, "file-altered")}


@tampering
def proof_truncated_and_renamed(site: Site) -> Codes:
    site.replace_proof(1, site.file(1, "proofs", "proof").read_bytes()[:-32])
    return {(1, "proof-malformed")}


@tampering
def proof_altered_and_renamed(site: Site) -> Codes:
    data = bytearray(site.file(1, "proofs", "proof").read_bytes())
    data[-65] ^= 1  # in an evaluation
    site.replace_proof(1, bytes(data))
    return {(1, "opening-invalid")}


@tampering
def file_beside(site: Site) -> Codes:
    (site.path / "proofs" / "more.bin").write_bytes(b"?")
    return {(None, "file-extra")}


@tampering
def pipe_in_place_of_a_file(site: Site) -> Codes:
    """Nobody ever writes into it: reading it would wait for ever."""
    path = site.file(1, "proofs", "proof")
    path.unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    return {(1, "file-missing")}


@tampering
def fork_beside(site: Site) -> Codes:
    """Another batch 2 that the router signed, although nothing lists it."""
    header = replace(site.header(2), slices=secrets.token_bytes(32))
    site.put_header(header.signed(site.world.router.sign(header.signed_message)))
    return {(2, "fork")}


@tampering
def forged_fork_beside(site: Site) -> Codes:
    """One that the router did not sign says nothing about the router."""
    site.put_header(replace(site.header(2), slices=secrets.token_bytes(32)))
    return {(None, "file-extra")}


@tampering
def forged_header_in_place_of_the_signed_one(site: Site) -> Codes:
    """The router, who signed the one that is left beside, is not accused of a fork."""
    header = replace(site.header(2), slices=secrets.token_bytes(32))
    site.put_header(header)
    site.change(2, header=header.digest)
    return {(2, "signature-invalid"), (2, "file-extra")}


@tampering
def forged_header_beside_the_signed_one_in_the_list(site: Site) -> Codes:
    header = replace(site.header(2), slices=secrets.token_bytes(32))
    site.put_header(header)
    site.rewrite([*site.entries, replace(site.entries[2], header=header.digest)])
    return {(2, "signature-invalid"), (2, "duplicate")}


@tampering
def list_rolled_back(site: Site) -> Codes:
    site.rewrite(site.entries[:2])
    return {(2, "rolled-back"), (None, "file-extra")}


@tampering
def list_of_another_chain(site: Site) -> Codes:
    text = (site.path / CHAIN).read_text()
    chain = site.world.policy.chain
    (site.path / CHAIN).write_text(text.replace(f'"chain": "{chain}"', '"chain": "another"'))
    return {(batch, "entry-mismatch") for batch in range(3)}
