"""The power-on self-test: a verifier with a fault does not start."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import verifier.constraints
import verifier.opening
import verifier.self_test
import verifier.verify
from tests.support.scenes import chained_scene
from verifier.accept import Acceptance
from verifier.errors import Code, VerificationError
from verifier.self_test import Golden, PowerOn, cases, golden_bytes, read_golden, run_self_test
from verifier.verify import judge, verify
from zkroute.algebra.groups import GENERATOR_G1, GENERATOR_G2, multiply_g2
from zkroute.algebra.verification import using_arithmetic
from zkroute.errors import ExitCode, MalformedError
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.srs import is_development_identifier


def fails(match: str) -> Any:
    return pytest.raises(VerificationError, match=f"self-test.*{match}")


def test_this_verifier_passes() -> None:
    run_self_test(judge)


def test_it_covers_the_checks() -> None:
    """One good batch, a dozen bad ones; at most two of them reach the pairing."""
    codes = Counter(case.code for case in cases(read_golden(golden_bytes())))
    assert codes[None] == 1
    assert codes.total() >= 9
    assert 1 <= codes[Code.OPENING_INVALID] <= 2
    assert len(codes) >= 9


@pytest.mark.parametrize(("answer", "match"), [(True, "a false value"), (False, "a good batch")])
def test_a_pairing_that_always_says_the_same_stops_it(
    answer: bool, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier.opening, "pairing_product_is_one", lambda pairs: answer)
    with fails(match) as caught:
        run_self_test(judge)
    assert caught.value.code is Code.SELF_TEST_FAILED
    assert caught.value.exit_code is ExitCode.INTERNAL


def with_key(change: Callable[[VerifyingKey], VerifyingKey]) -> Callable[[bytes], Golden]:
    """Golden data whose key was changed after reading, digest and all."""

    def read(data: bytes) -> Golden:
        golden = read_golden(data)
        return replace(golden, key=change(golden.key))

    return read


@pytest.mark.parametrize(
    "g2_tau",
    [None, GENERATOR_G2, multiply_g2(GENERATOR_G2, 5)],
    ids=["infinity", "generator", "other"],
)
def test_a_replaced_tau_stops_it(g2_tau: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the key's digest is still said to be the old one, as after a fault in memory."""

    def change(key: VerifyingKey) -> VerifyingKey:
        changed = replace(key, g2_tau=g2_tau)
        changed.__dict__["digest"] = key.digest
        return changed

    monkeypatch.setattr(verifier.self_test, "read_golden", with_key(change))
    with fails("a good batch"):
        run_self_test(judge)


def test_other_fixed_commitments_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(key: VerifyingKey) -> VerifyingKey:
        changed = replace(key, fixed=(GENERATOR_G1,) * len(key.fixed))
        changed.__dict__["digest"] = key.digest
        return changed

    monkeypatch.setattr(verifier.self_test, "read_golden", with_key(change))
    with fails("a good batch"):
        run_self_test(judge)


def test_group_arithmetic_that_gives_infinity_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """e(0, [tau]) = e(0, [1]): everything would verify."""
    monkeypatch.setattr(verifier.opening, "linear_combination_g1", lambda points, scalars: None)
    with fails("a false value"):
        run_self_test(judge)


def test_an_opening_that_is_never_compared_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier.opening.PairingCheck, "holds", lambda self, g2_tau: True)
    with fails("a false value"):
        run_self_test(judge)


def test_a_quotient_that_is_never_computed_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier.verify, "quotient_value", lambda *arguments: 0)
    with fails("a good batch"):
        run_self_test(judge)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("check_key", "an unknown key"),
        ("decode_proof", "a good batch"),
        ("public_columns", "a good batch"),
    ],
)
def test_a_step_that_does_nothing_stops_it(
    name: str, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier.verify, name, lambda *arguments, **named: None)
    with fails(match):
        run_self_test(judge)


def accepts_everything(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
    """Not much of a verifier."""


def crashes(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
    raise RuntimeError("not a refusal")


def test_a_verifier_that_accepts_everything_or_crashes_is_stopped() -> None:
    with fails("accepted where it must be refused"):
        run_self_test(accepts_everything)
    with fails("RuntimeError"):
        run_self_test(crashes)


@pytest.mark.parametrize(
    "data", [b"", b"{}", golden_bytes()[:-3], golden_bytes().replace(b'"proof": "', b'"proof": "0')]
)
def test_damaged_data_stops_it(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MalformedError, match=r"self_test\.json"):
        read_golden(data)
    monkeypatch.setattr(verifier.self_test, "golden_bytes", lambda: data)
    with fails("data cannot be used"):
        run_self_test(judge)


def test_missing_data_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> bytes:
        raise FileNotFoundError("self_test.json")

    monkeypatch.setattr(verifier.self_test, "golden_bytes", missing)
    with fails("data cannot be used"):
        run_self_test(judge)


def test_it_runs_once_also_with_many_threads() -> None:
    power_on, runs = PowerOn(), []

    def counting(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
        runs.append(threading.get_ident())
        judge(key, header, proof, accept)

    threads = [threading.Thread(target=power_on.require, args=(counting,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == len(list(cases(read_golden(golden_bytes()))))
    assert len(set(runs)) == 1
    power_on.require(crashes)  # passed for good


def test_a_failure_stays() -> None:
    power_on = PowerOn()
    for judged in (crashes, judge, judge):
        with fails("RuntimeError"):
            power_on.require(judged)


def test_a_failure_undoes_what_passed_before() -> None:
    power_on = PowerOn()
    with using_arithmetic("reference"):
        power_on.require(judge)
    with using_arithmetic("compiled"), fails("RuntimeError"):
        power_on.require(crashes)
    with using_arithmetic("reference"), fails("RuntimeError"):
        power_on.require(judge)


def test_nothing_is_verified_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = chained_scene("round robin", 23)
    arguments = (
        scene.world.proving_key.key,
        scene.batch.header,
        scene.prove(scene.columns),
        scene.acceptance,
    )
    verify(*arguments)
    monkeypatch.setattr(verifier.verify, "POWER_ON", PowerOn())
    with monkeypatch.context() as fault:
        fault.setattr(verifier.opening, "pairing_product_is_one", lambda pairs: True)
        with fails("a false value"):
            verify(*arguments)
    with fails("a false value"):
        verify(*arguments)


def test_its_own_batch_is_refused_by_everybody_else() -> None:
    """Its trapdoor is public: only who names its SRS, key, snapshot and router would accept it."""
    golden = read_golden(golden_bytes())
    assert is_development_identifier(golden.key.srs)
    theirs = chained_scene("round robin", 23).acceptance
    with pytest.raises(VerificationError) as caught:
        verify(golden.key, golden.header, golden.proof, theirs)
    assert caught.value.code is Code.KEY_UNKNOWN
    careless = replace(golden.acceptance, development_srs=frozenset())
    with pytest.raises(VerificationError) as caught:
        verify(golden.key, golden.header, golden.proof, careless)
    assert caught.value.code is Code.DEVELOPMENT_SRS


def test_it_needs_neither_prover_nor_compiled_code() -> None:
    """With the reference arithmetic, which is there wherever Python is."""
    script = (
        "import sys\n"
        "from verifier.verify import judge\n"
        "from verifier.self_test import run_self_test\n"
        "run_self_test(judge)\n"
        "print([name for name in ('numba', 'prover', 'click', 'pyarrow') if name in sys.modules])"
    )
    # compiled arithmetic is a choice; without it nothing compiled is loaded
    environment = {**os.environ, "ZKROUTE_VERIFIER": "reference"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == "[]"
