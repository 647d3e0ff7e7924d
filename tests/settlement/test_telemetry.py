"""Snapshots signed by their nodes: unsigned, forged, foreign and expired ones are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.settlement.days import START_MS, STEP_MS, Day
from zkroute.errors import MalformedError
from zkroute.formats.telemetry import (
    Statement,
    Telemetry,
    decode_telemetry,
    encode_telemetry,
    read_telemetry,
)
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.gate import Accepted, Gate, Refused, SignedSnapshot
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.telemetry import Signers, check_telemetry, gather, sign_statement

EXPIRES_MS = START_MS + STEP_MS + 1


@pytest.fixture(scope="module")
def keys(day: Day) -> dict[str, Ed25519PrivateKey]:
    return {node.name: Ed25519PrivateKey.generate() for node in day.world.snapshot.nodes}


@pytest.fixture(scope="module")
def signers(keys: dict[str, Ed25519PrivateKey]) -> Signers:
    return Signers({name: key.public_key().public_bytes_raw() for name, key in keys.items()})


@pytest.fixture(scope="module")
def telemetry(day: Day, keys: dict[str, Ed25519PrivateKey]) -> Telemetry:
    snapshot, chain = day.world.snapshot, day.world.policy.chain
    return gather(
        snapshot,
        [
            sign_statement(node, chain, keys[node.name], START_MS, EXPIRES_MS)
            for node in snapshot.nodes
        ],
    )


def code_of(day: Day, telemetry: Telemetry | None, signers: Signers, at_ms: int) -> Reason:
    with pytest.raises(SettlementError) as caught:
        check_telemetry(day.world.snapshot, telemetry, day.world.policy.chain, signers, at_ms)
    assert isinstance(caught.value.code, Reason)
    return caught.value.code


def with_first(telemetry: Telemetry, **changes: object) -> Telemetry:
    first = replace(telemetry.statements[0], **changes)  # type: ignore[arg-type]  # named by tests
    return replace(telemetry, statements=(first, *telemetry.statements[1:]))


def test_signed_snapshot_holds_for_its_time(
    day: Day, telemetry: Telemetry, signers: Signers
) -> None:
    snapshot, chain = day.world.snapshot, day.world.policy.chain
    for at_ms in (START_MS, EXPIRES_MS - 1):
        check_telemetry(snapshot, telemetry, chain, signers, at_ms)
    for at_ms in (START_MS - 1, EXPIRES_MS):
        assert code_of(day, telemetry, signers, at_ms) is Reason.SNAPSHOT_EXPIRED


def test_missing_and_foreign_statements(day: Day, telemetry: Telemetry, signers: Signers) -> None:
    unsigned = Reason.SNAPSHOT_UNSIGNED
    assert code_of(day, None, signers, START_MS) is unsigned
    assert code_of(day, replace(telemetry, snapshot=bytes(32)), signers, START_MS) is unsigned
    fewer = replace(telemetry, statements=telemetry.statements[1:])
    assert code_of(day, fewer, signers, START_MS) is unsigned
    assert code_of(day, telemetry, Signers({}), START_MS) is unsigned
    stranger = Ed25519PrivateKey.generate()
    node = day.world.snapshot.nodes[0]
    theirs = sign_statement(node, day.world.policy.chain, stranger, START_MS, EXPIRES_MS)
    lying = replace(telemetry, statements=(theirs, *telemetry.statements[1:]))
    assert code_of(day, lying, signers, START_MS) is unsigned


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_ms": EXPIRES_MS + 1},
        {"issued_ms": START_MS - 1},
        {"signature": bytes(64)},
    ],
)
def test_changed_statement(
    day: Day, telemetry: Telemetry, signers: Signers, changes: dict[str, object]
) -> None:
    assert code_of(day, with_first(telemetry, **changes), signers, START_MS) is (
        Reason.SNAPSHOT_UNSIGNED
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("capacity", 1), ("latency_ms", 10**6), ("gas_price", 0), ("is_up", False), ("group", "x")],
)
def test_entry_the_router_changed(
    day: Day, telemetry: Telemetry, signers: Signers, field: str, value: object
) -> None:
    nodes = day.world.snapshot.nodes
    changed = replace(nodes[0], **{field: value})  # type: ignore[arg-type]  # of the field's type
    snapshot = replace(day.world.snapshot, nodes=(changed, *nodes[1:]))
    with pytest.raises(SettlementError, match="signed another entry"):
        check_telemetry(
            snapshot,
            replace(telemetry, snapshot=snapshot.digest),
            day.world.policy.chain,
            signers,
            START_MS,
        )


def test_statement_of_another_chain_or_node(
    day: Day, telemetry: Telemetry, signers: Signers, keys: dict[str, Ed25519PrivateKey]
) -> None:
    nodes = day.world.snapshot.nodes
    foreign = sign_statement(nodes[0], "elsewhere", keys[nodes[0].name], START_MS, EXPIRES_MS)
    lying = replace(telemetry, statements=(foreign, *telemetry.statements[1:]))
    assert code_of(day, lying, signers, START_MS) is Reason.SNAPSHOT_UNSIGNED
    renamed = replace(telemetry.statements[1], node=nodes[0].name)
    lying = replace(telemetry, statements=(renamed, *telemetry.statements[1:]))
    assert code_of(day, lying, signers, START_MS) is Reason.SNAPSHOT_UNSIGNED


def test_forecast_is_the_routers_own_word(day: Day, telemetry: Telemetry, signers: Signers) -> None:
    nodes = day.world.snapshot.nodes
    snapshot = replace(day.world.snapshot, nodes=(replace(nodes[0], forecast=5), *nodes[1:]))
    signed = replace(telemetry, snapshot=snapshot.digest)
    check_telemetry(snapshot, signed, day.world.policy.chain, signers, START_MS)


def test_operator_speaks_for_any_node(day: Day, telemetry: Telemetry, signers: Signers) -> None:
    operator = Ed25519PrivateKey.generate()
    trusting = replace(signers, operators=frozenset([operator.public_key().public_bytes_raw()]))
    node, chain = day.world.snapshot.nodes[0], day.world.policy.chain
    word = sign_statement(node, chain, operator, START_MS, EXPIRES_MS)
    spoken = replace(telemetry, statements=(word, *telemetry.statements[1:]))
    check_telemetry(day.world.snapshot, spoken, chain, trusting, START_MS)
    assert code_of(day, spoken, signers, START_MS) is Reason.SNAPSHOT_UNSIGNED


def test_gate_asks_for_signatures(
    day: Day, telemetry: Telemetry, signers: Signers, tmp_path: Path
) -> None:
    offered = SignedSnapshot(day.world.snapshot, telemetry)
    with Ledger(tmp_path / "ledger.db") as ledger:
        gate = Gate(day.configuration(snapshots=[], signers=signers), ledger)

        def answer(number: int, snapshot: SignedSnapshot | None = None) -> Accepted | Refused:
            return gate.accept(day.batches[number].header, day.proofs[number], snapshot=snapshot)

        unknown = answer(0)
        assert isinstance(unknown, Refused)
        assert unknown.code == "snapshot-unknown"
        assert answer(0, offered)
        assert answer(1)
        expired = answer(2)
        assert isinstance(expired, Refused)
        assert expired.code == "snapshot-expired"
        gate = Gate(day.configuration(), ledger)
        assert answer(2)


def test_file_holds_what_was_written(telemetry: Telemetry, tmp_path: Path) -> None:
    (tmp_path / "telemetry.json").write_bytes(encode_telemetry(telemetry))
    assert read_telemetry(tmp_path / "telemetry.json") == telemetry
    data = encode_telemetry(telemetry)
    for damaged in (b"", b"{}", data[:-5], data.replace(b"signer", b"singer", 1), b"[" * 5000):
        with pytest.raises(MalformedError):
            decode_telemetry(damaged, "telemetry")


def test_statement_twice_counts_once(day: Day, telemetry: Telemetry, signers: Signers) -> None:
    forged = Statement(telemetry.statements[0].node, START_MS, EXPIRES_MS, bytes(32), bytes(64))
    last_wins = replace(telemetry, statements=(*telemetry.statements, forged))
    assert code_of(day, last_wins, signers, START_MS) is Reason.SNAPSHOT_UNSIGNED
