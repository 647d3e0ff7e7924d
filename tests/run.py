"""One command from nothing: makes an environment of its own, then runs the demo or the tests.

    python3 tests/run.py demo [DIRECTORY]   the demonstration
    python3 tests/run.py [PYTEST OPTIONS]   linters, type checker, import contracts, all tests

Needs Python 3.11 or later and pip, nothing else; nothing outside this folder's .venv changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
OLDEST = (3, 11)
LOCK = ROOT / "tests" / "requirements.lock"
LOCKED_FOR = (3, 11)
"""The Python that the lock's versions were chosen for; others take what pip finds."""
CHECKS = (
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
)


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST:
        needed, found = ".".join(map(str, OLDEST)), sys.version.split()[0]
        print(f"Python {needed} or later is needed; this is {found}", file=sys.stderr)
        return 2
    if arguments[:1] == ["demo"]:
        prepare("")
        return run([str(PROGRAMS / "zkroute"), *arguments], ROOT).returncode
    prepare("[test]")
    return run_tests(arguments)


def run_tests(arguments: list[str]) -> int:
    failed = []
    for check in CHECKS:
        print(f"== {' '.join(check)}", flush=True)
        started = time.monotonic()
        if run([str(PROGRAMS / check[0]), *check[1:]], ROOT).returncode:
            failed.append(check[0])
        print(f"   {time.monotonic() - started:.1f} s", flush=True)
    if failed:
        print(f"== FAILED: {', '.join(failed)}; the tests run all the same", flush=True)
    print("== pytest", flush=True)
    code = run([str(PYTHON), "-m", "pytest", *arguments], ROOT).returncode
    return code or int(bool(failed))


def prepare(extra: str) -> None:
    """An environment with the project and this extra; quick where that was done before."""
    stamp, wanted = ENVIRONMENT / "zkroute.stamp", fingerprint()
    installed = stamp.read_text() if stamp.exists() else ""
    if PYTHON.exists() and installed in (wanted + extra, wanted + "[test]"):
        return
    if not (PYTHON.exists() and works()):
        make_environment()
    print(f"== installing the project and what it needs into {ENVIRONMENT}", flush=True)
    for what in installations(extra):
        if run([*pip(), "install", "--quiet", *what], ROOT).returncode:
            sys.exit("the installation failed; what pip says above is why")
    stamp.write_text(wanted + extra)


def installations(extra: str) -> list[list[str]]:
    """What pip is told, one call after the other.

    For the tests, and the Python that the lock is for, only files whose hashes the lock has: no
    source distribution, whose build would fetch others, and the project built by what was locked.
    """
    if extra != "[test]" or sys.version_info[:2] != LOCKED_FOR:
        return [["--editable", f".{extra}"]]
    locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(LOCK)]
    return [locked, ["--no-deps", "--no-build-isolation", "--editable", "."]]


def fingerprint() -> str:
    """Changes with whatever decides what is installed."""
    text = f"{sys.version}\n{ROOT}\n".encode()
    text += (ROOT / "pyproject.toml").read_bytes() + LOCK.read_bytes()
    return hashlib.sha256(text).hexdigest()


def make_environment() -> None:
    """A virtual environment, also where the system's Python comes without ensurepip."""
    print(f"== making {ENVIRONMENT}", flush=True)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    ways = [["venv"]] if importlib.util.find_spec("ensurepip") else []
    ways += [["virtualenv"]] if importlib.util.find_spec("virtualenv") else []
    ways += [["venv", "--without-pip"]]
    for way in ways:
        command = [sys.executable, "-m", way[0], *way[1:], str(ENVIRONMENT)]
        if not run(command, ROOT, quiet=way != ways[-1]).returncode and works():
            return
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    sys.exit("no virtual environment could be made; on Debian and Ubuntu, install python3-venv")


def pip() -> list[str]:
    """The environment's own pip; where it has none, this Python's, told to install there."""
    if not run([str(PYTHON), "-m", "pip", "--version"], ROOT, quiet=True).returncode:
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(PYTHON)]


def works() -> bool:
    """Whether the environment's Python starts and is of the version that runs this."""
    code = f"import sys; sys.exit(sys.version_info[:3] != {tuple(sys.version_info[:3])})"
    return PYTHON.exists() and not run([str(PYTHON), "-c", code], ROOT, quiet=True).returncode


def run(
    command: list[str], folder: Path, quiet: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """The command, its output shown unless ``quiet``."""
    hidden = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=folder, check=False, stdout=hidden, stderr=hidden)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
