"""What verifies with one thing wrong in its own code: the self-test or the tests must notice.

    python -m tests.campaigns.verifier_mutants            # all of them
    python -m tests.campaigns.verifier_mutants 0 2        # every second one, from the first

A mutant is one change in the syntax tree of one module: a guard that never raises, a comparison
that is another, a step that is left out, plus for minus, and for or. Each runs in a process of its
own, which loads the changed module in place of the real one: first the self-test that every
verifying process begins with, then the tests that have to do with the module. ``EQUIVALENT`` lists
those that change nothing anybody could see, each with the reason.
"""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.abc
import importlib.util
import io
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.shared import ROOT

_VERIFYING = (
    "tests/soundness/test_header_checks.py",
    "tests/settlement/test_many.py",
    "tests/soundness/test_binding.py",
    "tests/soundness/test_chain_position.py",
    "tests/soundness/test_binding_whole_rule.py",
    "tests/soundness/test_proof_mutation.py",
    "tests/attacks",
    "tests/soundness/test_self_test.py",
)
_NUMBERS = (
    "tests/unit/algebra/test_encoding.py",
    "tests/unit/algebra/test_scalars.py",
    "tests/unit/algebra/test_domain.py",
    "tests/unit/algebra/test_groups.py",
)
_MESSAGES = (
    "tests/unit/protocol",
    "tests/attacks",
    "tests/golden",
    "tests/soundness/test_proof_mutation.py",
)
_GATE = (
    "tests/settlement/test_gate.py",
    "tests/settlement/test_gate_headers.py",
    "tests/settlement/test_gate_orders.py",
)
MODULES: dict[str, tuple[str, ...]] = {
    "verifier.accept": _VERIFYING,
    "verifier.verify": _VERIFYING,
    "verifier.constraints": _VERIFYING,
    "verifier.opening": _VERIFYING,
    "verifier.many": _VERIFYING,
    "zkroute.protocol.schedule": _MESSAGES,
    "zkroute.protocol.transcript": _MESSAGES,
    "zkroute.protocol.framing": _MESSAGES,
    "zkroute.formats.proof": (*_MESSAGES, "tests/soundness/test_two_arithmetics.py"),
    "zkroute.protocol.header": _MESSAGES,
    "zkroute.protocol.key": (*_MESSAGES, "tests/soundness/test_binding.py"),
    "zkroute.formats.header": ("tests/unit/formats", *_GATE),
    "zkroute.formats.key": ("tests/unit/formats",),
    "circuits.instance": (*_MESSAGES, "tests/circuits", "tests/oracle"),
    "zkroute.algebra.scalars": _NUMBERS,
    "zkroute.algebra.encoding": _NUMBERS,
    "zkroute.algebra.domain": _NUMBERS,
    "zkroute.protocol.signatures": ("tests/unit/protocol/test_signatures.py", *_VERIFYING),
    "zkroute.settlement.gate": (
        *_GATE,
        "tests/settlement/test_telemetry.py",
        "tests/settlement/test_ledger.py",
    ),
    "zkroute.settlement.slices": ("tests/settlement/test_slices.py", *_GATE),
}
"""What is changed, and the tests that have to notice."""

_SPEED = "another way to the same numbers is taken; only the time changes"
_NO_SUCH_POINT = "no point of the curve has y = (p - 1)/2 or (p + 1)/2: y^2 - 3 is no cube"
EQUIVALENT: dict[str, str] = {
    'verifier.many: "len(claims) < WORKERS or '
    "verification_arithmetic().name == 'reference'\" with and": _SPEED,
    "verifier.many: 'len(claims) < WORKERS' with LtE": _SPEED,
    """verifier.many: "verification_arithmetic().name == 'reference'" with NotEq""": _SPEED,
    "verifier.many: '1 + secrets.randbits(WEIGHT_BITS)' with Sub": (
        "weights are as many and as random, and zero with the same chance of 2^-128 at most"
    ),
    "zkroute.algebra.encoding: 'y > (FIELD_MODULUS - 1) // 2' with GtE": _NO_SUCH_POINT,
    "zkroute.algebra.encoding: 'FIELD_MODULUS - 1' with Add": _NO_SUCH_POINT,
    "zkroute.algebra.domain: 'MODULUS - 1' with Add": "shifted down by 28 bits both are the same",
    "zkroute.settlement.gate: 'header.batch >= COUNTER_LIMIT' with Gt": (
        "the verifier refuses this one number with the same code, and a ledger can hold it"
    ),
    "zkroute.settlement.slices: 'len(columns[0]) >= COMPILED_FROM' with Gt": _SPEED,
    """zkroute.settlement.slices: "arithmetic.name == 'reference'" with NotEq""": _SPEED,
}
"""Mutants that nobody can notice, by name, and why."""

SECONDS = 240

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}


@dataclass(frozen=True)
class Mutant:
    """One change, and the module's source with it."""

    module: str
    line: int
    name: str
    source: str


