"""``zkroute audit``: check a published chain from public files alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zkroute.cli.options import FilePath, digests, pass_terminal, speaking
from zkroute.cli.outputs import document_of, require_free, write_output
from zkroute.cli.terminal import Terminal
from zkroute.errors import UsageError

if TYPE_CHECKING:
    from zkroute.audit.report import Report
    from zkroute.settlement.router_keys import RouterKeys

SHOWN = 50
PAGE_START = 1000
"""Bytes of a page that hold its mark."""


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
    An earlier report is replaced, any other file is not.
    """
    from zkroute.audit.run import audit
    from zkroute.audit.terms import Terms
    from zkroute.cli.progress import showing_fraction
    from zkroute.formats.documents import read_snapshot

    _require_outputs(report, html)
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


def _require_outputs(report: Path | None, html: Path | None) -> None:
    """Both can be written. An audit may take long, so this comes first."""
    if report and html and report.resolve() == html.resolve():
        raise UsageError(f"--report and --html both name {report}")
    if report:
        require_free(report, _is_report)
    if html:
        require_free(html, _is_page)


def _write(result: Report, report: Path | None, html: Path | None) -> None:
    from zkroute.audit.page import html_page
    from zkroute.formats.strict_json import dump_object

    if report:
        write_output(report, dump_object(result.document()), _is_report)
    if html:
        write_output(html, html_page(result).encode("utf-8"), _is_page)


def _is_report(data: bytes) -> bool:
    from zkroute.audit.report import FORMAT

    return document_of(FORMAT)(data)


def _is_page(data: bytes) -> bool:
    """Whether it begins like a page of ours."""
    from zkroute.audit.page import MARK

    return data.startswith(b"<!DOCTYPE html>\n") and MARK.encode() in data[:PAGE_START]


def _say(terminal: Terminal, result: Report) -> None:
    for finding in result.findings[:SHOWN]:
        place = "" if finding.position is None else f"batch {finding.batch}: "
        terminal.say(f"{finding.code}: {place}{finding.message}")
    if len(result.findings) > SHOWN:
        terminal.say(f"and {len(result.findings) - SHOWN} more; see --report")
    terminal.say(_verdict(result))
    if result.terms.snapshots is None:
        terminal.say("node snapshots: those published, at the router's word; name yours by --nodes")
    if not result.findings:
        head = result.batches[-1].entry.header.hex()
        terminal.say(f"head {head}; name it with --head next time")


def _verdict(result: Report) -> str:
    count, refused = len(result.batches), result.refused
    batches = f"{count:,} batch{'es' * (count != 1)} of chain {result.chain}"
    if not result.findings:
        orders = sum(header.order_count for header in result.headers)
        return f"valid: {batches}, {orders:,} orders, in {result.seconds:.1f} s"
    if not refused:
        return f"not valid: nothing is wrong with the {batches} by themselves, but with the folder"
    return f"not valid: {refused:,} of {batches} {'is' if refused == 1 else 'are'} refused"
