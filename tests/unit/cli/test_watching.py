"""What is said before, during and after long work, to whom."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.world import World, make_world
from tests.unit.cli.conftest import Desk
from zkroute.cli.expectation import Expectation, expect, remember
from zkroute.cli.progress import Forecast, showing_fraction, showing_stages
from zkroute.cli.terminal import Terminal

STAGES = {"first": 2.0, "second": 6.0, "third": 2.0}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_is_what_was_expected_at_first() -> None:
    clock = Clock()
    forecast = Forecast(STAGES, clock)
    forecast.enter("first")
    assert forecast.seconds_left == pytest.approx(10)
    assert forecast.fraction == 0
    clock.now += 1
    assert forecast.seconds_left == pytest.approx(9)
    assert forecast.fraction == pytest.approx(0.1)


def test_time_left_follows_the_pace_of_finished_stages() -> None:
    clock = Clock()
    forecast = Forecast(STAGES, clock)
    forecast.enter("first")
    clock.now += 4  # twice as long as expected
    forecast.enter("second")
    assert forecast.pace == pytest.approx(2)
    assert forecast.seconds_left == pytest.approx(16)


def test_a_stage_that_drags_on_does_not_make_time_negative() -> None:
    clock = Clock()
    forecast = Forecast(STAGES, clock)
    for stage in STAGES:
        forecast.enter(stage)
    clock.now += 1000
    assert forecast.seconds_left == pytest.approx(0)
    assert 0 <= forecast.fraction <= 1


def test_stages_nobody_foresaw_are_no_error() -> None:
    forecast = Forecast(STAGES, Clock())
    forecast.enter("surprise")
    forecast.enter("second")
    assert forecast.seconds_left > 0


def test_nothing_is_drawn_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with showing_stages(terminal, Expectation("portable", STAGES, 1.0)) as enter:
        enter("first")
    with showing_fraction(terminal, "work") as advance:
        advance(0.5)
    terminal.note("a hint")
    assert capsys.readouterr() == ("", "")


def test_progress_shows_the_stage_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with showing_stages(Terminal(), Expectation("portable", STAGES, 1.0)) as enter:
        enter("second")
    with showing_fraction(Terminal(), "checking") as advance:
        advance(0.5)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "second" in shown.err
    assert "10 s left" in shown.err
    assert "checking" in shown.err


def test_quiet_is_quiet_for_watchers_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    terminal = Terminal()
    terminal.quiet = True
    with showing_stages(terminal, Expectation("portable", STAGES, 1.0)) as enter:
        enter("first")
    terminal.note("a hint")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_progress_and_a_pipe_does_not(desk: Desk, tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("no pseudo-terminals here")
    import pty

    shown = {}
    for name in ("terminal", "pipe"):
        desk.must("route", "--output", tmp_path / name)
        reader, writer = pty.openpty()
        command = [sys.executable, "-m", "zkroute.cli", "prove", str(tmp_path / name)]
        environment = os.environ | {
            "ZKROUTE_DATA_DIR": str(desk.path / "data"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TERM": "xterm",
        }
        done = subprocess.run(
            command,
            cwd=desk.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=writer if name == "terminal" else subprocess.PIPE,
            check=False,
        )
        assert done.returncode == 0
        os.close(writer)
        shown[name] = done.stderr or b""
        if name == "terminal":
            shown[name] = os.read(reader, 1 << 16)
        os.close(reader)
    assert b"s left" in shown["terminal"]
    assert shown["pipe"] == b""


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [make_world(log_rows=6), make_world(log_rows=12)]


def test_more_rows_are_expected_to_take_more(
    worlds: list[World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    small, large = (expect(world.proving_key) for world in worlds)
    assert 0 < small.seconds < large.seconds
    assert small.megabytes < large.megabytes
    assert list(small.stages) == [
        "trace",
        "witness",
        "lookups",
        "accumulator",
        "quotient",
        "evaluations",
        "openings",
    ]


def test_the_next_expectation_learns_from_this_machine(
    worlds: list[World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    before = expect(worlds[0].proving_key)
    remember(before, 3 * before.seconds)
    after = expect(worlds[0].proving_key)
    assert after.seconds == pytest.approx(3 * before.seconds)
    remember(after, after.seconds)
    assert expect(worlds[0].proving_key).seconds == pytest.approx(after.seconds)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"portable": 1e9}', '{"portable": "x"}', "[" * 9999]
)
def test_a_spoilt_memory_is_forgotten(
    worlds: list[World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("ZKROUTE_CACHE_DIR", str(tmp_path))
    fresh = expect(worlds[0].proving_key).seconds
    (tmp_path / "pace.json").write_text(content)
    assert expect(worlds[0].proving_key).seconds == fresh


def test_the_stages_expected_are_the_stages_of_the_prover(worlds: list[World]) -> None:
    from prover.prove import prove

    world = worlds[0]
    seen: list[str] = []
    prove(world.proving_key, world.snapshot, world.commit(world.orders(3)), seen.append)
    assert seen == list(expect(world.proving_key).stages)


def test_json_is_all_there_is_on_stdout(desk: Desk) -> None:
    answer = desk.run("inspect", "batches/0", "--json")
    assert json.loads(answer.stdout)["kind"] == "batch header"
