"""An honest chain passes; whatever is done to it is named, with its batch and a code."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.state import CommittedBatch
from tests.audit.published import (
    COUNTS,
    PUBLISHING_POLICY,
    Site,
    make_site,
    proven,
    proven_chain,
    publishable,
    terms_of,
)
from tests.audit.tamperings import TAMPERINGS, Tampering, header_altered_and_signed_again
from tests.support.pairings import LOG_ROWS, TAU, world_of
from tests.support.trapdoor import srs_with_known_tau
from tests.support.world import World
from verifier.errors import VerificationError
from zkroute.algebra.engine import engine
from zkroute.audit.derivation import with_keys_derived
from zkroute.audit.folder import CHAIN, file_name
from zkroute.audit.publishing import publish
from zkroute.audit.run import audit
from zkroute.errors import ExitCode, MalformedError, UsageError
from zkroute.formats.header import encode_header
from zkroute.protocol.header import Header
from zkroute.settlement.router_keys import RouterKeys, sign_handover

Made = list[tuple[CommittedBatch, bytes]]


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


def test_policies_in_force_follow_one_another(site: Site, made: Made) -> None:
    """A policy under another title has another key, which the auditor must know as well."""
    other = world_of(PUBLISHING_POLICY.replace('name = "perpetuals"', 'name = "perpetuals later"'))
    world = replace(other, router=site.world.router)
    assert publish(site.path, publishable(world, proven(world, 5, made[2][0])))
    assert site.codes() == {(3, "key-unknown")}
    keys = frozenset(each.proving_key.key.digest for each in (site.world, world))
    report = site.audit(keys=keys)
    assert not report.findings
    runs = [(run.label, run.first, run.last) for run in report.policies]
    assert runs == [("perpetuals", 0, 2), ("perpetuals later", 3, 3)]


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


def test_a_key_that_its_inputs_do_not_give_is_named(honest: Site) -> None:
    """As if the fixed columns in the key were others than the circuit's."""
    good = srs_with_known_tau(TAU, (1 << LOG_ROWS) + 80, engine())
    report = honest.audit()
    assert with_keys_derived(report, honest.path, lambda _key: good) == report
    other = replace(good, powers=good.powers[1:])
    derived = with_keys_derived(report, honest.path, lambda _key: other)
    assert [each.code for each in derived.findings] == ["key-not-derived"]
    assert derived.exit_code is ExitCode.MISMATCH


@pytest.mark.parametrize("respell", [str.upper, lambda name: f"{name[:2]} {name[2:]}"])
def test_another_spelling_of_a_listed_name_accuses_nobody(
    site: Site, respell: Callable[[str], str]
) -> None:
    """Whoever can add a file to a copy of the folder cannot make the router look guilty."""
    header = site.file(0, "headers", "header")
    for name in (respell(header.stem) + ".json", header.stem):
        stray = header.with_name(name)
        stray.write_bytes(b"")
        assert site.codes() == {(None, "file-extra")}
        stray.unlink()


def test_what_is_published_during_an_audit_is_no_fault(tmp_path: Path, world: World) -> None:
    made = proven_chain(world, COUNTS)
    site = make_site(world, made[:2], tmp_path)
    batch = publishable(world, made[2])
    report = audit(site.path, terms_of(world), progress=lambda _: bool(publish(site.path, batch)))
    assert not report.findings
    assert len(report.batches) == 2
    assert len(site.audit().batches) == 3


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_links_out_of_the_folder_are_not_followed(site: Site, tmp_path: Path) -> None:
    """A report must not tell a stranger what lies elsewhere on the auditor's machine."""
    private = tmp_path / "private"
    private.mkdir()
    (private / "pin.txt").write_text("1234")
    proof = site.file(1, "proofs", "proof")
    kept = proof.read_bytes()
    proof.unlink()
    proof.symlink_to(private / "pin.txt")
    report = site.audit()
    assert {(each.batch, each.code) for each in report.findings} == {(1, "file-missing")}
    assert "leads out of the folder" in report.findings[0].message
    (private / proof.name).write_bytes(kept)
    folder = proof.parent
    shutil.rmtree(folder)
    folder.symlink_to(private)
    report = site.audit()
    assert {each.code for each in report.findings} == {"file-missing"}
    assert "pin.txt" not in json.dumps([each.message for each in report.findings])
