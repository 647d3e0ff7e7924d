"""Every option that more than one verb has, and the types of their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zkroute.cli import workspace
from zkroute.cli.terminal import Terminal

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
pass_terminal = click.make_pass_decorator(Terminal, ensure=True)

FilePath = click.Path(path_type=Path)
"""A path; that it can be read is checked where it is read."""


def _set(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.ensure_object(Terminal), name, True)

    return callback


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set("json"),
    help="Print the answer as one JSON document.",
)
quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set("quiet"),
    help="No hints and no progress on stderr.",
)


def speaking(command: Decorated) -> Decorated:
    """Adds --json and --quiet."""
    return json_option(quiet_option(command))


policy_option = click.option(
    "--policy",
    type=FilePath,
    default=workspace.POLICY,
    show_default=True,
    help="The routing policy, .toml or canonical .json.",
)
nodes_option = click.option(
    "--nodes",
    type=FilePath,
    default=workspace.NODES,
    show_default=True,
    help="The node snapshot, .toml or canonical .json.",
)
key_option = click.option(
    "--key",
    type=FilePath,
    default=workspace.KEY,
    show_default=True,
    help="The verifying key, as written by 'zkroute keys'.",
)


def row_class(_context: click.Context, _parameter: click.Parameter, value: str) -> int | None:
    """Callback of --rows: ``4096`` or ``2^12`` as the exponent 12; ``auto`` as None."""
    if value == "auto":
        return None
    power = re.fullmatch(r"2\^([0-9]{1,2})", value)
    if power:
        return int(power.group(1))
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else 0
    if number < 1 or number & (number - 1):
        raise click.BadParameter(f"{value!r} is not auto or a power of two such as 4096 or 2^12")
    return number.bit_length() - 1


def digests(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[bytes, ...]:
    """Callback of options that name digests: whole ones, for another could share a prefix."""
    for value in values:
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise click.BadParameter("a digest is 64 lower-case hexadecimal digits")
    return tuple(map(bytes.fromhex, values))
