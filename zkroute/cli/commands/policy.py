"""``zkroute policy``: check, explain, compare and name routing policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, pass_terminal, speaking
from zkroute.cli.terminal import Terminal

if TYPE_CHECKING:
    from zkroute.model.policy_diff import Change
    from zkroute.routing.node_review import NodeRow

file_argument = click.argument("file", type=FilePath, default=workspace.POLICY)
nodes_option = click.option(
    "--nodes", type=FilePath, help="A node snapshot to look at the policy together with."
)


@click.group("policy")
def command() -> None:
    """Check, explain, compare and name routing policies.

    A policy is a .toml file or its canonical .json; docs/policy.md is the language.
    """


@command.command("check")
@file_argument
@nodes_option
@speaking
@pass_terminal
def check_command(terminal: Terminal, file: Path, nodes: Path | None) -> None:
    """Say what is wrong with a policy FILE, by line, and what in it decides nothing.

    Exit code 3 where it cannot be used, 4 where it does not fit the nodes, 0 otherwise.
    """
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.model.policy_review import policy_problems
    from zkroute.model.toml_lines import key_lines
    from zkroute.routing.node_review import node_problems

    policy = read_policy(file)
    lines = {} if file.suffix == ".json" else key_lines(file.read_text(encoding="utf-8-sig"))
    problems = policy_problems(policy, lines)
    if nodes is not None:
        problems += node_problems(policy, read_snapshot(nodes))
    for problem in problems:
        place = f"{file}:{problem.line}" if problem.line else str(file)
        terminal.say(f"{place}: {problem.message}")
    if not problems:
        terminal.say(f"{file}: policy {policy.name!r} can be used as it is")
    terminal.answer(
        {
            "file": str(file),
            "digest": policy.digest.hex(),
            "problems": [{"line": each.line, "message": each.message} for each in problems],
        }
    )


@command.command("explain")
@file_argument
@nodes_option
@speaking
@pass_terminal
def explain_command(terminal: Terminal, file: Path, nodes: Path | None) -> None:
    """Put a policy FILE into words; with --nodes, show what follows for each node."""
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.model.policy_words import explain_policy
    from zkroute.routing.node_review import node_rows

    policy = read_policy(file)
    passages = explain_policy(policy)
    rows = [] if nodes is None else node_rows(policy, read_snapshot(nodes))
    for passage in passages:
        terminal.say(passage.title)
        for sentence in passage.sentences:
            terminal.say(f"  {sentence}")
    terminal.table(
        ("slot", "node", "segment", "base", "slope", "share %", "drains per second"),
        [tuple(_node_document(row).values()) for row in rows],
    )
    terminal.answer(
        {
            "file": str(file),
            "digest": policy.digest.hex(),
            "passages": [
                {"title": passage.title, "sentences": list(passage.sentences)}
                for passage in passages
            ],
            "nodes": [_node_document(row) for row in rows],
        }
    )


@command.command("diff")
@click.argument("before", type=FilePath)
@click.argument("after", type=FilePath)
@speaking
@pass_terminal
def diff_command(terminal: Terminal, before: Path, after: Path) -> None:
    """Show what changed from policy BEFORE to policy AFTER, key by key, defaults filled in."""
    from zkroute.formats.documents import read_policy
    from zkroute.model.policy_diff import policy_changes

    first, second = read_policy(before), read_policy(after)
    changes = policy_changes(first, second)
    for change in changes:
        terminal.say(_change_line(change))
    if not changes:
        terminal.say(f"the same policy: {first.digest.hex()}")
    terminal.answer(
        {
            "before": first.digest.hex(),
            "after": second.digest.hex(),
            "changes": [
                {"place": change.place, "before": change.before, "after": change.after}
                for change in changes
            ],
        }
    )


@command.command("digest")
@file_argument
@speaking
@pass_terminal
def digest_command(terminal: Terminal, file: Path) -> None:
    """Print the digest that stands for a policy FILE in headers and keys."""
    from zkroute.formats.documents import read_policy

    policy = read_policy(file)
    terminal.say(policy.digest.hex())
    terminal.answer({"file": str(file), "name": policy.name, "digest": policy.digest.hex()})


def _node_document(row: NodeRow) -> dict[str, object]:
    return {
        "slot": row.slot,
        "node": row.name,
        "segment": row.segment or "down",
        "base": row.base,
        "slope": row.slope,
        "share_percent": round(row.share_percent, 3),
        "drain_per_second": row.drain_per_second,
    }


def _change_line(change: Change) -> str:
    if change.before is None:
        return f"+ {change.place}: {_short(change.after)}"
    if change.after is None:
        return f"- {change.place}: {_short(change.before)}"
    return f"~ {change.place}: {_short(change.before)} -> {_short(change.after)}"


def _short(value: object) -> str:
    """A value on one line, without the conditions of a table that ask for nothing."""
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key} = {_short(each)}" for key, each in value.items() if each not in ("*", {})
        )
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return json.dumps(value)
