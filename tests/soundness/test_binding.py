"""Everything a verifier is given is bound: whatever field is changed, verification fails.

The lists below are held against the dataclasses: a new field fails here until it is classified.
Headers are signed again after the change, so that it is not the signature that refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circuits.instance import Figures
from tests.support.lying import START_MS, Scene
from tests.support.policies import POLICIES, nodes_text
from tests.support.scenes import chained_scene, first_scene
from verifier.accept import Acceptance, Position
from verifier.errors import Code
from zkroute.algebra.groups import (
    FIELD_MODULUS,
    GENERATOR_G1,
    GENERATOR_G2,
    PointG1,
    multiply_g1,
    multiply_g2,
)
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.protocol.header import NO_PARENT, Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.srs import SrsKind, srs_identifier

NAME = "least loaded by size"
OTHER_POINT: PointG1 = multiply_g1(GENERATOR_G1, 7)
OTHER_ROUTER = Ed25519PrivateKey.generate()


@cache
def scene() -> Scene:
    return chained_scene(NAME, 23)


@cache
def proof() -> bytes:
    return scene().prove(scene().columns)


@cache
def later_snapshot() -> Snapshot:
    """The same nodes, the first one faster, one epoch later."""
    text = nodes_text("fsfssf", down="3").replace("epoch = 1", "epoch = 2")
    return parse_snapshot(text.replace("service_rate = 3\n", "service_rate = 4\n"), "later")


@cache
def acceptance(after: Header | Position = Position.ANYWHERE) -> Acceptance:
    """Accepts two snapshots and two routers, so that a header could name the other one."""
    world = scene().world
    key = world.proving_key.key
    routers = [world.router_key, OTHER_ROUTER.public_key().public_bytes_raw()]
    return Acceptance.of(
        [key.digest],
        [world.snapshot, later_snapshot()],
        routers,
        after=after,
        development_srs=[key.srs],
    )


def test_unchanged_it_is_accepted() -> None:
    parent = scene().parent
    assert parent is not None
    for after in (Position.ANYWHERE, parent.header):
        assert scene().verdict(proof(), accept=acceptance(after)) is None
        assert scene().verdict(proof(), accept=acceptance(after), pairing=True) is None


def point_at(index: int, point: PointG1) -> Callable[[Header], tuple[PointG1, ...]]:
    return lambda header: (*header.columns[:index], point, *header.columns[index + 1 :])


def flipped(signature: bytes) -> bytes:
    return bytes([signature[0] ^ 1]) + signature[1:]


def with_scalar_plus_order(signature: bytes) -> bytes:
    """The other spelling of an Ed25519 signature's scalar, which RFC 8032 forbids."""
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    return signature[:32] + scalar.to_bytes(32, "little")


Change = tuple[Any, Code]
"""A new value, or a function from the header to it, and the code of the refusal."""

OFF_CURVE = (1, 3)
ALIAS = (GENERATOR_G1[0] + FIELD_MODULUS, GENERATOR_G1[1])  # type: ignore[index]  # not infinity
HUGE = (1 << 300, 2)

