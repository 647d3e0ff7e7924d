"""Policies and snapshots of plain dictionaries as TOML texts."""

from __future__ import annotations

import json


def toml(policy: dict) -> str:
    """The policy as a TOML text."""
    lines = [f"{key} = {value(item)}" for key, item in policy.items() if is_plain(item)]
    for key, item in policy.items():
        if isinstance(item, dict):
            lines += [f"[{key}]", *(f"{name} = {value(v)}" for name, v in item.items())]
    for key, item in policy.items():
        if isinstance(item, list) and not is_plain(item):
            for entry in item:
                lines += [f"[[{key}]]", *(f"{name} = {value(v)}" for name, v in entry.items())]
    return "\n".join(lines) + "\n"


def snapshot_toml(nodes: list[dict], gas_price: int) -> str:
    """The snapshot as a TOML text."""
    return f"epoch = 1\ngas_price = {gas_price}\n" + toml({"nodes": nodes})


def is_plain(item: object) -> bool:
    if isinstance(item, list):
        return not any(isinstance(each, dict) for each in item)
    return not isinstance(item, dict)


def value(item: object) -> str:
    """A value in TOML, tables inline."""
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{key} = {value(v)}" for key, v in item.items()) + " }"
    if isinstance(item, list):
        return "[" + ", ".join(map(value, item)) + "]"
    return json.dumps(item)
