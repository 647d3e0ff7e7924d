"""Order documents: their bytes, their digests, and what is refused in untrusted records."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tests.unit.model.order_samples import POLICY, sample_orders
from zkroute.errors import MalformedError
from zkroute.model.order import (
    EMPTY_PAYLOAD,
    MAX_ORDERS,
    ORDER_RECORD,
    digests,
    new_orders,
    orders_from_bytes,
    orders_from_records,
)
from zkroute.model.policy import parse_policy

OFFSETS = {
    "instrument": (0, 16),
    "tier": (16, 16),
    "intent": (32, 16),
    "order_type": (48, 16),
    "side": (64, 1),
    "flags": (65, 1),
    "reserved": (66, 6),
    "account": (72, 8),
    "size": (80, 8),
    "price": (88, 8),
    "margin": (96, 16),
    "time_ms": (112, 8),
    "client_order_id": (120, 32),
    "payload_sha256": (152, 32),
    "salt": (184, 32),
}


def test_the_record_is_216_bytes_without_gaps_as_documented() -> None:
    assert ORDER_RECORD.itemsize == 216
    fields = ORDER_RECORD.fields
    assert fields is not None
    found = {name: (offset, kind.itemsize) for name, (kind, offset, *_) in fields.items()}
    assert found == OFFSETS
    assert sum(size for _, size in OFFSETS.values()) == 216


def test_a_record_written_by_hand_is_read_field_by_field() -> None:
    data = (
        b"B".ljust(16, b"\0")
        + b"high".ljust(16, b"\0")
        + b"any".ljust(16, b"\0")
        + b"any".ljust(16, b"\0")
        + bytes([2, 0, 0, 0, 0, 0, 0, 0])
        + (2**64 - 1).to_bytes(8, "big")
        + (77).to_bytes(8, "big")
        + (88).to_bytes(8, "big")
        + (2**95 + 5).to_bytes(16, "big")
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
    assert orders.margin.tolist() == [[5, 2**31]]
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
    for position in range(216):
        changed = bytearray(record)
        changed[position] ^= 1
        seen.add(bytes(digests(np.frombuffer(bytes(changed), dtype=ORDER_RECORD))))
    assert len(seen) == 217


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
    assert part.records.tobytes() == orders.records.tobytes()[3 * 216 : 6 * 216]
    assert orders.take(np.array([9, 0])).account.tolist() == [9, 0]
    assert part.policy_digest == POLICY.digest


def test_records_cannot_be_changed_afterwards() -> None:
    orders = sample_orders(2)
    with pytest.raises(ValueError, match="read-only"):
        orders.records["size"][0] = 5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("instrument", b"C", "file: order 2: instrument: b'C' is not in the policy's list"),
        ("instrument", b"A\0B", "file: order 2: instrument: b'A\\x00B' is not in"),
        ("tier", b"", "file: order 2: tier: b'' is not in"),
        ("intent", b"Any", "file: order 2: intent"),
        ("side", 0, "file: order 2: side: 0 is neither buy (1) nor sell (2)"),
        ("side", 3, "file: order 2: side: 3 is neither"),
        ("flags", 1, "file: order 2: flags: unused bits are set"),
        ("reserved", 1, "file: order 2: flags: unused bits are set"),
        ("size", 0, "file: order 2: size: is zero"),
        ("size", 1 << 48, "file: order 2: size: 281474976710656 needs more than 48 bits"),
        ("price", 1 << 48, "file: order 2: price: 281474976710656 needs more than 48 bits"),
        ("price", 0, "file: order 2: price: is zero, and the cost is notional"),
        ("margin", (1 << 32, 0), "file: order 2: margin: needs more than 96 bits"),
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
        with pytest.raises(MalformedError, match="not a whole number of 216-byte order records"):
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
    orders = new_orders(POLICY, columns)
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
    records["tier"] = [b"a", b"ab", b"b"]
    assert orders_from_records(records, policy, "f").class_index.tolist() == [1, 2, 0]