HEADER_CHANGES: dict[str, list[Change]] = {
    "version": [(0, Code.HEADER_MALFORMED), (2, Code.HEADER_MALFORMED)],
    "chain": [("other", Code.CHAIN_MISMATCH), ("", Code.CHAIN_MISMATCH)],
    "batch": [
        (2, Code.OPENING_INVALID),
        (0, Code.HEADER_MALFORMED),
        (-1, Code.HEADER_MALFORMED),
        (1 << 48, Code.HEADER_MALFORMED),
    ],
    "previous": [
        (bytes([1]) * 32, Code.OPENING_INVALID),
        (NO_PARENT, Code.HEADER_MALFORMED),
        (b"", Code.HEADER_MALFORMED),
    ],
    "key": [(bytes(32), Code.KEY_MISMATCH), (b"", Code.KEY_MISMATCH)],
    "policy": [(bytes(32), Code.POLICY_MISMATCH)],
    "snapshot": [
        (lambda header: later_snapshot().digest, Code.OPENING_INVALID),
        (bytes(32), Code.SNAPSHOT_UNKNOWN),
    ],
    "srs": [("", Code.SRS_MISMATCH), ("ceremony-" + 32 * "0", Code.SRS_MISMATCH)],
    "log_rows": [(7, Code.HEADER_MALFORMED), (-6, Code.HEADER_MALFORMED)],
    "slots": [(16, Code.HEADER_MALFORMED), (0, Code.HEADER_MALFORMED)],
    "carry": [(16, Code.HEADER_MALFORMED), (64, Code.HEADER_MALFORMED)],
    "first_sequence": [
        (30, Code.OPENING_INVALID),
        (0, Code.OPENING_INVALID),
        (-1, Code.HEADER_MALFORMED),
        (1 << 40, Code.HEADER_MALFORMED),
    ],
    "order_count": [
        (22, Code.OPENING_INVALID),
        (24, Code.OPENING_INVALID),
        (-1, Code.HEADER_MALFORMED),
        (65, Code.HEADER_MALFORMED),
    ],
    "time_ms": [
        (START_MS, Code.OPENING_INVALID),
        (-1, Code.HEADER_MALFORMED),
        (1 << 48, Code.HEADER_MALFORMED),
    ],
    "elapsed_ms": [
        (2_999, Code.OPENING_INVALID),
        (3_001, Code.OPENING_INVALID),
        (-1, Code.HEADER_MALFORMED),
        (1 << 40, Code.HEADER_MALFORMED),
        (START_MS * 2, Code.HEADER_MALFORMED),
    ],
    "columns": [
        *((point_at(index, OTHER_POINT), Code.OPENING_INVALID) for index in range(4)),
        *((point_at(index, None), Code.HEADER_MALFORMED) for index in range(4)),
        (lambda header: header.columns[::-1], Code.OPENING_INVALID),
        (lambda header: header.columns[:-1], Code.HEADER_MALFORMED),
        (lambda header: (*header.columns, OTHER_POINT), Code.HEADER_MALFORMED),
        ((), Code.HEADER_MALFORMED),
        (point_at(0, OFF_CURVE), Code.HEADER_MALFORMED),
        (point_at(1, ALIAS), Code.HEADER_MALFORMED),
        (point_at(2, HUGE), Code.HEADER_MALFORMED),
    ],
    "work_before": [
        (OTHER_POINT, Code.OPENING_INVALID),
        (lambda header: header.work_after, Code.OPENING_INVALID),
        (None, Code.HEADER_MALFORMED),
        (OFF_CURVE, Code.HEADER_MALFORMED),
        (HUGE, Code.HEADER_MALFORMED),
    ],
    "work_after": [
        (OTHER_POINT, Code.OPENING_INVALID),
        (lambda header: header.work_before, Code.OPENING_INVALID),
        (None, Code.HEADER_MALFORMED),
        (OFF_CURVE, Code.HEADER_MALFORMED),
    ],
    "slices": [(bytes(32), Code.OPENING_INVALID), (b"", Code.HEADER_MALFORMED)],
    "intake": [(bytes([1]) * 32, Code.OPENING_INVALID), (b"", Code.HEADER_MALFORMED)],
    # test_binding_whole_rule.py changes them where they are in use
    "carry_before": [((OTHER_POINT,) * 3, Code.HEADER_MALFORMED)],
    "carry_after": [((OTHER_POINT,) * 3, Code.HEADER_MALFORMED)],
    "figures": [(Figures(max_count=1), Code.HEADER_MALFORMED)],
    "router": [(bytes(32), Code.ROUTER_UNKNOWN), (bytes(31), Code.HEADER_MALFORMED)],
    "signature": [
        (bytes(64), Code.SIGNATURE_INVALID),
        (b"", Code.SIGNATURE_INVALID),
        (lambda header: flipped(header.signature), Code.SIGNATURE_INVALID),
        (lambda header: with_scalar_plus_order(header.signature), Code.SIGNATURE_INVALID),
        (lambda header: header.signature + b"\0", Code.SIGNATURE_INVALID),
    ],
}


def test_every_header_field_is_classified() -> None:
    assert set(HEADER_CHANGES) == {field.name for field in fields(Header)}


