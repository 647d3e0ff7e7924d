"""Order documents: their bytes, their digests, and what is refused in untrusted records."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.model.order_samples import OFFSETS, POLICY, sample_orders
from tests.unit.model.test_policy import SMALL
from zkroute.errors import MalformedError
from zkroute.model.order import (
    EMPTY_PAYLOAD,
    MAX_ORDERS,
    ORDER_RECORD,
    digests,
    joined_orders,
    new_orders,
    orders_from_bytes,
    orders_from_records,
)
from zkroute.model.policy import parse_policy


def test_the_record_is_232_bytes_without_gaps_as_documented() -> None:
    assert ORDER_RECORD.itemsize == 232
    fields = ORDER_RECORD.fields
    assert fields is not None
    found = {name: (offset, kind.itemsize) for name, (kind, offset, *_) in fields.items()}
    assert found == OFFSETS
    assert sum(size for _, size in OFFSETS.values()) == 232


def test_a_record_written_by_hand_is_read_field_by_field() -> None:
    data = (
        b"B".ljust(16, b"\0")
        + b"high".ljust(16, b"\0")
        + b"any".ljust(16, b"\0") * 3
        + bytes([2, 0, 0, 0, 0, 0, 0, 0])
        + (2**64 - 1).to_bytes(8, "big")
        + (77).to_bytes(8, "big")
        + (88).to_bytes(8, "big")
        + (2**63 + 5).to_bytes(16, "big")
        + (123456).to_bytes(8, "big")
        + b"my-id".ljust(32, b"\0")
        + hashlib.sha256(b"text").digest()
        + bytes(range(32))
    )
    orders = orders_from_bytes(data, POLICY, "file")
    assert len(orders) == 1
    assert orders.records.tobytes() == data
    assert orders.class_index.tolist() == [3]
    assert (orders.side[0], orders.account[0]) == (2, 2**64 - 1)
    assert (orders.size[0], orders.price[0], orders.time_ms[0]) == (77, 88, 123456)
    assert orders.margin.tolist() == [[2**63 + 5, 0]]
    assert orders.describe(0) == "order 1 (id my-id)"
    expected = hashlib.sha256(b"zkroute/order/v1" + data).digest()[:31]
    limbs = digests(orders.records)
    value = sum(int(limb) << (64 * position) for position, limb in enumerate(limbs[0]))
    assert value == int.from_bytes(expected, "big")
    assert limbs.dtype == np.uint64
    assert limbs.flags.c_contiguous


def test_digests_bind_every_byte() -> None:
    record = sample_orders(1).records.tobytes()
    seen = {bytes(digests(np.frombuffer(record, dtype=ORDER_RECORD)))}
    for position in range(232):
        changed = bytearray(record)
        changed[position] ^= 1
        seen.add(bytes(digests(np.frombuffer(bytes(changed), dtype=ORDER_RECORD))))
    assert len(seen) == 233


def test_salts_are_fresh_so_equal_orders_have_unrelated_digests() -> None:
    first, second = sample_orders(8), sample_orders(8)
    salts = np.concatenate([first.records["salt"], second.records["salt"]])
    assert len({bytes(salt) for salt in salts}) == 16
    assert (digests(first.records) != digests(second.records)).all()


def test_a_batch_survives_its_bytes() -> None:
    orders = sample_orders(20)
    again = orders_from_bytes(orders.records.tobytes(), POLICY, "file")
    for name, values in vars(orders).items():
        assert np.array_equal(getattr(again, name), values), name


def test_taking_keeps_orders_whole() -> None:
    orders = sample_orders(10)
    part = orders.take(slice(3, 6))
    assert len(part) == 3
    assert part.records.tobytes() == orders.records.tobytes()[3 * 232 : 6 * 232]
    assert orders.take(np.array([9, 0])).account.tolist() == [9, 0]
    assert part.policy_digest == POLICY.digest


def test_records_cannot_be_changed_afterwards() -> None:
    orders = sample_orders(2)
    with pytest.raises(ValueError, match="read-only"):
        orders.records["size"][0] = 5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("instrument", b"C", "file: order 2: instrument: 'C' is not in the policy's list"),
        ("instrument", b"A\0B", "file: order 2: instrument: 'A\\x00B' is not in"),
        ("tier", b"", "file: order 2: tier: '' is not in"),
        ("intent", b"Any", "file: order 2: intent"),
        ("side", 0, "file: order 2: side: 0 is neither buy (1) nor sell (2)"),
        ("side", 3, "file: order 2: side: 3 is neither"),
        ("flags", 2, "file: order 2: flags: unused bits are set"),
        ("flags", 1, "file: order 2: flags: rides with the one before, but the policy has no"),
        ("reserved", 1, "file: order 2: flags: unused bits are set"),
        ("size", 0, "file: order 2: size: is zero"),
        ("size", 1 << 48, "file: order 2: size: 281474976710656 needs more than 48 bits"),
        ("price", 1 << 48, "file: order 2: price: 281474976710656 needs more than 48 bits"),
        ("price", 0, "file: order 2: price: is zero, and the cost is notional"),
        ("margin", (1, 0), "file: order 2: margin: needs more than 64 bits"),
        ("client_order_id", b"a b", "file: order 2: client_order_id: is not printable"),
        ("client_order_id", b"a\0b", "file: order 2: client_order_id: is not printable"),
        ("client_order_id", b"\0b", "file: order 2: client_order_id: is not printable"),
        ("client_order_id", b"\xff", "file: order 2: client_order_id: is not printable"),
    ],
)
def test_untrusted_records_are_refused(field: str, value: object, message: str) -> None:
    records = np.array(sample_orders(3).records)
    records[field][1] = value
    with pytest.raises(MalformedError) as caught:
        orders_from_records(records, POLICY, "file")
    assert message in str(caught.value)


def test_lengths_are_refused() -> None:
    data = sample_orders(2).records.tobytes()
    for bad in (data[:-1], data + b"\0", b"x"):
        with pytest.raises(MalformedError, match="not a whole number of 232-byte order records"):
            orders_from_bytes(bad, POLICY, "file")
    too_many = np.zeros(MAX_ORDERS + 1, dtype=ORDER_RECORD)
    with pytest.raises(MalformedError, match="at most 1048576"):
        orders_from_records(too_many, POLICY, "file")


def test_an_empty_batch_is_a_batch() -> None:
    orders = orders_from_bytes(b"", POLICY, "file")
    assert len(orders) == 0
    assert digests(orders.records).shape == (0, 4)


def test_extremes_of_every_width_are_kept_exactly() -> None:
    columns = sample_orders(1, columns_only=True)
    columns.size[:] = (1 << 48) - 1
    columns.price[:] = (1 << 48) - 1
    columns.margin[:] = ((1 << 64) - 1, (1 << 32) - 1)
    columns.account[:] = columns.time_ms[:] = (1 << 64) - 1
    policy = parse_policy(SMALL + "[widths]\nmargin_bits = 96\n", "policy.toml")
    orders = new_orders(policy, columns)
    assert orders.size.tolist() == orders.price.tolist() == [(1 << 48) - 1]
    assert orders.margin.tolist() == [[(1 << 64) - 1, (1 << 32) - 1]]
    assert orders.account.tolist() == orders.time_ms.tolist() == [(1 << 64) - 1]
    assert bytes(orders.records["payload_sha256"][0]) == EMPTY_PAYLOAD


def test_class_names_of_full_length_are_kept() -> None:
    text = (
        'name = "n"\nchain = "c"\nslots = 4\n[classes]\nintents = ["abcdefghijklmnop"]\n'
        'tiers = ["b", "a", "ab"]\ninstruments = ["z"]\norder_types = ["y"]\n'
        '[[segments]]\nname = "s"\n[[routes]]\nsegment = "s"\n'
    )
    policy = parse_policy(text, "p")
    records = np.array(sample_orders(3).records)
    records["intent"], records["instrument"], records["order_type"] = (
        b"abcdefghijklmnop",
        b"z",
        b"y",
    )
    records["fee_class"] = b"any"
    records["tier"] = [b"a", b"ab", b"b"]
    assert orders_from_records(records, policy, "f").class_index.tolist() == [1, 2, 0]


BUNDLES = parse_policy(SMALL.replace("slots = 4", "slots = 4\nbundles = true"), "policy.toml")


def test_legs_ride_with_the_order_before() -> None:
    columns = replace(
        sample_orders(5, columns_only=True), is_leg=np.array([False, True, True, False, True])
    )
    orders = new_orders(BUNDLES, columns)
    assert orders.is_leg.tolist() == [False, True, True, False, True]
    assert orders.records["flags"].tolist() == [0, 1, 1, 0, 1]
    again = orders_from_bytes(orders.records.tobytes(), BUNDLES, "file")
    assert again.is_leg.tolist() == orders.is_leg.tolist()


def test_a_leg_needs_an_order_before_it_and_a_bundle_ends_at_16() -> None:
    columns = sample_orders(34, columns_only=True)
    first = replace(columns, is_leg=np.arange(34) == 0)
    with pytest.raises(MalformedError, match=r"order 1: flags: rides .* there is none"):
        new_orders(BUNDLES, first)
    full = replace(columns, is_leg=np.arange(34) % 16 != 0)
    assert int(new_orders(BUNDLES, full).is_leg.sum()) == 31
    with pytest.raises(MalformedError, match="order 17: flags: is order 17 of a bundle"):
        new_orders(BUNDLES, replace(columns, is_leg=np.arange(34) % 17 != 0))


def test_joined_orders_are_both_in_order() -> None:
    first, second = sample_orders(3), sample_orders(2)
    both = joined_orders(first, second)
    assert both.records.tobytes() == first.records.tobytes() + second.records.tobytes()
    assert both.records.dtype == ORDER_RECORD
    assert np.array_equal(digests(both.records)[3:], digests(second.records))
    assert both.account.tolist() == [0, 1, 2, 0, 1]
    assert both.margin.shape == (5, 2)
    assert both.policy_digest == POLICY.digest
