"""Parts of a policy beyond plain spreading: margins, shards, published figures."""

from __future__ import annotations

from dataclasses import dataclass, fields

from zkroute.model.class_match import ClassMatch, class_match_document, read_class_match
from zkroute.model.document import Table
from zkroute.model.policy_parts import Document
from zkroute.model.policy_segments import MAX_SHARDS

MAX_MARGIN_RULES = 4096
RATE_BITS = 16
NO_MARGIN, INITIAL_MARGIN, MAINTENANCE_MARGIN = range(3)
MARGIN_KINDS = {"initial": INITIAL_MARGIN, "maintenance": MAINTENANCE_MARGIN}
DEFAULT_MODULUS = (1 << 61) - 1
"""A prime. Accounts that differ by a multiple of it share a shard (docs/policy.md)."""


@dataclass(frozen=True)
class Risk:
    """`rate_scale` is the rate that means 100 % of the notional.

    Orders whose scaled size times scaled price is at least `high_value_notional` are high-value;
    None where the policy does not tell them apart.
    """

    rate_scale: int = 10_000
    high_value_notional: int | None = None

    @staticmethod
    def read(table: Table) -> Risk:
        """Risk of a policy's `[risk]`."""
        risk = Risk(
            table.integer("rate_scale", 1, (1 << 32) - 1, 10_000),
            table.optional_integer("high_value_notional", 1, (1 << 96) - 1),
        )
        table.finish()
        return risk

    def document(self) -> Document:
        """The table in its canonical form."""
        document: Document = {"rate_scale": self.rate_scale}
        if self.high_value_notional is not None:
            document["high_value_notional"] = self.high_value_notional
        return document


@dataclass(frozen=True)
class MarginRule:
    """The margin that orders of some classes need: `rate` / rate_scale of their notional.

    An order short of an "initial" margin fails its check; one short of a "maintenance" margin is
    in liquidation.
    """

    match: ClassMatch
    rate: int
    kind: str

    @staticmethod
    def read(table: Table) -> MarginRule:
        """One entry of `[[margins]]`."""
        match = table.table("match")
        rule = MarginRule(
            read_class_match(match),
            table.integer("rate", 1, (1 << RATE_BITS) - 1),
            table.choice("kind", tuple(MARGIN_KINDS)),
        )
        match.finish()
        table.finish()
        return rule

    def document(self) -> Document:
        """The table in its canonical form."""
        return {"kind": self.kind, "match": class_match_document(self.match), "rate": self.rate}


@dataclass(frozen=True)
class Sharding:
    """An account's shard is ((a * account + b) mod p) mod shards.

    Universal hashing: Carter and Wegman, Universal Classes of Hash Functions (1979).
    """

    a: int
    b: int
    p: int
    shards: int

    @staticmethod
    def read(table: Table) -> Sharding:
        """Sharding of a policy's `[sharding]`."""
        p = table.integer("p", 2, (1 << 62) - 1, DEFAULT_MODULUS)
        if not is_prime(p):
            table.refuse(f"must be a prime number, and {p} is not one", "p")
        sharding = Sharding(
            table.integer("a", 1, p - 1),
            table.integer("b", 0, p - 1),
            p,
            table.integer("shards", 2, MAX_SHARDS),
        )
        table.finish()
        return sharding

    def document(self) -> Document:
        """The table in its canonical form."""
        return {"a": self.a, "b": self.b, "p": self.p, "shards": self.shards}


@dataclass(frozen=True)
class Publish:
    """Figures of a batch that its header shows and its proof holds.

    `counts` and `loads` are per node, `herfindahl` is the sum of squared counts, `max_count` the
    largest count. With `max_share_percent` no node may get more than that part of the placed
    orders.
    """

    counts: bool = False
    loads: bool = False
    herfindahl: bool = False
    max_count: bool = False
    max_share_percent: int | None = None

    @staticmethod
    def read(table: Table) -> Publish:
        """Published figures of a policy's `[publish]`."""
        publish = Publish(
            table.boolean("counts", False),
            table.boolean("loads", False),
            table.boolean("herfindahl", False),
            table.boolean("max_count", False),
            table.optional_integer("max_share_percent", 1, 100),
        )
        table.finish()
        return publish

    def document(self) -> Document:
        """The table in its canonical form."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in values.items() if value is not None}


def is_prime(number: int) -> bool:
    """Whether a number below 2^64 is prime.

    Miller and Rabin's test with the first twelve primes as bases, which decides every number below
    3.3 * 10^24 (Sorenson and Webster, 2017).
    """
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if number < 2 or any(number % prime == 0 for prime in bases):
        return number in bases
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    odd = (number - 1) >> twos
    for base in bases:
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
