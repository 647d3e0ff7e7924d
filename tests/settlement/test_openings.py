"""Openings: at most 200 bytes an order, one pairing product for many, nothing false believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.settlement.days import Day
from zkroute.algebra.groups import GENERATOR_G1, add_g1
from zkroute.algebra.scalars import MODULUS
from zkroute.errors import MalformedError, UsageError
from zkroute.formats.inclusion import Opening, decode_opening, encode_opening
from zkroute.model.order import digests
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.opening_making import open_nodes, open_orders
from zkroute.settlement.openings import (
    check_openings,
    draw_fold,
    folded,
    interpolated_at,
    powers,
)
from zkroute.settlement.slices import integers


@pytest.fixture(scope="module")
def one(day: Day) -> Opening:
    return open_orders(day.world.proving_key, day.batches[0], [7])


@pytest.fixture(scope="module")
def many(day: Day) -> Opening:
    return open_orders(day.world.proving_key, day.batches[1], [40, 44, 45, 51, 63])


@pytest.fixture(scope="module")
def nodes(day: Day) -> Opening:
    return open_nodes(day.world.proving_key, day.batches[1], [0, 2])


def check(day: Day, opening: Opening, batch: int = 0) -> None:
    check_openings(day.world.proving_key.key, day.batches[batch].header, [opening])


def refused(day: Day, opening: Opening, batch: int = 0) -> None:
    with pytest.raises(SettlementError) as caught:
        check(day, opening, batch)
    assert caught.value.code is Reason.INCLUSION_INVALID


@pytest.mark.usefixtures("real_pairings")
def test_real_pairings_say_the_same(day: Day, one: Opening, many: Opening) -> None:
    check(day, one)
    check(day, many, 1)
    refused(day, replace(one, proof=(GENERATOR_G1,)))


def test_one_order_shows_what_its_trader_knows(day: Day, one: Opening) -> None:
    check(day, one)
    row = one.row(0)
    orders = day.signed[0].orders
    assert row["sequence"] == 7
    assert row["digest"] == integers(digests(orders.records))[7]
    assert row["size"] == orders.size[7]
    assert row["class"] == orders.class_index[7]
    assert "node" not in row
    assert len(encode_opening(one, day.world.proving_key.key)) <= 200


def test_every_order_of_a_batch_can_be_shown(day: Day) -> None:
    first = day.batches[1].header.first_sequence
    for sequence in range(first, first + day.batches[1].header.order_count, 6):
        check(day, open_orders(day.world.proving_key, day.batches[1], [sequence]), 1)


def test_many_orders_take_two_points(day: Day, many: Opening) -> None:
    check(day, many, 1)
    assert len(many.proof) == 2
    shown = {many.row(position)["sequence"] for position in range(5)}
    assert shown == {40, 44, 45, 51, 63}


def test_all_orders_at_once(day: Day) -> None:
    header = day.batches[2].header
    sequence = range(header.first_sequence, header.first_sequence + header.order_count)
    check(day, open_orders(day.world.proving_key, day.batches[2], sequence), 2)


def test_chosen_fields_alone_are_shown(day: Day) -> None:
    opening = open_orders(day.world.proving_key, day.batches[0], [3, 9], ["price"])
    assert opening.columns == ("sequence", "digest", "price")
    check(day, opening)


def test_work_of_nodes(day: Day, nodes: Opening) -> None:
    check(day, nodes, 1)
    batch = day.batches[1]
    assert nodes.row(0) == {
        "work_before": batch.opening.before.work[0],
        "work_after": batch.opening.after.work[0],
    }
    first = open_nodes(day.world.proving_key, day.batches[0], [1])
    assert first.row(0)["work_before"] == 0
    check(day, first)


def test_many_openings_share_one_product(day: Day, one: Opening) -> None:
    key, header = day.world.proving_key.key, day.batches[0].header
    others = [open_orders(day.world.proving_key, day.batches[0], [n]) for n in (1, 2, 30)]
    check_openings(key, header, [*others, one])
    wrong = replace(others[1], proof=one.proof)
    with pytest.raises(SettlementError, match="opening 2 of 4"):
        check_openings(key, header, [others[0], wrong, others[2], one])
    check_openings(key, header, [])


def with_value(opening: Opening, row: int, column: str, change: Callable[[int], int]) -> Opening:
    values = [list(each) for each in opening.values]
    place = opening.columns.index(column)
    values[row][place] = change(values[row][place])
    return replace(opening, values=tuple(map(tuple, values)))


@pytest.mark.parametrize("column", ["sequence", "digest", "class", "size", "price"])
def test_altered_values_are_refused(day: Day, one: Opening, many: Opening, column: str) -> None:
    refused(day, with_value(one, 0, column, lambda value: value ^ 1))
    refused(day, with_value(many, 3, column, lambda value: value ^ 1), 1)
    refused(day, with_value(one, 0, column, lambda value: value + MODULUS))
    refused(day, with_value(one, 0, column, lambda value: -value - 1))


def test_values_cannot_make_up_for_each_other(day: Day, one: Opening) -> None:
    """The challenge depends on the values, so no choice of one of them repairs another."""
    key, header = day.world.proving_key.key, day.batches[0].header
    _, fold = draw_fold(key, header, one)
    weights = powers(fold, len(one.columns))
    forged = list(one.values[0])
    forged[0] += 1
    forged[1] = (forged[1] - pow(fold, -1, MODULUS)) % MODULUS
    assert folded(forged, weights) == folded(one.values[0], weights)
    for digest in (forged[1], forged[1] % (1 << 248)):
        refused(day, replace(one, values=((forged[0], digest, *forged[2:]),)))


SHAPES: dict[str, Callable[[Opening], Opening]] = {
    "another row": lambda o: replace(o, rows=(o.rows[0] ^ 1,)),
    "row outside": lambda o: replace(o, rows=(64,)),
    "negative row": lambda o: replace(o, rows=(-1,)),
    "no rows": lambda o: replace(o, rows=(), values=()),
    "row twice": lambda o: replace(o, rows=o.rows * 2, values=o.values * 2, proof=o.proof * 2),
    "another table": lambda o: replace(o, table="nodes"),
    "no such table": lambda o: replace(o, table="elsewhere"),
    "columns swapped": lambda o: replace(o, columns=("digest", "sequence", *o.columns[2:])),
    "column missing": lambda o: replace(o, columns=o.columns[1:]),
    "unknown column": lambda o: replace(o, columns=("secret", *o.columns[1:])),
    "fewer columns": lambda o: replace(
        o, columns=o.columns[:-1], values=tuple(v[:-1] for v in o.values)
    ),
    "no proof": lambda o: replace(o, proof=()),
    "infinity": lambda o: replace(o, proof=(None,)),
    "generator": lambda o: replace(o, proof=(GENERATOR_G1,)),
    "shifted": lambda o: replace(o, proof=(add_g1(o.proof[0], GENERATOR_G1),)),
    "another header": lambda o: replace(o, header_digest=bytes(32)),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_other_shapes_are_refused(
    day: Day, one: Opening, shape: Callable[[Opening], Opening]
) -> None:
    refused(day, shape(one))


def test_points_of_several_rows_are_all_needed(day: Day, many: Opening) -> None:
    first, second = many.proof
    for proof in ((second, first), (first,), (first, first), (first, second, first)):
        refused(day, replace(many, proof=proof), 1)
    refused(day, replace(many, rows=tuple(row + 1 for row in many.rows)), 1)


def test_opening_of_another_batch_is_refused(day: Day, one: Opening, nodes: Opening) -> None:
    refused(day, one, 1)
    refused(day, replace(one, header_digest=day.batches[1].header.digest), 1)
    refused(day, replace(nodes, header_digest=day.batches[2].header.digest), 2)


def test_padding_is_no_order(day: Day) -> None:
    with pytest.raises(UsageError, match="no order"):
        open_orders(day.world.proving_key, day.batches[0], [40])


@pytest.mark.parametrize("columns", [["secret"], ["work_after"]])
def test_columns_that_are_not_there(day: Day, columns: list[str]) -> None:
    with pytest.raises(UsageError, match="no column"):
        open_orders(day.world.proving_key, day.batches[0], [1], columns)


def test_nodes_that_are_not_there(day: Day) -> None:
    for slots in ([-1], [len(day.world.snapshot.nodes)], []):
        with pytest.raises(UsageError):
            open_nodes(day.world.proving_key, day.batches[0], slots)


def test_file_holds_what_was_written(day: Day, one: Opening, many: Opening, nodes: Opening) -> None:
    key = day.world.proving_key.key
    for opening in (one, many, nodes):
        assert decode_opening(encode_opening(opening, key), key, "file") == opening


def test_every_flipped_bit_is_refused(day: Day, one: Opening) -> None:
    key = day.world.proving_key.key
    data = encode_opening(one, key)
    outcomes = {"malformed": 0, "refused": 0}
    for position in range(0, 8 * len(data), 3):
        flipped = bytearray(data)
        flipped[position >> 3] ^= 1 << (position & 7)
        try:
            opening = decode_opening(bytes(flipped), key, "file")
            check(day, opening)
        except MalformedError:
            outcomes["malformed"] += 1
        except SettlementError:
            outcomes["refused"] += 1
        else:
            raise AssertionError(f"bit {position} does not matter")
    assert min(outcomes.values()) > 30


def test_lengths_that_are_not_right(day: Day, one: Opening) -> None:
    key = day.world.proving_key.key
    data = encode_opening(one, key)
    for damaged in (b"", data[:40], data[:-1], data + b"\0", data[:41] + bytes(4) + data[45:]):
        with pytest.raises(MalformedError):
            decode_opening(damaged, key, "file")


def test_interpolation() -> None:
    points, values = [3, 5, 11], [9, 25, 121]
    for at in (0, 2, 7, 12345):
        vanishing, value = interpolated_at(points, values, at)
        assert value == at * at % MODULUS
        assert vanishing == (at - 3) * (at - 5) * (at - 11) % MODULUS
    with pytest.raises(SettlementError):
        interpolated_at(points, values, 5)
