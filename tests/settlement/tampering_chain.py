"""What a router does to the chain, and what happens to a node's own disk."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.settlement.days import START_MS, Day
from tests.settlement.tampering import node, refusal, scenario
from zkroute.settlement.exchange import export_ledger, import_ledger
from zkroute.settlement.gate import SignedSnapshot
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.router_keys import sign_handover
from zkroute.settlement.telemetry import Signers, gather, sign_statement

# The chain.


@scenario("node", "again")
def batch_replayed(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        return here.code()


@scenario("node", "fork")
def chain_forked(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        first = day.batches[0].header
        code = here.code(day.signed_anew(first, time_ms=first.time_ms - 1))
        (fork,) = here.ledger.forks()
        assert fork.accepted.digest == first.digest
        return code


@scenario("node", "stale")
def batch_skipped(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        return here.code(batch=2)


@scenario("node", "stale")
def numbers_left_out(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        header = day.batches[1].header
        gap = day.signed_anew(header, first_sequence=header.first_sequence + 1)
        return here.code(gap, batch=1)


@scenario("node", "stale")
def node_state_replaced(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        other = day.batches[1].header.work_after
        return here.code(day.signed_anew(day.batches[1].header, work_before=other), batch=1)


@scenario("node", "from-the-future")
def time_set_ahead(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(day.signed_anew(day.batches[0].header, time_ms=START_MS + 10**7))


@scenario("node", "signature-invalid")
def header_altered_on_the_way(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(replace(day.batches[0].header, intake=bytes(32)))


@scenario("node", "router-unknown")
def header_of_a_stranger(day: Day, folder: Path) -> str:
    stranger = Ed25519PrivateKey.generate()
    header = replace(day.batches[0].header, router=stranger.public_key().public_bytes_raw())
    with node(day, folder) as here:
        return here.code(header.signed(stranger.sign(header.signed_message)))


@scenario("node", "router-unknown")
def old_key_used_after_handover(day: Day, folder: Path) -> str:
    heir = Ed25519PrivateKey.generate()
    handover = sign_handover(day.world.policy.chain, day.world.router, heir, 1)
    with node(day, folder, handovers=[handover]) as here:
        here.settle_first()
        return here.code(batch=1)


# Proof, key, policy, reference string.


@scenario("node", "opening-invalid")
def proof_of_another_batch(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(proof=day.proofs[1])


@scenario("node", "opening-invalid")
def proof_with_another_opening(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(proof=day.proofs[0][:-32] + day.proofs[1][-32:])


@scenario("node", "proof-malformed")
def proof_cut_short(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(proof=day.proofs[0][:-32])


@scenario("node", "chain-unknown")
def header_of_another_chain(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(day.signed_anew(day.batches[0].header, chain="elsewhere"))


@scenario("node", "policy-unknown")
def policy_replaced(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(day.signed_anew(day.batches[0].header, policy=bytes(32)))


@scenario("node", "key-unknown")
def key_replaced(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(day.signed_anew(day.batches[0].header, key=bytes(32)))


@scenario("node", "srs-unknown")
def reference_string_replaced(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(day.signed_anew(day.batches[0].header, srs="ceremony-of-nobody"))


# Snapshots.


def statements(day: Day, expires_ms: int) -> tuple[Signers, SignedSnapshot]:
    snapshot, chain = day.world.snapshot, day.world.policy.chain
    keys = {each.name: Ed25519PrivateKey.generate() for each in snapshot.nodes}
    words = [
        sign_statement(each, chain, keys[each.name], START_MS - 1, expires_ms)
        for each in snapshot.nodes
    ]
    public = {name: key.public_key().public_bytes_raw() for name, key in keys.items()}
    return Signers(public), SignedSnapshot(snapshot, gather(snapshot, words))


@scenario("node", "snapshot-unknown")
def snapshot_unsigned(day: Day, folder: Path) -> str:
    with node(day, folder, snapshots=[]) as here:
        return here.code()


@scenario("node", "snapshot-expired")
def snapshot_stale(day: Day, folder: Path) -> str:
    signers, offered = statements(day, START_MS + 1)
    with node(day, folder, snapshots=[], signers=signers) as here:
        assert here.code(snapshot=offered) == "accepted"
        return here.code(batch=1)


@scenario("node", "snapshot-unsigned")
def snapshot_altered_by_the_router(day: Day, folder: Path) -> str:
    signers, offered = statements(day, START_MS + 10**6)
    nodes = day.world.snapshot.nodes
    worse = replace(day.world.snapshot, nodes=(replace(nodes[0], latency_ms=10**6), *nodes[1:]))
    forged = SignedSnapshot(worse, replace(offered.telemetry, snapshot=worse.digest))
    with node(day, folder, snapshots=[], signers=signers) as here:
        header = day.signed_anew(day.batches[0].header, snapshot=worse.digest)
        return here.code(header, snapshot=forged)


@scenario("node", "snapshot-mismatch")
def older_snapshot_after_a_newer(day: Day, folder: Path) -> str:
    older = replace(day.world.snapshot, epoch=day.world.snapshot.epoch - 1)
    with node(day, folder, snapshots=[day.world.snapshot, older]) as here:
        here.settle_first()
        return here.code(day.signed_anew(day.batches[1].header, snapshot=older.digest), batch=1)


# The node's own disk.


@scenario("node", "ledger-rolled-back")
def ledger_put_back_in_time(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
    shutil.copy(folder / "ledger.db", folder / "old.db")
    with node(day, folder) as here:
        assert here.code(batch=1) == "accepted"
    shutil.copy(folder / "old.db", folder / "ledger.db")
    return refusal(lambda: Ledger(folder / "ledger.db"))


@scenario("node", "ledger-damaged")
def ledger_edited(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
    connection = sqlite3.connect(folder / "ledger.db")
    connection.execute("UPDATE batches SET proof = x'00'")
    connection.commit()
    connection.close()
    return refusal(lambda: Ledger(folder / "ledger.db"))


@scenario("node", "ledger-unavailable")
def disk_that_takes_no_more(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.ledger._connection.execute("PRAGMA query_only = ON")
        return here.code()


@scenario("node", "mismatch")
def exported_ledger_without_its_orders(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        here.settle_first()
        export_ledger(here.ledger, folder / "ledger.jsonl")
    lines = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1][: lines[-1].index(b'"orders"')] + b'"orders":[]}\n'
    (folder / "ledger.jsonl").write_bytes(b"".join(lines))
    with Ledger(folder / "new.db") as ledger:
        terms = day.configuration()
        return refusal(lambda: import_ledger(ledger, folder / "ledger.jsonl", terms))
