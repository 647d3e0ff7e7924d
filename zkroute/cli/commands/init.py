"""``zkroute init``: a folder with everything a router needs to begin."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal


@click.command("init")
@click.argument("directory", type=FilePath, default=".")
@click.option(
    "--orders",
    "order_count",
    type=click.IntRange(1, 1 << 20),
    default=200,
    show_default=True,
    help="How many example orders to write.",
)
@click.option(
    "--trades",
    is_flag=True,
    help="Policy and nodes for 'route --trades' instead of the example, and no orders.",
)
@click.option(
    "--node-count",
    type=click.IntRange(2, 4096),
    default=16,
    show_default=True,
    help="With --trades: how many nodes to make up.",
)
@speaking
@click.pass_context
@pass_terminal
def command(
    terminal: Terminal,
    context: click.Context,
    directory: Path,
    order_count: int,
    trades: bool,
    node_count: int,
) -> None:
    """Write a commented policy, nodes, example orders and a router key.

    DIRECTORY is made if need be. Nothing that is there already is overwritten.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from zkroute.atomic import write_atomic
    from zkroute.errors import UsageError
    from zkroute.formats.router_key import encode_private_key, encode_public_key
    from zkroute.model import examples

    if trades and _is_given(context, "order_count"):
        raise UsageError("--orders goes without --trades: the trades are the orders")
    if not trades and _is_given(context, "node_count"):
        raise UsageError("--node-count goes with --trades: the example has its own nodes")
    router = Ed25519PrivateKey.generate()
    files = {
        workspace.ROUTER_KEY: encode_private_key(router),
        workspace.ROUTER_PUBLIC: encode_public_key(router.public_key().public_bytes_raw()),
    }
    if trades:
        files[workspace.POLICY] = examples.trades_policy(node_count).encode()
        files[workspace.NODES] = examples.made_up_nodes(node_count).encode()
    else:
        files[workspace.POLICY] = examples.EXAMPLE_POLICY.encode()
        files[workspace.NODES] = examples.EXAMPLE_NODES.encode()
        files[workspace.ORDERS] = examples.example_orders_csv(order_count).encode()
    present = [name for name in files if (directory / name).exists()]
    if present:
        raise UsageError(f"{directory} already has {', '.join(present)}; choose another folder")
    for name, data in files.items():
        write_atomic(directory / name, data, private=name == workspace.ROUTER_KEY)
    for name in sorted(files):
        terminal.say(f"{directory / name}")
    terminal.note(
        f"{workspace.ROUTER_KEY} signs your headers: keep it to yourself. "
        f"Next, in {directory}: zkroute srs new; zkroute keys; zkroute route"
    )
    terminal.answer({"directory": str(directory), "files": sorted(files)})


def _is_given(context: click.Context, parameter: str) -> bool:
    return context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE
