"""What an order is by itself: sizes, costs, margins, values, shards, classes."""

from __future__ import annotations

from tests.rule.forging import Changes, Forged, forged, forgery, last_row, patch, restated, row
from tests.rule.ground import Ground
from tests.rule.grounds import busy, calm
from zkroute.algebra.scalars import MODULUS

EMPTY = 60
"""A row without an order."""

for column in ("sequence", "digest", "class", "size", "price", "margin", "rate", "high"):
    patch(
        f"orders: {column} is zero where there is no order",
        f"{column} is one on an empty row",
        lambda column=column: forged(busy(), {f"orders.{column}": {EMPTY: 1}}),
    )
for column in ("initial", "maintenance", "segment", "primary", "priority"):
    patch(
        f"orders: {column} is zero where there is no order",
        f"{column} is one on an empty row",
        lambda column=column: forged(busy(), {f"orders.{column}": {EMPTY: 1}}),
    )


def failing_leg() -> int:
    """The row of the rejected leg; its own route is not looked at."""
    return last_row(busy()) - 1


def about_the_leg(changes: Changes | None = None, **content: int) -> Forged:
    """A trace that is right but for the content of the rejected leg."""
    told = restated(busy(), failing_leg(), **content)
    for name, cells in (changes or {}).items():
        told.setdefault(name, {})
        told[name] = dict(told[name]) | dict(cells)
    return forged(busy(), told)


@forgery("orders: size_less_one", "an order of size 2^48 + 1")
def size() -> Forged:
    return about_the_leg(size=2**48 + 1, price=1)


@forgery("orders: price", "an order at price 2^48")
def price() -> Forged:
    return about_the_leg(size=1, price=2**48)


@forgery("orders: cost_less_one", "an order at price zero costs nothing")
def cost_less_one() -> Forged:
    return about_the_leg(size=1, price=0)


@forgery("orders: rounding", "a cost rounded down: 31 in units of 30 is 1")
def rounding() -> Forged:
    return with_cost(31, 1)


@forgery("orders: rounding_room", "a cost rounded up although it is even: 30 in units of 30 is 2")
def rounding_room() -> Forged:
    return with_cost(30, 2)


def with_cost(notional: int, cost: int) -> Forged:
    ground, leg = busy(), failing_leg()
    changes = restated(ground, leg, size=notional, price=1)
    told = changes["orders.cost"][leg]
    changes["orders.cost"][leg] = cost
    for name in ("cumulative", "leader_cumulative"):
        later = changes[f"orders.{name}"]
        changes[f"orders.{name}"] = {number: v + cost - told for number, v in later.items()}
    return forged(ground, changes)


def unruled_leg(ground: Ground) -> int:
    """A leg whose class has no margin rule."""
    return row(ground, lambda cells: bool(cells["leg"] and not cells["rate"]))


@forgery("orders: margin", "a margin of 2^64")
def margin() -> Forged:
    return forged(busy(), {"orders.margin": {unruled_leg(busy()): 2**64}})


@forgery("orders: margin_distance", "an order with enough margin is said to be in liquidation")
def margin_distance() -> Forged:
    number = row(busy(), lambda cells: bool(cells["leg"] and cells["rate"] == 9))
    short = busy().honest["orders", "short"][number]
    return forged(busy(), {"orders.short": {number: 1 - short}})


@forgery("orders: short is zero or one", "short is minus one on an order without a margin rule")
def short() -> Forged:
    return forged(busy(), {"orders.short": {unruled_leg(busy()): -1}})


@forgery("orders: value_distance", "a large order is said to be of normal value")
def value_distance() -> Forged:
    number = row(busy(), lambda cells: bool(cells["leg"] and cells["high"]))
    return forged(busy(), {"orders.high": {number: 0}})


@forgery("orders: high is zero or one", "an order of twofold high value")
def high() -> Forged:
    number = row(busy(), lambda cells: bool(cells["leg"] and cells["high"]))
    return forged(busy(), {"orders.high": {number: 2}})


# Shards: a = 7, b = 3, p = 101, 3 shards; the leg's shard routes nothing


def hashed(account: int, residue: int, shard: int) -> Forged:
    """The leg's account is said to have another hash and shard; quotients are what divides."""
    leg = failing_leg()
    wraps = (7 * account + 3 - residue) * pow(101, -1, MODULUS)
    turns = (residue - shard) * pow(3, -1, MODULUS)
    return about_the_leg(
        {
            "orders.hash_quotient": {leg: wraps % MODULUS},
            "orders.shard_quotient": {leg: turns % MODULUS},
            "orders.shard": {leg: shard},
        },
        account=account,
    )


@forgery("orders: account", "an account number of 2^64")
def account() -> Forged:
    return about_the_leg(account=2**64)


@forgery("orders: hash_quotient", "account 1 has hash 11, its quotient is a field element")
def hash_quotient() -> Forged:
    return hashed(1, 11, 2)


@forgery("orders: hash_room", "account 15 has hash 108, which is above p - 1")
def hash_room() -> Forged:
    return hashed(15, 108, 0)


@forgery("orders: shard_quotient", "hash 10 is in shard 0, its quotient is a field element")
def shard_quotient() -> Forged:
    return hashed(1, 10, 0)


@forgery("orders: shard", "hash 17 is in shard -1")
def shard() -> Forged:
    return hashed(2, 17, -1)


@forgery("orders: shard_room", "hash 24 is in shard 3 of shards 0 to 2")
def shard_room() -> Forged:
    return hashed(3, 24, 3)


@forgery("orders: the shard is the hash modulo shards", "an order says another shard")
def shard_gate() -> Forged:
    leg = failing_leg()
    return forged(busy(), {"orders.shard": {leg: 2}})


# Lists


@forgery("margin", "an order of a class with a margin rule says that it has none")
def margin_rule() -> Forged:
    return forged(calm(), ruled_order_without_rule())


def ruled_order_without_rule() -> dict[str, dict[int, int]]:
    number = row(
        calm(),
        lambda cells: bool(cells["initial"] and not cells["class"] and not cells["short"]),
    )
    return {"orders.rate": {number: 0}, "orders.initial": {number: 0}}


@forgery("lookup: only listed margin entries are used", "an empty entry answers for class 0")
def unlisted_margin() -> Forged:
    return with_unlisted("margin", forged(calm(), ruled_order_without_rule()))


def with_unlisted(name: str, made: Forged) -> Forged:
    """The list's first unlisted row counts one use."""
    uses = list(made.columns["lookup", f"{name}_multiplicity"])
    uses[-1] = 1
    columns = made.columns | {("lookup", f"{name}_multiplicity"): uses}
    return Forged(made.circuit, made.instance, columns)
