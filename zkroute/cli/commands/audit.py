"""``zkroute audit``: check a published chain from public files alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zkroute.cli.options import FilePath, digests, pass_terminal, speaking
from zkroute.cli.terminal import Terminal

if TYPE_CHECKING:
    from zkroute.audit.report import Report
    from zkroute.settlement.router_keys import RouterKeys

SHOWN = 50


@click.command("audit")
@click.argument("folder", type=FilePath)
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
    "--router",
    "routers",
    multiple=True,
    required=True,
    help="Public key of a router you accept, as a file or 64 digits; may be repeated.",
)
@click.option(
    "--handover",
    "handovers",
    type=FilePath,
    multiple=True,
    help="A router's signed handover to its next key; may be repeated.",
)
@click.option(
    "--nodes",
    "snapshots",
    type=FilePath,
    multiple=True,
    help="A node snapshot you accept; may be repeated.  [default: those published]",
)
@click.option(
    "--head",
    "heads",
    callback=digests,
    multiple=True,
    metavar="DIGEST",
    help="Digest of a header you saw before, which must still be there; may be repeated.",
)
@click.option(
    "--allow-development-srs",
    "development",
    metavar="ID",
    multiple=True,
    help="Identifier of an insecure SRS to accept nonetheless; may be repeated.",
)
@click.option(
    "--derive", is_flag=True, help="Derive the accepted keys again from the SRS kept here."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Processes to verify with.  [default: as many as pay]",
)
@click.option("--report", type=FilePath, help="Write the report as JSON to this file.")
@click.option("--html", type=FilePath, help="Write the report as an HTML page to this file.")
@speaking
@click.pass_context
@pass_terminal
def command(
    terminal: Terminal,
    context: click.Context,
    folder: Path,
    accepted: tuple[bytes, ...],
    routers: tuple[str, ...],
    handovers: tuple[Path, ...],
    snapshots: tuple[Path, ...],
    heads: tuple[bytes, ...],
    development: tuple[str, ...],
    derive: bool,
    workers: int | None,
    report: Path | None,
    html: Path | None,
) -> None:
    """Check the chain published in FOLDER, offline and from its public files alone.

    What you accept comes from you: key digests, routers and, if you know them, node snapshots.
    Everything wrong is named with its batch and a code; the exit code is the worst of them.
    """
    from zkroute.audit.run import audit
    from zkroute.audit.terms import Terms
    from zkroute.cli.progress import showing_fraction
    from zkroute.formats.documents import read_snapshot

    known = [read_snapshot(path) for path in snapshots]
    terms = Terms(
        keys=frozenset(accepted),
        routers=_router_keys(folder, routers, handovers),
        snapshots={each.digest: each for each in known} if known else None,
        development_srs=frozenset(development),
        heads=frozenset(heads),
    )
    with showing_fraction(terminal, "verifying") as progress:
        result = audit(folder, terms, workers, progress)
    if derive:
        from zkroute.audit.derivation import with_keys_derived
        from zkroute.cli.reference_strings import srs_of_key

        result = with_keys_derived(result, folder, srs_of_key)
    _write(result, report, html)
    _say(terminal, result)
    terminal.answer(result.document())
    context.exit(int(result.exit_code))


def _router_keys(folder: Path, routers: tuple[str, ...], handovers: tuple[Path, ...]) -> RouterKeys:
    """Who may sign which batch; a handover is of the chain that is audited."""
    from zkroute.audit.folder import PublishedFolder
    from zkroute.cli.artefacts import read_router
    from zkroute.formats.handover import read_handover
    from zkroute.settlement.router_keys import RouterKeys

    pinned = [read_router(text) for text in routers]
    if not handovers:
        return RouterKeys.of(pinned)
    chain = PublishedFolder(folder).chain().chain
    return RouterKeys.of(pinned, map(read_handover, handovers), chain)


def _write(result: Report, report: Path | None, html: Path | None) -> None:
    from zkroute.atomic import write_atomic
    from zkroute.audit.page import html_page
    from zkroute.formats.strict_json import dump_object

    if report:
        write_atomic(report, dump_object(result.document()))
    if html:
        write_atomic(html, html_page(result).encode("utf-8"))


def _say(terminal: Terminal, result: Report) -> None:
    orders = sum(header.order_count for header in result.headers)
    for finding in result.findings[:SHOWN]:
        place = "" if finding.position is None else f"batch {finding.batch}: "
        terminal.say(f"{finding.code}: {place}{finding.message}")
    if len(result.findings) > SHOWN:
        terminal.say(f"and {len(result.findings) - SHOWN} more; see --report")
    counted = f"{len(result.batches):,} batches of chain {result.chain}, {orders:,} orders"
    if result.findings:
        terminal.say(f"not valid: {result.refused:,} of {counted} are refused")
    else:
        terminal.say(f"valid: {counted}, in {result.seconds:.1f} s")
    head = result.batches[-1].entry.header.hex()
    terminal.say(f"head {head}; name it with --head next time")
