"""Making ``traders.json``, which a settlement node's owner writes by other means."""

from __future__ import annotations

from collections.abc import Mapping

from zkroute.formats.strict_json import dump_object
from zkroute.formats.traders import FORMAT, VERSION


def encode_traders(traders: Mapping[int, frozenset[bytes]]) -> bytes:
    accounts = {
        str(account): sorted(key.hex() for key in keys) for account, keys in traders.items()
    }
    return dump_object({"format": FORMAT, "version": VERSION, "accounts": accounts})
