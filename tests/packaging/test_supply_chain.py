"""What is installed is pinned by hash; what runs loads no code from data and calls nobody.

The one thing read back as pickled objects is numba's cache of compiled kernels, which numba writes
and reads itself, in a folder that nobody but its owner can write (zkroute/kernels/_jit.py).
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("zkroute", "circuits", "prover", "verifier")
LOCKS = {
    "requirements.lock": ("test", "service"),
    "requirements-all.lock": ("test", "service", "cluster", "forecast", "bench"),
}
CODE_FROM_DATA = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "runpy"}
CODE_FROM_DATA |= {"code", "codeop", "imp", "ctypes", "cffi"}
NETWORK = {"socket", "ssl", "http", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib", "xmlrpc"}
NETWORK |= {"urllib", "urllib3", "requests", "httpx", "aiohttp", "socketserver", "webbrowser"}
OTHER_PROCESSES = {"subprocess", "multiprocessing", "asyncio", "uvicorn", "distributed", "dask"}
ALLOWED = {
    "zkroute/settlement/database.py": {"urllib.parse"},  # quotes the path in SQLite's URI
    "zkroute/service/app.py": {"asyncio"},  # the service, started by `zkroute serve` alone
    "zkroute/service/worker.py": {"asyncio"},
    "zkroute/cli/commands/serve.py": {"uvicorn"},
    "zkroute/audit/run.py": {"multiprocessing"},  # its own processes on this machine
    "zkroute/cli/many_proofs.py": {"multiprocessing"},
    "zkroute/cli/benchmark.py": {"subprocess"},  # our own program, measured in a fresh process
    "zkroute/cli/sweep.py": {"subprocess"},
}
NAMED_AT_RUN_TIME = {
    "zkroute/model/order.py": "zkroute.model.{}",
    "zkroute/cli/main.py": "zkroute.cli.commands.{}",
    "zkroute/kernels/select.py": "a table of ours",
    "zkroute/algebra/engine.py": "one of two modules of ours",
    "zkroute/algebra/verification.py": "a constant of ours",
    "zkroute/forecast/loads.py": "statsmodels.tsa.holtwinters",
    "zkroute/cli/many_proofs.py": "distributed",  # only where the user names a scheduler
}
"""Files that import a module by name, none of which comes from outside."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the name it goes by, dots included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_module_loads_code_from_data_or_talks_to_anybody() -> None:
    watched = CODE_FROM_DATA | NETWORK | OTHER_PROCESSES
    found = {
        name: used
        for name, tree in sources()
        if (used := {each for each in imported(tree) if each.split(".")[0] in watched})
    }
    assert found == ALLOWED


def test_no_text_is_run() -> None:
    builtins = {"eval", "exec", "compile", "__import__", "breakpoint"}
    for name, tree in sources():
        for called, call in calls(tree):
            assert called not in builtins, f"{name}:{call.lineno} calls {called}"
            last = called.rsplit(".", maxsplit=1)[-1]
            assert last not in {"popen", "system", "startfile", "execv", "execve", "fork"}, name
            settings = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert "shell" not in settings, f"{name}:{call.lineno}"


def test_arrays_are_read_without_objects() -> None:
    for name, tree in sources():
        for called, call in calls(tree):
            if called in {"np.load", "numpy.load", "np.fromfile", "np.save"}:
                settings = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                assert settings.get("allow_pickle") == "False", f"{name}:{call.lineno}"


def test_modules_named_at_run_time_are_known() -> None:
    found = {
        name
        for name, tree in sources()
        if any(called.endswith("import_module") for called, _ in calls(tree))
    }
    assert found == set(NAMED_AT_RUN_TIME)


WATCHED_RUN = """
import sys
heard = []
def hear(event, arguments):
    if event.split(".")[0] in {"socket", "urllib", "http", "ftplib", "smtplib", "webbrowser"}:
        heard.append(event)
    if event in {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"}:
        heard.append(f"{event} {arguments[0]}")
sys.addaudithook(hear)
from tests.support.world import ROUND_ROBIN, make_world
from prover.prove import prove
from verifier.verify import verify
world = make_world(ROUND_ROBIN)
batch = world.commit(world.orders(10))
proof = prove(world.proving_key, world.snapshot, batch)
verify(world.proving_key.key, batch.header, proof, world.acceptance())
print("HEARD", [each for each in heard if "socket.__new__" not in each])
"""


def test_proving_and_verifying_open_no_connection() -> None:
    """By Python's own audit events, in a process of its own, libraries included."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_RUN],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "HEARD []" in done.stdout


# The locks


def pinned(name: str) -> dict[str, set[str]]:
    """Requirement to its versions and hashes."""
    text = (ROOT / "tests" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    entries: dict[str, set[str]] = {}
    for line in lines:
        found = re.match(r"([a-z0-9.-]+)==(\S+) ", line)
        assert found, f"{name}: {line[:80]} is not pinned"
        hashes = re.findall(r"--hash=(\S+)", line)
        assert hashes, f"{name}: {found[1]} has no hash"
        entries.setdefault(found[1], set()).update(hashes, {found[2]})
    return entries


def direct(extras: tuple[str, ...]) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][each] for each in extras)]
    return {
        re.split(r"[<>=~!\[ ;]", each)[0].lower().replace("_", "-")
        for names in lists
        for each in names
    }


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_with_hashes(name: str) -> None:
    entries = pinned(name)
    assert direct(LOCKS[name]) | {"editables", "hatchling"} <= set(entries)
    for found in entries.values():
        hashes = {each for each in found if ":" in each}
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_where_to_fetch_from(name: str) -> None:
    text = (ROOT / "tests" / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted|@ |\bgit\+", text.lower())


def test_both_locks_agree() -> None:
    small, large = (pinned(name) for name in LOCKS)
    assert {name: large.get(name) for name in small} == small


def test_every_extra_is_locked_somewhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == set(LOCKS["requirements-all.lock"])


def test_the_second_command_installs_by_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    specification = importlib.util.spec_from_file_location("run_script", ROOT / "tests" / "run.py")
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    monkeypatch.setattr(script, "LOCKED_FOR", sys.version_info[:2])
    locked, project = script.installations("[test]")
    assert {"--require-hashes", "--no-deps", "--only-binary", str(script.LOCK)} <= set(locked)
    assert {"--no-deps", "--no-build-isolation"} <= set(project)
    assert script.installations("") == [["--editable", "."]]
    monkeypatch.setattr(script, "LOCKED_FOR", (3, 0))
    assert script.installations("[test]") == [["--editable", ".[test]"]]
