"""State sharding: shard = ((a * account + b) mod p) mod shards, proven by division."""

from __future__ import annotations

from circuits.tables.order_cells import OrderCells

ACCOUNT_BITS = 64


def add_shard(row: OrderCells) -> None:
    """Declares the shard and the two divisions that define it."""
    sharding = row.policy.sharding
    if sharding is None:
        return
    row.require_range("account", row.account, ACCOUNT_BITS, exact=True)
    residue_bits = (sharding.p - 1).bit_length()
    shard_bits = (sharding.shards - 1).bit_length()
    wraps = row.witness("hash_quotient", ACCOUNT_BITS, "(a * account + b) div p")
    turns = row.witness("shard_quotient", residue_bits, "hash div shards")
    row.shard = row.witness("shard", shard_bits, "hash mod shards")
    row.zero_unless(row.active, "there is no order", row.shard, turns, wraps)
    # a < p, so the quotient is at most the account; a * account + b < 2^126 never wraps
    row.require_range("hash_quotient", wraps, ACCOUNT_BITS, exact=False)
    hashed = row.account * sharding.a + row.active * sharding.b - wraps * sharding.p
    row.require_range("hash", hashed, residue_bits, exact=True)
    row.require_range("hash_room", row.active * (sharding.p - 1) - hashed, residue_bits, exact=True)
    row.table.gate(
        "the shard is the hash modulo shards", hashed - turns * sharding.shards - row.shard
    )
    row.require_range("shard_quotient", turns, residue_bits, exact=False)
    row.require_range("shard", row.shard, shard_bits, exact=True)
    room = row.active * (sharding.shards - 1) - row.shard
    row.require_range("shard_room", room, shard_bits, exact=True)
