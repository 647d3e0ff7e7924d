"""The command line: verbs loaded when they are used, every error one line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import click

from zkroute import __version__
from zkroute.cli.failures import CarriedError, finish, report
from zkroute.cli.terminal import Terminal, standard_output
from zkroute.errors import ZkrouteError

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

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the verb; what goes wrong becomes a line on stderr and an exit code.

        Exits with the code. Without ``standalone_mode`` it returns it where the verb refused, and
        raises whatever else ended it: Ctrl-C, a full disk.
        """
        terminal = Terminal()
        error: BaseException
        try:
            code = super().main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                obj=terminal,
                **extra,
            )
            finish()
        except CarriedError as carried:
            error = carried.error
        except (click.ClickException, click.Abort, KeyboardInterrupt, OSError) as raised:
            error = raised
        else:
            return _end(code if isinstance(code, int) else 0, standalone_mode)
        if not standalone_mode and not isinstance(error, (ZkrouteError, click.ClickException)):
            raise error
        # an option that is not understood comes before those that are looked at
        terminal.json = terminal.json or _asks_for_json(sys.argv[1:] if args is None else args)
        return _end(report(error, terminal), standalone_mode)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Understand the words before the verb, and say --help."""
        with _carried(), standard_output():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with _carried():
            return super().invoke(ctx)


@contextlib.contextmanager
def _carried() -> Iterator[None]:
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except (Exception, KeyboardInterrupt) as error:
        raise CarriedError(error) from error


def _asks_for_json(words: Sequence[str]) -> bool:
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def _end(exit_code: int, by_exit: bool) -> int:
    if by_exit:
        sys.exit(exit_code)
    return exit_code


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
    command_line.main()
    raise AssertionError("it exits by itself")