def changed_header(name: str, value: Any) -> Header:
    header = scene().batch.header
    return replace(header, **{name: value(header) if callable(value) else value})


@pytest.mark.parametrize("name", HEADER_CHANGES)
def test_a_changed_and_signed_header_field_is_refused(name: str) -> None:
    for value, code in HEADER_CHANGES[name]:
        header = changed_header(name, value)
        assert header != scene().batch.header, (name, value)
        if name != "signature":
            header = scene().sign_if_possible(header)
        assert scene().verdict(proof(), header, acceptance()) is code, value


@pytest.mark.parametrize("name", HEADER_CHANGES)
def test_a_changed_header_field_under_the_old_signature_is_refused_without_a_pairing(
    name: str,
) -> None:
    for value, code in HEADER_CHANGES[name]:
        expected = Code.SIGNATURE_INVALID if code is Code.OPENING_INVALID else code
        assert scene().verdict(proof(), changed_header(name, value), acceptance()) is expected


def test_the_pairing_itself_refuses_a_changed_header() -> None:
    for name in ("previous", "order_count", "slices", "work_after"):
        value = HEADER_CHANGES[name][0][0]
        header = scene().sign(changed_header(name, value))
        found = scene().verdict(proof(), header, acceptance(), pairing=True)
        assert found is Code.OPENING_INVALID


def test_a_header_signed_by_another_accepted_router_needs_a_proof_of_its_own() -> None:
    header = replace(scene().batch.header, router=OTHER_ROUTER.public_key().public_bytes_raw())
    by_the_first = scene().sign(header)
    assert scene().verdict(proof(), by_the_first, acceptance()) is Code.SIGNATURE_INVALID
    by_the_second = header.signed(OTHER_ROUTER.sign(header.signed_message))
    assert scene().verdict(proof(), by_the_second, acceptance()) is Code.OPENING_INVALID


def test_a_signature_of_the_bare_digest_or_body_is_refused() -> None:
    header, router = scene().batch.header, scene().world.router
    for message in (header.digest, header.body(), b""):
        forged = header.signed(router.sign(message))
        assert scene().verdict(proof(), forged, acceptance()) is Code.SIGNATURE_INVALID


def key() -> VerifyingKey:
    return scene().world.proving_key.key


def other_policy() -> bytes:
    text = POLICIES[NAME].replace('name = "test"', 'name = "other"')
    return parse_policy(text, "other").canonical_bytes()


OTHER_TAU = multiply_g2(GENERATOR_G2, 12345)

KEY_CHANGES: dict[str, list[Change]] = {
    "version": [(2, Code.KEY_MISMATCH), (0, Code.KEY_MISMATCH)],
    "policy_document": [(lambda key: other_policy(), Code.POLICY_MISMATCH)],
    "log_rows": [(7, Code.CIRCUIT_MISMATCH)],
    "nodes": [(5, Code.SNAPSHOT_MISMATCH), (7, Code.SNAPSHOT_MISMATCH)],
    "circuit_digest": [(bytes(32), Code.CIRCUIT_MISMATCH), (b"", Code.CIRCUIT_MISMATCH)],
    "srs": [
        (lambda key: key.srs.replace("development-INSECURE", "ceremony"), Code.SRS_MISMATCH),
        (lambda key: srs_identifier(SrsKind.CEREMONY, OTHER_TAU), Code.SRS_MISMATCH),
        (
            # a ceremony's name over the same tau: only whoever accepts the digest believes it
            lambda key: srs_identifier(SrsKind.CEREMONY, key.g2_tau),
            Code.OPENING_INVALID,
        ),
    ],
    "g2_tau": [(OTHER_TAU, Code.SRS_MISMATCH), (None, Code.SRS_MISMATCH)],
    "fixed": [
        (lambda key: (OTHER_POINT, key.fixed[1]), Code.OPENING_INVALID),
        (lambda key: (key.fixed[0], OTHER_POINT), Code.OPENING_INVALID),
        (lambda key: key.fixed[:1], Code.KEY_MISMATCH),
        (lambda key: (*key.fixed, OTHER_POINT), Code.KEY_MISMATCH),
    ],
}


def test_every_key_field_is_classified() -> None:
    assert set(KEY_CHANGES) == {field.name for field in fields(VerifyingKey)}


