"""``zkroute router``: the router's signing key, its passphrase, and its successor."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal

router_key_option = click.option(
    "--router-key",
    type=FilePath,
    default=workspace.ROUTER_KEY,
    show_default=True,
    help="The router's private key; ZKROUTE_ROUTER_KEY holds one in place of a file.",
)
PUBLIC_SUFFIX = ".pub"


def chain_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Callback of --chain: a name that a policy can have."""
    from zkroute.model.document import is_name

    if not is_name(value):
        raise click.BadParameter(
            f"{value!r} names no chain: 1 to 64 letters, digits and ._:/+-, a letter or digit first"
        )
    return value


@click.group("router")
def command() -> None:
    """Make, protect and hand over the key that signs headers and receipts.

    A passphrase is asked at the terminal, or taken from ZKROUTE_PASSPHRASE.
    """


@command.command("new")
@click.argument("file", type=FilePath)
@click.option("--passphrase", is_flag=True, help="Protect the file by a passphrase.")
@speaking
@pass_terminal
def new_command(terminal: Terminal, file: Path, passphrase: bool) -> None:
    """Make a key in FILE, and its public half beside it in FILE with the ending .pub.

    Nothing that is there already is overwritten. The same kind of key serves routers, nodes and
    traders.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from zkroute.cli.outputs import require_free, write_output
    from zkroute.cli.router_secret import new_passphrase
    from zkroute.errors import UsageError
    from zkroute.formats.router_key import encode_private_key, encode_public_key

    require_free(file)
    # also where a file system takes .PUB for the same
    if file.suffix.lower() == PUBLIC_SUFFIX:
        raise UsageError(
            f"{file}: {PUBLIC_SUFFIX} is the ending of the public half; name the private one "
            f"otherwise, such as {file.with_suffix('.key')}"
        )
    public_file = file.with_suffix(PUBLIC_SUFFIX)
    require_free(public_file)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    secret = encode_private_key(key, new_passphrase() if passphrase else b"")
    write_output(file, secret, private=True)
    write_output(public_file, encode_public_key(public))
    terminal.say(f"{file} and {public_file}: {public.hex()}")
    terminal.answer({"key": str(file), "public_file": str(public_file), "public": public.hex()})


@command.command("protect")
@click.argument("file", type=FilePath)
@click.option("--remove", is_flag=True, help="Take the passphrase off.")
@click.option("--output", "-o", type=FilePath, required=True, help="The new file.")
@speaking
@pass_terminal
def protect_command(terminal: Terminal, file: Path, remove: bool, output: Path) -> None:
    """Write the key in FILE again, under a passphrase; the old file is left for you to destroy."""
    from zkroute.cli.outputs import require_free, write_output
    from zkroute.cli.router_secret import new_passphrase, private_key
    from zkroute.formats.router_key import encode_private_key

    require_free(output)
    key = private_key(file)
    secret = encode_private_key(key, b"" if remove else new_passphrase())
    write_output(output, secret, private=True)
    terminal.say(f"{output}")
    terminal.answer({"key": str(output), "protected": not remove})


@command.command("handover")
@click.argument("successor", type=FilePath)
@router_key_option
@click.option(
    "--chain",
    required=True,
    callback=chain_name,
    help="The chain it is for: the policy's 'chain'.",
)
@click.option(
    "--from-batch",
    type=click.IntRange(0, (1 << 48) - 1),
    required=True,
    help="The first batch that the successor signs.",
)
@click.option(
    "--output",
    "-o",
    type=FilePath,
    default=Path("handover.json"),
    show_default=True,
    help="The file to write.",
)
@speaking
@pass_terminal
def handover_command(
    terminal: Terminal,
    successor: Path,
    router_key: Path,
    chain: str,
    from_batch: int,
    output: Path,
) -> None:
    """Hand over to the private key in file SUCCESSOR, signed by both keys.

    Nodes and traders put the file into their configuration; from that batch on they refuse the
    old key's signatures.
    """
    from zkroute.cli.outputs import document_of, require_free, write_output
    from zkroute.cli.router_secret import private_key, router_secret
    from zkroute.formats.handover import FORMAT, encode_handover
    from zkroute.settlement.router_keys import RouterKeys, sign_handover

    # the same handover may be there
    require_free(output, document_of(FORMAT))
    old = router_secret(router_key)
    handover = sign_handover(chain, old, private_key(successor), from_batch)
    # refuses what no node would accept
    RouterKeys.of([handover.old], [handover], chain)
    write_output(output, encode_handover(handover))
    terminal.say(
        f"{output}: from batch {from_batch} of chain {chain} on, {handover.new.hex()} signs"
    )
    terminal.answer(
        {
            "file": str(output),
            "old": handover.old.hex(),
            "new": handover.new.hex(),
            "from_batch": from_batch,
        }
    )
