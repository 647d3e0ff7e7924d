"""``zkroute serve``: a settlement node's gate behind HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal

TOKEN_VARIABLE = "ZKROUTE_SERVICE_TOKEN"  # noqa: S105  the variable's name is no secret


@click.command("serve")
@click.option(
    "--config",
    "configuration",
    type=FilePath,
    default=workspace.NODE,
    show_default=True,
    help="The node's configuration; docs/settlement.md has its keys.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8780, show_default=True, help="Port."
)
@click.option(
    "--max-body",
    type=click.IntRange(1 << 10, 1 << 30),
    default=1 << 26,
    show_default=True,
    help="Longest request in bytes.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=30.0,
    show_default=True,
    help="Longest wait for an answer, in seconds.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Batches checked at the same time.",
)
@speaking
@pass_terminal
def command(
    terminal: Terminal,
    configuration: Path,
    host: str,
    port: int,
    max_body: int,
    timeout: float,
    at_once: int,
) -> None:
    """Serve this node's gate over HTTP until interrupted; needs the extra 'service'.

    ZKROUTE_SERVICE_TOKEN, if set, must come with every request. Put TLS in front of anything but
    the local machine: slices are orders in the clear.
    """
    from zkroute.errors import UsageError
    from zkroute.settlement import Gate, Ledger, read_configuration

    try:
        import uvicorn

        from zkroute.service.app import create_app
        from zkroute.service.limits import Limits
        from zkroute.service.logs import log_to_stdout
    except ImportError as error:
        raise UsageError(
            f"the service needs {error.name}; install it with  pip install 'zkroute[service]'"
        ) from None
    terms = read_configuration(configuration)
    limits = Limits(max_body, timeout, at_once, os.environ.get(TOKEN_VARIABLE) or None)
    last_error = log_to_stdout()
    with Ledger(terms.ledger, terms.checkpoint) as ledger:
        app = create_app(Gate(terms.configuration, ledger), limits)
        terminal.note(f"http://{host}:{port}/docs describes the API")
        try:
            uvicorn.run(app, host=host, port=port, log_config=None, access_log=False)
        except SystemExit:
            # raised where it cannot start; stopped by a signal it just returns
            raise UsageError(
                f"the service did not start at {host}:{port}: {last_error.message}"
            ) from None
