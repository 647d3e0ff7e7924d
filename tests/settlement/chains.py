"""Headers that follow on each other, unproven and unsigned: all that a ledger looks at."""

from __future__ import annotations

import secrets
from dataclasses import replace

from zkroute.protocol.header import NO_PARENT, Header


def child_of(parent: Header | None, like: Header, count: int = 1) -> Header:
    """A header that may follow ``parent``; every call makes another one."""
    return replace(
        like,
        batch=parent.batch + 1 if parent else 0,
        previous=parent.digest if parent else NO_PARENT,
        first_sequence=parent.first_sequence + parent.order_count if parent else 0,
        order_count=count,
        work_before=parent.work_after if parent else None,
        elapsed_ms=0,
        slices=secrets.token_bytes(32),
        signature=secrets.token_bytes(64),
    )


def chain(like: Header, length: int) -> list[Header]:
    headers: list[Header] = []
    for _ in range(length):
        headers.append(child_of(headers[-1] if headers else None, like))
    return headers
