"""The entry point: verbs loaded when they are used, every error one line and an exit code."""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

import click

from zkroute import __version__
from zkroute.cli.failures import report
from zkroute.cli.terminal import Terminal

VERBS = (
    "init",
    "policy",
    "srs",
    "keys",
    "route",
    "prove",
    "verify",
    "slice",
    "settle",
    "serve",
    "telemetry",
    "receipt",
    "inclusion",
    "disclose",
    "router",
    "inspect",
    "publish",
    "audit",
    "forecast",
    "bench",
    "demo",
    "warmup",
)
"""In the order in which a newcomer meets them."""


class Verbs(click.Group):
    """A group whose commands live in one module each and are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in reading order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, its module imported now."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"zkroute.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what it raises becomes a line on stderr and an exit code."""
        ctx.obj = Terminal()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            ctx.exit(report(error, ctx.obj))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="zkroute")
def command_line() -> None:
    """Route orders by a published policy and prove, in zero knowledge, that you did.

    \b
    A first round:  zkroute init desk, cd desk, then
      zkroute srs new     a reference string to try things with
      zkroute keys        the verifying key of policy, nodes and SRS
      zkroute route       orders.csv becomes a signed header in batches/0
      zkroute prove batches/0
      zkroute verify batches/0 --accept KEY_DIGEST --allow-development-srs ID

    Exit codes: 0 valid, 1 invalid proof, 2 usage, 3 malformed file, 4 policy, snapshot, key or
    SRS mismatch, 5 stale or replayed, 70 internal error.
    """


def main() -> NoReturn:
    """Run the command line and exit."""
    command_line()
    raise AssertionError("click exits by itself")
