"""An honest chain passes; whatever is done to it is named, with its batch and a code."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.batch import CommittedBatch
from tests.audit.published import COUNTS, Site, proven, proven_chain, publishable
from tests.support.world import World
from verifier.errors import VerificationError
from zkroute.audit.folder import CHAIN, file_name
from zkroute.audit.publishing import publish
from zkroute.errors import ExitCode, MalformedError, UsageError
from zkroute.formats.header import encode_header
from zkroute.protocol.header import Header
from zkroute.settlement.router_keys import RouterKeys, sign_handover

Codes = set[tuple[int | None, str]]
Made = list[tuple[CommittedBatch, bytes]]
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


def test_an_honest_chain_passes(honest: Site) -> None:
    report = honest.audit()
    assert not report.findings
    assert report.exit_code is ExitCode.VALID
    assert [header.order_count for header in report.headers] == list(COUNTS)
    assert [(run.first, run.last) for run in report.policies] == [(0, 2)]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda each: each.__name__)
def test_tampering_is_named(tamper: Tampering, site: Site) -> None:
    expected = tamper(site)
    report = site.audit()
    assert {(each.batch, each.code) for each in report.findings} == expected
    assert report.exit_code is not ExitCode.VALID


def test_a_listed_fork_is_named(site: Site, made: Made) -> None:
    batch, proof = proven(site.world, 5, made[0][0])
    site.put_header(batch.header)
    entries = site.entries
    site.rewrite([*entries[:2], replace(entries[1], header=batch.header.digest), entries[2]])
    assert (1, "fork") in site.codes()
    site.replace_proof(2, proof)
    assert site.codes() == {(1, "fork")}


def test_a_proof_of_another_chain_is_refused(site: Site) -> None:
    """Same key, orders, time and place: only the commitments' blinding differs."""
    ((_, proof),) = proven_chain(site.world, COUNTS[:1])
    site.replace_proof(0, proof)
    assert site.codes() == {(0, "opening-invalid")}


def test_a_batch_of_another_chain_does_not_follow(site: Site) -> None:
    others = proven_chain(site.world, COUNTS[:2])
    header, proof = others[1][0].header, others[1][1]
    site.replace_proof(1, proof)
    site.replace_header(1, header)
    assert site.codes() == {(1, "broken-link"), (2, "broken-link")}


def test_an_unknown_key_is_named(honest: Site) -> None:
    other = secrets.token_bytes(32)
    expected = {(batch, "key-unknown") for batch in range(3)}
    assert honest.codes(keys=frozenset([other])) == expected


def test_a_development_srs_is_named(honest: Site) -> None:
    expected = {(batch, "development-srs") for batch in range(3)}
    assert honest.codes(development_srs=frozenset()) == expected


def test_an_unknown_router_is_named(honest: Site) -> None:
    routers = RouterKeys.of([secrets.token_bytes(32)])
    assert honest.codes(routers=routers) == {(batch, "router-unknown") for batch in range(3)}


def test_a_router_that_handed_over_may_not_go_on(honest: Site, world: World) -> None:
    handover = sign_handover(
        world.policy.chain, world.router, Ed25519PrivateKey.generate(), from_batch=2
    )
    routers = RouterKeys.of([world.router_key], [handover], world.policy.chain)
    assert honest.codes(routers=routers) == {(2, "router-unknown")}


def test_an_unknown_snapshot_is_named_and_published_ones_are_believed_on_demand(
    honest: Site,
) -> None:
    assert honest.codes(snapshots={}) == {(batch, "snapshot-unknown") for batch in range(3)}
    assert honest.codes(snapshots=None) == set()


def test_a_clean_roll_back_shows_by_a_head_seen_before(site: Site) -> None:
    head = site.entries[2].header
    for folder in ("header", "proof"):
        site.file(2, f"{folder}s", folder).unlink()
    site.rewrite(site.entries[:2])
    assert site.codes() == set()
    assert site.codes(heads=frozenset([head])) == {(None, "rolled-back")}


def test_the_worst_finding_decides(site: Site) -> None:
    (site.path / "proofs" / "more.bin").write_bytes(b"?")
    assert site.audit().exit_code is ExitCode.MALFORMED
    header_altered_and_signed_again(site)
    assert site.audit().exit_code is ExitCode.INVALID_PROOF


def test_headers_of_any_number_are_reported_and_not_followed(site: Site) -> None:
    """Times and numbers at the limit of their format neither stop the audit nor pass."""
    wild: Header = replace(
        site.header(2), batch=(1 << 48) - 1, time_ms=(1 << 64) - 1, elapsed_ms=(1 << 64) - 1
    )
    site.replace_header(2, wild)
    assert {(2, "entry-mismatch"), (2, "header-malformed"), (2, "gap")} == site.codes()


def test_without_a_list_there_is_no_audit(site: Site) -> None:
    (site.path / CHAIN).write_text('{"format": "zkroute-chain", "version": 1}')
    with pytest.raises(MalformedError, match="chain"):
        site.audit()
    (site.path / CHAIN).unlink()
    with pytest.raises(UsageError, match="zkroute publish"):
        site.audit()


def test_spacing_of_a_header_is_free(site: Site) -> None:
    """Its identity is the digest of its fields."""
    path = site.path / file_name("headers", site.entries[0].header)
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    assert path.read_bytes() != encode_header(site.header(0))
    assert site.codes() == set()


def test_snapshots_in_force_follow_one_another(site: Site, made: Made) -> None:
    """From batch 3 on the nodes are those of the next epoch."""
    later = replace(site.world.snapshot, epoch=site.world.snapshot.epoch + 1)
    world = replace(site.world, snapshot=later)
    assert publish(site.path, publishable(world, proven(world, 5, made[2][0])))
    both = {each.digest: each for each in (site.world.snapshot, later)}
    report = site.audit(snapshots=both)
    assert not report.findings
    assert [(run.first, run.last, run.batches) for run in report.snapshots] == [
        (0, 2, 3),
        (3, 3, 1),
    ]
    assert site.codes() == {(3, "snapshot-unknown")}


def test_an_older_snapshot_does_not_follow(site: Site, made: Made) -> None:
    """The publisher would not append it; somebody else might."""
    earlier = replace(site.world.snapshot, epoch=0)
    world = replace(site.world, snapshot=earlier)
    batch = publishable(world, proven(world, 5, made[2][0]))
    with pytest.raises(VerificationError, match="epoch"):
        publish(site.path, batch)
    site.put_header(batch.header)
    name = file_name("snapshots", earlier.digest)
    (site.path / name).write_bytes(earlier.canonical_bytes())
    site.rewrite([*site.entries, batch.entry])
    (site.path / file_name("proofs", batch.entry.proof)).write_bytes(batch.proof)
    assert site.codes(snapshots=None) == {(3, "snapshot-mismatch")}
