"""Imports point downwards only, and light commands stay light."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zkroute.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numba",
    "llvmlite",
    "numpy",
    "pyarrow",
    "py_ecc",
    "rich",
    "cryptography",
    "distributed",
    "fastapi",
    "statsmodels",
    "uvicorn",
    "prover",
    "verifier",
    "circuits",
)


def run_python(code: str, *, blocked: tuple[str, ...] = ()) -> str:
    """What the code prints in a new process in which some modules cannot be imported."""
    barrier = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", barrier + code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_hold() -> None:
    # a process of its own: the linter silences the loggers of all that is loaded already
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS), ["srs", "new", "-h"]],
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "from zkroute.cli.main import command_line\n"
        f"code = command_line.main({words!r}, prog_name='zkroute', standalone_mode=False) or 0\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        f"print('LOADED', sorted(loaded & set({HEAVY!r})))\n"
    )
    assert "LOADED []" in run_python(code)


def test_verifying_needs_neither_prover_nor_compiled_code_nor_files() -> None:
    blocked = ("prover", "numba", "llvmlite", "click", "rich", "pyarrow", "zkroute.cli")
    code = "import verifier.verify, verifier.accept, verifier.errors\nprint('imported')"
    assert run_python(code, blocked=blocked).strip() == "imported"


def test_the_verify_command_loads_no_prover() -> None:
    code = (
        "from zkroute.cli.commands import verify\n"
        "import zkroute.cli.artefacts, verifier.verify\n"
        "print('LOADED', {'prover', 'numba'} & set(sys.modules))\n"
    )
    assert "LOADED set()" in run_python(code)
