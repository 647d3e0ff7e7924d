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


MINIMUM_LOG_ROWS, MAXIMUM_LOG_ROWS = 6, 20
"""Row classes, as ``circuits.statement`` has them; --help must not wait for that."""


def row_class(
    may_be_auto: bool,
) -> Callable[[click.Context, click.Parameter, str], int | None]:
    """Callback of --rows: ``4096`` or ``2^12`` as the exponent 12; ``auto``, where the command
    can find out, as None."""
    auto = "auto or " if may_be_auto else ""

    def callback(_context: click.Context, _parameter: click.Parameter, value: str) -> int | None:
        if may_be_auto and value == "auto":
            return None
        exponent = _exponent(value)
        if exponent is None:
            raise click.BadParameter(f"{value!r} is not {auto}a power of two such as 4096 or 2^12")
        if not MINIMUM_LOG_ROWS <= exponent <= MAXIMUM_LOG_ROWS:
            raise click.BadParameter(
                f"{value} is out of range: row classes are 2^{MINIMUM_LOG_ROWS} to "
                f"2^{MAXIMUM_LOG_ROWS}"
            )
        return exponent

    return callback


def _exponent(text: str) -> int | None:
    """The exponent of a power of two; None for anything else."""
    power = re.fullmatch(r"2\^([0-9]{1,9})", text)
    if power:
        return int(power.group(1))
    number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
    return None if number < 1 or number & (number - 1) else number.bit_length() - 1


def digests(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[bytes, ...]:
    """Callback of options that name digests: whole ones, for another could share a prefix."""
    for value in values:
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise click.BadParameter("a digest is 64 lower-case hexadecimal digits")
    return tuple(map(bytes.fromhex, values))
