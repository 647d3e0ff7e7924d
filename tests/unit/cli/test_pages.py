"""The pages name every command, option, file format, exit code and refusal code."""

import contextlib
import dataclasses
import re
from pathlib import Path

import click
import pytest

from tests.unit.cli.conftest import Desk
from tests.unit.cli.figures import FIGURES
from verifier.errors import Code, VerificationError
from zkroute.cli.main import command_line
from zkroute.errors import ExitCode
from zkroute.formats import batch
from zkroute.model.order import ORDER_RECORD
from zkroute.protocol.header import Header

DOCS = Path(__file__).resolve().parents[3] / "docs"
COMMANDS = (DOCS / "cli.md").read_text(encoding="utf-8")
FORMATS = (DOCS / "formats.md").read_text(encoding="utf-8")


def commands() -> dict[str, click.Command]:
    found = {}
    context = click.Context(command_line)
    for verb in command_line.list_commands(context):
        command = command_line.get_command(context, verb)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{verb} {name}": each for name, each in command.commands.items()}
        else:
            found[verb] = command
    return found


@pytest.mark.parametrize("name", commands())
def test_every_command_has_a_line(name: str) -> None:
    assert re.search(rf"^\| `zkroute {name}[ `\[]", COMMANDS, re.MULTILINE), name


@pytest.mark.parametrize("name", commands())
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = commands()[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_every_command_speaks_json_and_can_be_quiet() -> None:
    for name, command in commands().items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--quiet"} <= options, name


def test_options_of_the_page_exist() -> None:
    known = {
        option
        for command in commands().values()
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(re.findall(r"`(--[a-z-]+)", COMMANDS)) <= known


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_line(code: ExitCode) -> None:
    assert re.search(rf"^\| {int(code)} \|", FORMATS, re.MULTILINE)


@pytest.mark.parametrize("code", Code)
def test_every_refusal_code_has_a_line_with_its_exit_code(code: Code) -> None:
    exit_code = int(VerificationError(code, "").exit_code)
    assert re.search(rf"^\| `{code.value}` \| {exit_code} \|", FORMATS, re.MULTILINE), code


def test_every_header_field_has_a_line() -> None:
    for each in dataclasses.fields(Header):
        assert f"| `{each.name}` |" in FORMATS, each.name


def test_every_figure_of_bench_is_explained() -> None:
    section = COMMANDS.split("## bench")[1].split("##")[0]
    assert set(re.findall(r"`([a-z_]+)`", section.split("|---|---|")[1])) >= set(FIGURES)


def test_sizes_on_the_page_are_those_of_the_code() -> None:
    assert f"{ORDER_RECORD.itemsize} A" in FORMATS
    assert batch.MAGIC == b"zkr-bat\0"
    assert "magic | `zkr-bat` and a zero byte" in FORMATS


def test_a_private_batch_is_as_long_as_the_page_says(desk: Desk) -> None:
    path = desk.path / "batches/1/batch.private"
    content = batch.read_batch(path)

    def scalars(values: tuple[int, ...]) -> int:
        return 1 + 32 * len(values)

    def state(each: batch.PrivateState) -> int:
        held = len(each.held_sequence)
        carry = sum(map(scalars, each.carry_blinding))
        return 8 * len(each.work) + scalars(each.blinding) + 4 + (232 + 8) * held + 1 + carry

    arrived, rows = len(content.records) // 232, len(content.source)
    expected = 8 + 2 + 2 + 32 + 5 * 4 + 1
    expected += len(content.proof) + 232 * arrived + (4 + 2 + 1) * rows
    expected += sum(map(scalars, content.order_blinding))
    expected += state(content.before) + state(content.after)
    expected += 32 * len(content.masks) + 32 * len(content.salts) + 32
    assert path.stat().st_size == expected


def test_the_python_of_the_page_runs_as_printed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", COMMANDS, re.MULTILINE | re.DOTALL)
    with contextlib.chdir(desk.path):
        exec(compile(block, "cli.md", "exec"), {})  # noqa: S102  that is the test
    assert capsys.readouterr().out.startswith("batch 0 of chain ")
