"""What a router does to traders and regulators."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.settlement.days import START_MS, Day
from tests.settlement.tampering import refusal, scenario
from zkroute.settlement.disclosure import Choice, check_disclosure, disclose
from zkroute.settlement.disclosure_log import append_disclosure, read_disclosure_log
from zkroute.settlement.errors import SettlementError
from zkroute.settlement.evidence import check_evidence
from zkroute.settlement.opening_making import open_orders
from zkroute.settlement.receipts import Published, check_receipt, contradiction, sign_receipt

# Traders.


def sequence_in(day: Day, batch: int) -> int:
    return day.batches[batch].header.first_sequence + 3


def outcome(day: Day, receipt_changes: dict[str, object], **published: object) -> str:
    """What the trader of an order in the second batch finds, and shows to everybody else."""
    sequence = sequence_in(day, 1)
    receipt = day.receipts[sequence]
    if receipt_changes:
        changed = replace(receipt, **receipt_changes)  # type: ignore[arg-type]  # named below
        receipt = sign_receipt(changed, day.world.router)
    what = Published(
        day.batches[1].header,
        day.batches[0].header,
        day.leaves[1],
        open_orders(day.world.proving_key, day.batches[1], [sequence]),
    )
    what = replace(what, **published)  # type: ignore[arg-type]  # named by each scenario
    key = day.world.proving_key.key
    try:
        verdict = check_receipt(receipt, what, key, day.routers)
    except SettlementError as error:
        return error.code.value
    if verdict.evidence is not None:
        check_evidence(verdict.evidence, key.policy.chain, day.routers, key)
    return verdict.outcome.value


@scenario("trader", "included")
def nothing_done_at_all(day: Day, folder: Path) -> str:
    return outcome(day, {})


@scenario("trader", "altered")
def another_order_under_the_number(day: Day, folder: Path) -> str:
    return outcome(day, {"digest": bytes(31) + b"\1"}, intake=None)


@scenario("trader", "altered")
def another_order_in_the_log(day: Day, folder: Path) -> str:
    return outcome(day, {"digest": bytes(31) + b"\1"})


@scenario("trader", "altered")
def history_rewritten(day: Day, folder: Path) -> str:
    return outcome(day, {"before": bytes(32)})


@scenario("trader", "missing")
def inclusion_not_shown(day: Day, folder: Path) -> str:
    return outcome(day, {}, inclusion=None)


@scenario("trader", "missing")
def order_passed_over(day: Day, folder: Path) -> str:
    last = len(day.receipts)
    return outcome(day, {"sequence": last, "include_by_ms": START_MS}, inclusion=None)


@scenario("trader", "inclusion-invalid")
def inclusion_of_another_order(day: Day, folder: Path) -> str:
    other = open_orders(day.world.proving_key, day.batches[1], [sequence_in(day, 1) + 1])
    return outcome(day, {}, inclusion=other)


@scenario("trader", "inclusion-invalid")
def inclusion_with_another_value(day: Day, folder: Path) -> str:
    opening = open_orders(day.world.proving_key, day.batches[1], [sequence_in(day, 1)])
    values = list(opening.values[0])
    values[-1] ^= 1
    return outcome(day, {}, inclusion=replace(opening, values=(tuple(values),)))


@scenario("trader", "intake-mismatch")
def leaves_of_another_log(day: Day, folder: Path) -> str:
    leaves = day.leaves[1]
    return outcome(day, {}, intake=replace(leaves, leaves=leaves.leaves[::-1]))


@scenario("trader", "receipt-invalid")
def receipt_altered(day: Day, folder: Path) -> str:
    receipt = replace(day.receipts[3], include_by_ms=1)
    key = day.world.proving_key.key
    what = Published(day.batches[0].header)
    return refusal(lambda: check_receipt(receipt, what, key, day.routers))


@scenario("trader", "two-receipts")
def number_given_twice(day: Day, folder: Path) -> str:
    other = sign_receipt(replace(day.receipts[3], digest=bytes(31) + b"\1"), day.world.router)
    evidence = contradiction(day.receipts[3], other)
    assert evidence is not None
    key = day.world.proving_key.key
    check_evidence(evidence, key.policy.chain, day.routers, key)
    return evidence.kind.value


@scenario("anybody", "evidence-invalid")
def router_accused_without_cause(day: Day, folder: Path) -> str:
    evidence = contradiction(day.receipts[3], replace(day.receipts[3], digest=bytes(31) + b"\1"))
    assert evidence is not None
    key = day.world.proving_key.key
    honest = replace(evidence, receipts=(day.receipts[3], day.receipts[4]))
    assert (
        refusal(lambda: check_evidence(evidence, key.policy.chain, day.routers, key))
        == "receipt-invalid"
    )
    return refusal(lambda: check_evidence(honest, key.policy.chain, day.routers, key))


# Regulators.


@scenario("regulator", "inclusion-invalid")
def disclosure_of_another_batch(day: Day, folder: Path) -> str:
    key = day.world.proving_key.key
    made = disclose(day.world.proving_key, day.batches[0], Choice([1]), "A", "B")
    return refusal(lambda: check_disclosure(key, day.batches[1].header, made))


@scenario("regulator", "inclusion-invalid")
def disclosure_with_another_price(day: Day, folder: Path) -> str:
    key = day.world.proving_key.key
    made = disclose(day.world.proving_key, day.batches[0], Choice([1], ["price"]), "A", "B")
    data = bytearray(made.orders)
    data[-33] ^= 1
    header = day.batches[0].header
    return refusal(lambda: check_disclosure(key, header, replace(made, orders=bytes(data))))


@scenario("regulator", "malformed")
def disclosure_struck_from_the_log(day: Day, folder: Path) -> str:
    log = folder / "disclosures.log"
    choice = Choice([1])
    made = disclose(day.world.proving_key, day.batches[0], choice, "A", "B")
    for _ in range(2):
        append_disclosure(log, made, choice, 0)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[1:]))
    return refusal(lambda: read_disclosure_log(log))
