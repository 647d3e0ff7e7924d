"""policy: check, explain, diff and digest on the example and on policies with faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from zkroute.cli.main import command_line
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.policy import parse_policy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "policy.toml").write_text(EXAMPLE_POLICY)
    (tmp_path / "nodes.toml").write_text(EXAMPLE_NODES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(command_line, ["policy", *words])


def answer(*words: str) -> dict:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_good_policy_can_be_used_as_it_is(folder: Path) -> None:
    result = run("check", "--nodes", "nodes.toml")
    assert (result.exit_code, result.stdout) == (
        0,
        "policy.toml: policy 'perpetuals' can be used as it is\n",
    )
    digest = parse_policy(EXAMPLE_POLICY, "p").digest.hex()
    assert answer("check") == {"file": "policy.toml", "digest": digest, "problems": []}


def test_remarks_name_their_line(folder: Path) -> None:
    text = EXAMPLE_POLICY + '\n[[routes]]\nsegment = "fast"\n'
    (folder / "odd.toml").write_text(text)
    line = text.count("\n") - 1
    assert run("check", "odd.toml").stdout.startswith(f"odd.toml:{line}: route 5 (to 'fast') never")
    (problem,) = answer("check", "odd.toml")["problems"]
    assert problem["line"] == line
    (folder / "marked.toml").write_text(text, encoding="utf-8-sig")
    assert answer("check", "marked.toml")["problems"] == [problem]


def test_faults_end_with_their_exit_code(folder: Path) -> None:
    (folder / "bad.toml").write_text(EXAMPLE_POLICY.replace("slots = 64", "slots = 63"))
    result = run("check", "bad.toml")
    assert result.exit_code == 3
    line = EXAMPLE_POLICY[: EXAMPLE_POLICY.index("slots = 64")].count("\n") + 1
    assert f"bad.toml:{line}: slots: must be a power of two" in result.stderr
    (folder / "far.toml").write_text(EXAMPLE_NODES.replace('group = "fast"', 'group = "far"'))
    assert run("check", "--nodes", "far.toml").exit_code == 4
    assert run("digest", "none.toml").exit_code == 2


def test_explain_speaks_and_shows_nodes(folder: Path) -> None:
    result = run("explain", "--nodes", "nodes.toml")
    assert "1. Orders of intent liquidation: to 'fast' with priority 0." in result.stdout
    assert "singapore-2" in result.stdout
    document = answer("explain", "--nodes", "nodes.toml")
    first = document["nodes"][0]
    assert first["base"] == 2000 * 9 + 1000 * 8 + 100 * 10
    assert (first["slope"], first["segment"], first["drain_per_second"]) == (25, "fast", 40_000)
    assert document["nodes"][6]["segment"] == "down"
    assert answer("explain")["nodes"] == []


def test_diff_lists_changes_one_by_one(folder: Path) -> None:
    after = EXAMPLE_POLICY.replace("gas_weight = 2_000", "gas_weight = 3_000")
    after += '\n[[routes]]\nmatch = { tier = ["retail"] }\nsegment = "fast"\n'
    (folder / "after.toml").write_text(after)
    assert run("diff", "policy.toml", "after.toml").stdout.splitlines() == [
        "~ key.gas_weight: 2000 -> 3000",
        '+ routes[5]: { match = { tier = ["retail"] }, priority = 0, segment = "fast" }',
    ]
    (folder / "public.toml").write_text(EXAMPLE_POLICY + "\n[publish]\ncounts = true\n")
    shown = run("diff", "policy.toml", "public.toml").stdout
    assert shown == "~ publish.counts: false -> true\n"
    back = run("diff", "after.toml", "policy.toml").stdout
    assert '- routes[5]: { match = { tier = ["retail"] }' in back
    assert answer("diff", "policy.toml", "policy.toml")["changes"] == []
    assert "the same policy" in run("diff", "policy.toml", "policy.toml").stdout


def test_digest_is_that_of_the_canonical_file_too(folder: Path) -> None:
    policy = parse_policy(EXAMPLE_POLICY, "p")
    (folder / "policy.json").write_bytes(policy.canonical_bytes())
    for file in ("policy.toml", "policy.json"):
        assert run("digest", file).stdout == policy.digest.hex() + "\n"
    assert answer("check", "policy.json")["problems"] == []