def changed_key(name: str, value: Any) -> VerifyingKey:
    changed = replace(key(), **{name: value(key()) if callable(value) else value})
    assert changed.digest != key().digest
    return changed


@pytest.mark.parametrize("name", KEY_CHANGES)
def test_a_changed_key_is_unknown(name: str) -> None:
    for value, _ in KEY_CHANGES[name]:
        changed = changed_key(name, value)
        assert scene().verdict(proof(), accept=acceptance(), key=changed) is Code.KEY_UNKNOWN


@pytest.mark.parametrize("name", KEY_CHANGES)
def test_a_changed_key_is_refused_even_where_its_digest_is_accepted(name: str) -> None:
    """By a verifier that was talked into the key, for a header that was made for it."""
    for value, code in KEY_CHANGES[name]:
        changed = changed_key(name, value)
        accept = replace(acceptance(), keys=frozenset([changed.digest]))
        header = scene().sign(
            replace(
                scene().batch.header,
                key=changed.digest,
                srs=changed.srs,
                log_rows=changed.log_rows,
            )
        )
        assert scene().verdict(proof(), header, accept, key=changed) is code, value


@pytest.mark.parametrize(
    ("name", "value"), [("version", -1), ("version", 1 << 256), ("nodes", -6), ("log_rows", -1)]
)
def test_a_key_that_cannot_even_be_hashed_is_unknown(name: str, value: int) -> None:
    changed = replace(key(), **{name: value})
    assert scene().verdict(proof(), accept=acceptance(), key=changed) is Code.KEY_UNKNOWN


def test_a_key_of_another_batch_size_cannot_be_passed_off() -> None:
    header = scene().batch.header
    changed = replace(key(), log_rows=7)
    accept = replace(acceptance(), keys=frozenset([changed.digest]))
    assert scene().verdict(proof(), header, accept, key=changed) is Code.KEY_MISMATCH


def lone(name: str, value: Any) -> Acceptance:
    return replace(acceptance(), **{name: value})


ACCEPTANCE_CHANGES: dict[str, list[Change]] = {
    "keys": [(frozenset(), Code.KEY_UNKNOWN), (frozenset([bytes(32)]), Code.KEY_UNKNOWN)],
    "snapshots": [
        ({}, Code.SNAPSHOT_UNKNOWN),
        (lambda: {later_snapshot().digest: later_snapshot()}, Code.SNAPSHOT_UNKNOWN),
        (lambda: {scene().world.snapshot.digest: later_snapshot()}, Code.OPENING_INVALID),
        (lambda: {scene().world.snapshot.digest: _fewer_nodes()}, Code.SNAPSHOT_MISMATCH),
    ],
    "routers": [
        (frozenset(), Code.ROUTER_UNKNOWN),
        (frozenset([OTHER_ROUTER.public_key().public_bytes_raw()]), Code.ROUTER_UNKNOWN),
    ],
    "after": [
        (Position.START, Code.STALE),
        (lambda: scene().batch.header, Code.STALE),
        (lambda: chained_scene(NAME, 23, 2).batch.header, Code.STALE),
        (lambda: first_scene(NAME, 31, 2).batch.header, Code.STALE),
    ],
    "development_srs": [
        (frozenset(), Code.DEVELOPMENT_SRS),
        (frozenset(["development-INSECURE"]), Code.DEVELOPMENT_SRS),
        (frozenset(["development-INSECURE-" + 32 * "0"]), Code.DEVELOPMENT_SRS),
    ],
}


def _fewer_nodes() -> Snapshot:
    return parse_snapshot(nodes_text("fsfss", down="3"), "fewer")


def test_every_field_of_the_acceptance_is_classified() -> None:
    assert set(ACCEPTANCE_CHANGES) == {field.name for field in fields(Acceptance)}


@pytest.mark.parametrize("name", ACCEPTANCE_CHANGES)
def test_what_the_caller_does_not_accept_is_refused(name: str) -> None:
    for value, code in ACCEPTANCE_CHANGES[name]:
        accept = lone(name, value() if callable(value) else value)
        assert scene().verdict(proof(), accept=accept) is code, value
