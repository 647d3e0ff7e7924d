"""The README's two commands: an environment is found or made, whatever the system lacks."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tests/run.py with its environment in a temporary folder."""
    specification = importlib.util.spec_from_file_location("run_script", ROOT / "tests" / "run.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    environment = tmp_path / ".venv"
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    monkeypatch.setattr(module, "ENVIRONMENT", environment)
    monkeypatch.setattr(module, "PROGRAMS", programs)
    monkeypatch.setattr(
        module, "PYTHON", programs / ("python.exe" if os.name == "nt" else "python")
    )
    return module


def test_it_needs_the_standard_library_only() -> None:
    code = "import sys, runpy; runpy.run_path('tests/run.py'); print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_an_environment_is_made_without_ensurepip_and_virtualenv(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda _name: None)
    script.make_environment()
    assert script.works()
    # it has no pip, so that of this Python is told to install into it
    assert script.pip()[-2:] == ["--python", str(script.PYTHON)]


def test_a_broken_way_leads_to_the_next(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = script.run
    tried = []

    def run(command: list[str], folder: Path, quiet: bool = False) -> object:
        tried.append(command[1:4])
        if command[1:3] == ["-m", "venv"] and "--without-pip" not in command:
            return subprocess.CompletedProcess(command, 1)
        return real(command, folder, quiet)

    monkeypatch.setattr(script, "run", run)
    monkeypatch.setattr(
        script.importlib.util, "find_spec", lambda name: name == "ensurepip" or None
    )
    script.make_environment()
    assert ["-m", "venv", "--without-pip"] in tried
    assert script.works()


def test_a_prepared_environment_is_not_touched(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.PROGRAMS.mkdir(parents=True)
    script.PYTHON.touch()
    (script.ENVIRONMENT / "zkroute.stamp").write_text(script.fingerprint() + "[test]")
    monkeypatch.setattr(script, "run", lambda *_: pytest.fail("something was run"))
    script.prepare("")
    script.prepare("[test]")


def test_an_old_python_is_told_so(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "OLDEST", (99, 0))
    assert script.main([]) == 2
    assert "99.0 or later is needed" in capsys.readouterr().err


def test_a_failed_check_fails_the_run_although_the_tests_pass(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], _folder: Path, _quiet: bool = False) -> object:
        return subprocess.CompletedProcess(command, int("mypy" in command[0]))

    monkeypatch.setattr(script, "run", run)
    assert script.run_tests([]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert "== FAILED: mypy; the tests run all the same" in shown
    assert shown[-1] == "== pytest"


def test_continuous_integration_runs_the_second_command() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert "python3 tests/run.py" in text
    if os.name == "posix":
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
