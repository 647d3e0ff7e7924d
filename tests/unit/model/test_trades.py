"""Orders made from Binance trades: what is read, what is derived, and the real file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.support.shared import shared_path
from zkroute.errors import MalformedError, UsageError
from zkroute.model.derive import mixed, skewed_accounts, skewed_positions
from zkroute.model.examples import made_up_nodes, trades_policy
from zkroute.model.order import read_trades
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route

POLICY = parse_policy(trades_policy(16), "policy.toml")
HEADER = "exchange_ts_ms,recv_ts_ns,market,instrument,trade_id,taker_side,price,qty,exec_type\n"
ROWS = [
    "1680652700452,1,usdm,BTCUSDT,3535186032,sell,28145.10,0.002,MARKET\n",
    "1680652700453,2,cm,BTCUSD_PERP,77,buy,28145.1,3,MARKET\n",
    "1680652700454,3,spot,ETHUSDT,3535186033,buy,1900.50000000,0.12345000,\n",
]
LINEAR = 4096


def trade_file(folder: Path, *rows: str) -> Path:
    path = folder / "trades.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "".join(rows)).encode()))
    return path


def test_what_a_trade_says_is_kept(tmp_path: Path) -> None:
    orders = read_trades(trade_file(tmp_path, *ROWS), POLICY, skip_unlisted=True)
    assert len(orders) == 2
    records = orders.records
    assert records["instrument"].tolist() == [b"usdm:BTCUSDT", b"spot:ETHUSDT"]
    assert records["client_order_id"].tolist() == [
        b"usdm:BTCUSDT:3535186032",
        b"spot:ETHUSDT:3535186033",
    ]
    assert orders.side.tolist() == [2, 1]
    assert orders.price.tolist() == [2814510, 190050]
    assert orders.size.tolist() == [200, 12345]
    assert orders.time_ms.tolist() == [1680652700452, 1680652700454]


def test_what_is_derived_depends_on_the_trade_alone(tmp_path: Path) -> None:
    once = read_trades(trade_file(tmp_path, ROWS[0]), POLICY)
    again = read_trades(trade_file(tmp_path, ROWS[2], ROWS[0]), POLICY)
    for field in ("account", "tier", "intent", "order_type", "margin"):
        assert np.array_equal(once.records[field][0], again.records[field][1]), field
    notional = 200 * 2814510
    percent = once.margin[0, 0] * 10**7 / notional
    assert 1.9 <= percent <= 20


def test_unlisted_instruments_are_refused_unless_passed_over(tmp_path: Path) -> None:
    with pytest.raises(
        MalformedError, match=r"trades\.csv\.gz:3: instrument: policy .*BTCUSD_PERP"
    ):
        read_trades(trade_file(tmp_path, *ROWS), POLICY)


def test_rows_asked_for_must_be_there(tmp_path: Path) -> None:
    path = trade_file(tmp_path, *ROWS)
    part = read_trades(path, POLICY, first=1, count=1, skip_unlisted=True)
    assert part.records["instrument"].tolist() == [b"spot:ETHUSDT"]
    with pytest.raises(UsageError, match="2 usable trades from number 0 on, but 3 were asked"):
        read_trades(path, POLICY, count=3, skip_unlisted=True)
    with pytest.raises(UsageError, match="0 usable trades from number 9"):
        read_trades(path, POLICY, first=9, count=1, skip_unlisted=True)
    for choices in ({"first": -1}, {"count": 0}):
        with pytest.raises(UsageError, match="first must be 0 or more"):
            read_trades(path, POLICY, **choices)


def test_mistakes_are_named_by_the_line_they_stand_on(tmp_path: Path) -> None:
    for old, new, message in (
        ("1900.50000000", "1900.505", r":4: price: 1900\.505 has 3 decimals"),
        ("0.12345000", "0", ":4: size: must be above zero"),
        ("3535186033,buy", "3535186033,BUY", ":4: side: 'BUY'"),
        ("3535186033", "x", ":4: trade_id: must be a whole number"),
        ("exec_type", "kind", "column 'exec_type' is missing"),
    ):
        path = tmp_path / "trades.csv"
        path.write_text((HEADER + "".join(ROWS)).replace(old, new))
        with pytest.raises(MalformedError, match=message):
            read_trades(path, POLICY, skip_unlisted=True)


def test_mixing_is_splitmix64() -> None:
    # the published output of SplitMix64 seeded with 1234567
    seed, golden = 1234567, 0x9E3779B97F4A7C15
    states = np.array([(seed + step * golden) % 2**64 for step in range(5)], dtype=np.uint64)
    assert mixed(states, 0).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_skewed_draws_stay_in_range_and_fall_off() -> None:
    hashes = mixed(np.arange(40_000, dtype=np.uint64), 3)
    counts = np.bincount(skewed_positions(hashes, 3), minlength=3)
    assert len(counts) == 3
    assert np.allclose(counts / 40_000, [16 / 21, 4 / 21, 1 / 21], atol=0.01)
    extremes = np.array([0, 2**64 - 1], dtype=np.uint64)
    assert skewed_positions(extremes, 40).tolist() == [0, 39]
    assert skewed_accounts(extremes, 5000).tolist() == [1, 5000]


def test_real_trades_are_read_and_routed() -> None:
    path = shared_path("data", "binance_trades_normalised.csv.gz")
    orders = read_trades(path, POLICY, count=LINEAR, skip_unlisted=True)
    assert len(orders) == LINEAR
    assert (np.diff(orders.time_ms.astype(np.int64)) >= 0).all()
    snapshot = parse_snapshot(made_up_nodes(16), "nodes.toml")
    batch = route(POLICY, node_parameters(POLICY, snapshot, 0), [0] * 16, orders)
    assert sorted(batch.source.tolist()) == list(range(LINEAR))
    assert sum(batch.work_out) == int(batch.cost.sum())
    assert (np.bincount(batch.node, minlength=16) > 0).all()


def test_every_real_trade_can_be_read() -> None:
    path = shared_path("data", "binance_trades_normalised.csv.gz")
    assert len(read_trades(path, POLICY, skip_unlisted=True)) == 107_099
    with pytest.raises(MalformedError, match="does not list 'cm:BTCUSD_PERP'"):
        read_trades(path, POLICY)
