"""What a router does to the orders of a node."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prover.prove import prove
from tests.settlement.days import START_MS, Day, cut
from tests.settlement.tampering import SIZE, node, scenario
from zkroute.algebra.scalars import MODULUS
from zkroute.formats.slice import Slice, encode_slice
from zkroute.model.order import ORDER_RECORD, orders_from_records
from zkroute.protocol.header import Header
from zkroute.settlement.gate import Gate, Refused
from zkroute.settlement.ledger import Ledger
from zkroute.settlement.order_signatures import SignedOrders, sign_orders

# What a router does to a node's slice.


@scenario("node", "slice-mismatch")
def order_dropped(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        part = here.part(0)
        changed = replace(part, sequence=part.sequence[1:], records=part.records[SIZE:])
        return here.code(part=changed)


@scenario("node", "slice-mismatch")
def order_duplicated(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        part = here.part(0)
        records = part.records[:SIZE] + part.records
        sequence = np.concatenate([part.sequence[:1], part.sequence])
        return here.code(part=replace(part, sequence=sequence, records=records))


@scenario("node", "slice-mismatch")
def orders_reordered(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        part = here.part(0)
        order = [1, 0, *range(2, len(part))]
        records = b"".join(part.records[SIZE * i : SIZE * (i + 1)] for i in order)
        return here.code(part=replace(part, sequence=part.sequence[order], records=records))


@scenario("node", "slice-mismatch")
def order_altered(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        part = here.part(0)
        records = np.frombuffer(part.records, dtype=ORDER_RECORD).copy()
        records["size"][0] += 1
        return here.code(part=replace(part, records=records.tobytes()))


@scenario("node", "slice-mismatch")
def slices_swapped(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        other = next(part for part in day.slices[0] if part.slot != here.slot)
        return here.code(part=other)


@scenario("node", "slice-mismatch")
def slice_of_another_batch(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(part=here.part(1))


@scenario("node", "slice-mismatch")
def mask_of_another_choosing(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        part = here.part(0)
        return here.code(part=replace(part, mask=(part.mask + 1) % MODULUS))


@scenario("node", "slice-missing")
def slice_withheld(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        answer = here.gate.accept(day.batches[0].header, day.proofs[0])
        return answer.code if isinstance(answer, Refused) else "accepted"


@scenario("node", "slice-malformed")
def slice_damaged(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(part=encode_slice(here.part(0))[:-7])


# Orders that no trader placed, or placed once.


@scenario("node", "order-unsigned")
def signatures_left_out(day: Day, folder: Path) -> str:
    with node(day, folder) as here:
        return here.code(part=replace(here.part(0), envelopes=b""))


def routed(day: Day, orders: SignedOrders) -> tuple[Header, bytes, list[Slice]]:
    """A valid first batch of these orders, whatever they are."""
    batch = day.commit(orders, bytes(32), None, START_MS)
    proof = prove(day.world.proving_key, day.world.snapshot, batch)
    return batch.header, proof, cut(day.world, batch, orders)


@scenario("node", "trader-unknown")
def orders_made_up_by_the_router(day: Day, folder: Path) -> str:
    made_up = sign_orders(day.world.orders(20), day.world.policy, Ed25519PrivateKey.generate())
    header, proof, parts = routed(day, made_up)
    with Ledger(folder / "ledger.db") as ledger:
        part = max(parts, key=len)
        configuration = day.configuration(node=day.node(part.slot))
        answer = Gate(configuration, ledger, lambda: START_MS).accept(header, proof, part)
    return answer.code if isinstance(answer, Refused) else "accepted"


@scenario("node", "order-signature-invalid")
def signed_orders_altered_before_routing(day: Day, folder: Path) -> str:
    good = sign_orders(day.world.orders(20), day.world.policy, day.trader)
    records = np.array(good.orders.records, dtype=ORDER_RECORD)
    records["time_ms"] += 1
    altered = orders_from_records(records, day.world.policy, "altered")
    header, proof, parts = routed(day, SignedOrders(altered, good.envelopes))
    part = max(parts, key=len)
    accounts = {int(account) for account in records["account"].tolist()}
    traders = {account: frozenset([day.trader_key]) for account in accounts}
    with Ledger(folder / "ledger.db") as ledger:
        configuration = day.configuration(node=day.node(part.slot), traders=traders)
        answer = Gate(configuration, ledger, lambda: START_MS).accept(header, proof, part)
    return answer.code if isinstance(answer, Refused) else "accepted"


@scenario("node", "order-settled-before")
def orders_routed_a_second_time(day: Day, folder: Path) -> str:
    second = day.batches[1].header
    again = day.commit(day.signed[0], bytes(32), day.batches[0], second.time_ms)
    proof = prove(day.world.proving_key, day.world.snapshot, again)
    parts = cut(day.world, again, day.signed[0])

    def records(part: Slice) -> set[bytes]:
        return {part.records[i : i + SIZE] for i in range(0, len(part.records), SIZE)}

    slot = next(
        slot for slot, part in enumerate(parts) if records(part) & records(day.slices[0][slot])
    )
    with Ledger(folder / "ledger.db") as ledger:
        gate = Gate(day.configuration(node=day.node(slot)), ledger, lambda: START_MS)
        assert gate.accept(day.batches[0].header, day.proofs[0], day.slices[0][slot])
        answer = gate.accept(again.header, proof, parts[slot])
    return answer.code if isinstance(answer, Refused) else "accepted"