def mutants() -> list[Mutant]:
    """All of them, module after module, in the order of the lines."""
    found: list[Mutant] = []
    for module in MODULES:
        tree = ast.parse(_path(module).read_text(encoding="utf-8"))
        for number, node in enumerate(ast.walk(tree)):
            for change, what in changes(node):
                changed = copy.deepcopy(tree)
                target = next(each for i, each in enumerate(ast.walk(changed)) if i == number)
                change(target)
                source = ast.unparse(ast.fix_missing_locations(changed))
                line = getattr(node, "lineno", 0)
                name = f"{module}: {ast.unparse(node)[:70]!r} {what}"
                found.append(Mutant(module, line, name, source))
    order, seen = list(MODULES), Counter[str]()
    numbered = []
    for each in sorted(found, key=lambda each: (order.index(each.module), each.line)):
        seen[each.name] += 1
        again = f" ({seen[each.name]})" if seen[each.name] > 1 else ""
        numbered.append(replace(each, name=each.name + again))
    return numbered


def _path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def changes(node: ast.AST) -> Iterator[tuple[Callable[[Any], None], str]]:
    """Ways to change a node in place, each with words for it."""
    match node:
        case ast.If(body=[ast.Raise(), *_]):
            yield lambda n: setattr(n, "test", ast.Constant(False)), "never raises"
        case ast.Expr(value=ast.Call()):
            yield lambda n: setattr(n, "value", ast.Constant(None)), "left out"
        case ast.AugAssign(value=ast.Call()):
            yield lambda n: setattr(n, "value", ast.Dict([], [])), "takes nothing"
        case ast.Compare(ops=[operation]) if type(operation) in COMPARISONS:
            other = COMPARISONS[type(operation)]
            yield lambda n: setattr(n, "ops", [other()]), f"with {other.__name__}"
        case ast.BinOp(op=operation) if type(operation) in SUMS:
            other_sum = SUMS[type(operation)]
            yield lambda n: setattr(n, "op", other_sum()), f"with {other_sum.__name__}"
        case ast.BoolOp(op=ast.And()):
            yield lambda n: setattr(n, "op", ast.Or()), "with or"
        case ast.BoolOp(op=ast.Or()):
            yield lambda n: setattr(n, "op", ast.And()), "with and"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield lambda n: setattr(n, "operand", ast.UnaryOp(ast.Not(), operand)), "without not"


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a mutant's source."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.source = mutant.module, mutant.source

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(_path(name)))

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = module.__spec__.origin if module.__spec__ else None
        exec(compile(self.source, str(module.__file__), "exec"), module.__dict__)  # noqa: S102  a mutant


def killer(mutant: Mutant) -> str:
    """Who notices the mutant: "self-test", a test's name, or "" for nobody."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.write(writer, judged(mutant).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return answer if os.WIFEXITED(status) else "it does not end"


def judged(mutant: Mutant) -> str:
    """``killer``, in a process that has not loaded any of our packages yet."""
    signal.alarm(SECONDS)
    os.environ["ZKROUTE_VERIFIER"] = "compiled"
    sys.meta_path.insert(0, Changed(mutant))
    quiet = io.StringIO()
    with redirect_stdout(quiet), redirect_stderr(quiet):
        try:
            judge = importlib.import_module("verifier.verify").judge
            importlib.import_module("verifier.self_test").run_self_test(judge)
            importlib.import_module("verifier.many")
            importlib.import_module(mutant.module)
        except Exception:
            return "self-test: " + traceback.format_exc(limit=0).strip()[:60].replace("\n", " ")
        os.chdir(ROOT)
        first = FirstFailure()
        options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly"]
        code = pytest.main([*options, *MODULES[mutant.module]], plugins=[first])
    return first.name or ("" if code == 0 else f"pytest exits with {int(code)}")


class FirstFailure:
    """A plugin that keeps the first failing test's name."""

    name = ""

    def pytest_runtest_logreport(self, report: object) -> None:
        if getattr(report, "failed", False) and not self.name:
            self.name = str(getattr(report, "nodeid", "a test"))

    def pytest_collectreport(self, report: object) -> None:
        self.pytest_runtest_logreport(report)


def survivors(chosen: Sequence[Mutant]) -> list[Mutant]:
    """Those nobody notices and ``EQUIVALENT`` does not list; says of each who noticed it."""
    left, by = [], Counter[str]()
    for number, mutant in enumerate(chosen, 1):
        found = EQUIVALENT.get(mutant.name) or killer(mutant)
        by[_kind(mutant, found)] += 1
        print(f"{number}/{len(chosen)} {mutant.name}: {found or 'NOBODY'}", flush=True)
        if not found:
            left.append(mutant)
    print(dict(by), flush=True)
    return left


def _kind(mutant: Mutant, found: str) -> str:
    if mutant.name in EQUIVALENT:
        return "equivalent"
    return found.split(":", maxsplit=1)[0].split("::", maxsplit=1)[0] or "nobody"


def prepare() -> None:
    """Loads what is large and none of ours, once for all children."""
    for library in ("numba", "galois", "cryptography.hazmat.primitives.asymmetric.ed25519"):
        importlib.import_module(library)
    ours = {"zkroute", "circuits", "prover", "verifier"} & {
        name.split(".")[0] for name in sys.modules
    }
    if ours:
        raise RuntimeError(f"{', '.join(sorted(ours))}: loaded already, so no change of them is")


def main(first: int = 0, step: int = 1) -> int:
    """How many survive of every ``step``-th mutant from number ``first`` on."""
    prepare()
    left = survivors(mutants()[first::step])
    for each in left:
        print("SURVIVES", each.name, "line", each.line)
    return len(left)


if __name__ == "__main__":
    sys.exit(min(1, main(*map(int, sys.argv[1:3]))))
