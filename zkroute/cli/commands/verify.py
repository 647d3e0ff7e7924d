"""``zkroute verify``: accept a batch, or say with one code why not."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, digests, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder


@click.command("verify")
@click.argument("batch", type=FilePath)
@click.option("--proof", type=FilePath, help="The proof's file.  [default: beside the header]")
@key_option
@click.option(
    "--accept",
    "accepted",
    callback=digests,
    multiple=True,
    required=True,
    metavar="DIGEST",
    help="Digest of a verifying key you accept; may be repeated.",
)
@click.option(
    "--nodes",
    "snapshots",
    type=FilePath,
    multiple=True,
    default=[workspace.NODES],
    show_default=True,
    help="A node snapshot you accept; may be repeated.",
)
@click.option(
    "--router",
    "routers",
    multiple=True,
    default=[workspace.ROUTER_PUBLIC],
    show_default=True,
    help="Public key of a router you accept, as a file or 64 digits; may be repeated.",
)
@click.option("--after", type=FilePath, help="Header or folder of the batch this must follow.")
@click.option("--start", is_flag=True, help="This must be the first batch of its chain.")
@click.option(
    "--allow-development-srs",
    "development",
    metavar="ID",
    multiple=True,
    help="Identifier of an insecure SRS to accept nonetheless; may be repeated.",
)
@speaking
@pass_terminal
def command(
    terminal: Terminal,
    batch: Path,
    proof: Path | None,
    key: Path,
    accepted: tuple[bytes, ...],
    snapshots: tuple[Path, ...],
    routers: tuple[str, ...],
    after: Path | None,
    start: bool,
    development: tuple[str, ...],
) -> None:
    """Verify the batch in folder BATCH, or the header file BATCH with the proof beside it.

    What you accept comes from you: key digests, node snapshots, routers, and where in the chain
    the batch must stand. Without --after and --start its place is not checked.
    """
    from verifier.accept import Acceptance, Position
    from verifier.errors import Code, VerificationError
    from verifier.verify import verify
    from zkroute.cli.artefacts import read_header, read_key, read_proof, read_router
    from zkroute.errors import UsageError
    from zkroute.formats.documents import read_snapshot

    if after is not None and start:
        raise UsageError("--after and --start exclude each other")
    header = read_header(batch)
    verifying_key = read_key(key)
    source = proof or BatchFolder.of(batch).proof
    data = read_proof(source)
    position = Position.START if start else Position.ANYWHERE
    accept = Acceptance.of(
        accepted,
        map(read_snapshot, snapshots),
        map(read_router, routers),
        after=position if after is None else read_header(after),
        development_srs=development,
    )
    began = time.perf_counter()
    try:
        verify(verifying_key, header, data, accept)
    except VerificationError as error:
        if error.code is not Code.PROOF_MALFORMED:
            raise
        raise VerificationError(error.code, f"{source}: {error}") from None
    seconds = time.perf_counter() - began
    terminal.say(
        f"valid: batch {header.batch} of chain {header.chain}, {header.order_count:,} orders "
        f"from sequence number {header.first_sequence}, routed by policy "
        f"{verifying_key.policy.name!r}"
    )
    if position is Position.ANYWHERE and after is None:
        terminal.say("its place in the chain was not checked; see --after and --start")
    terminal.answer(
        {
            "valid": True,
            "chain": header.chain,
            "batch": header.batch,
            "header": header.digest.hex(),
            "key": verifying_key.digest.hex(),
            "policy": header.policy.hex(),
            "snapshot": header.snapshot.hex(),
            "first_sequence": header.first_sequence,
            "orders": header.order_count,
            "place_checked": start or after is not None,
            "seconds": round(seconds, 4),
        }
    )
