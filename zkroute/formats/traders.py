"""``traders.json``: which keys may sign orders for which account."""

from __future__ import annotations

import re
from pathlib import Path

from zkroute.formats.files import read_bytes
from zkroute.formats.hexadecimal import decode_any
from zkroute.formats.strict_json import check_format, load_object

FORMAT = "zkroute-traders"
VERSION = 1
MAX_TRADERS_BYTES = 1 << 27
_ACCOUNT = re.compile(r"0|[1-9][0-9]{0,19}")


def decode_traders(data: bytes, source: str) -> dict[int, frozenset[bytes]]:
    """The keys of every account. Raises MalformedError."""
    table = load_object(data, source, MAX_TRADERS_BYTES)
    check_format(table, FORMAT, VERSION)
    accounts = table.table("accounts", optional=False)
    table.finish()
    traders = {}
    for name, values in accounts.values.items():
        if not _ACCOUNT.fullmatch(name) or int(name) >= 1 << 64:
            accounts.refuse("an account is a whole number below 2^64 in quotes", name)
        if not isinstance(values, list):
            accounts.refuse("must be a list of public keys", name)
        keys = [decode_any(accounts, value, name) for value in values]
        if any(len(key) != 32 for key in keys):
            accounts.refuse("a public key is 64 lower-case hexadecimal digits", name)
        traders[int(name)] = frozenset(keys)
    return traders


def read_traders(path: Path) -> dict[int, frozenset[bytes]]:
    """The keys of every account in a file."""
    return decode_traders(read_bytes(path, MAX_TRADERS_BYTES), str(path))
