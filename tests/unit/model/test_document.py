"""Documents in TOML: what is passed over, and what is said of values that are not allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkroute.errors import MalformedError
from zkroute.formats.documents import read_policy, read_snapshot
from zkroute.model.document import Table, is_name, load_toml
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.policy import parse_policy
from zkroute.model.snapshot import parse_snapshot

MARK = b"\xef\xbb\xbf"


def refusal(**values: object) -> Table:
    return Table(values, "file")


def test_a_byte_order_mark_changes_nothing(tmp_path: Path) -> None:
    for name, text in (("policy", EXAMPLE_POLICY), ("nodes", EXAMPLE_NODES)):
        (tmp_path / f"{name}.toml").write_bytes(MARK + text.encode())
    policy = read_policy(tmp_path / "policy.toml")
    assert policy.digest == parse_policy(EXAMPLE_POLICY, "p").digest
    snapshot = read_snapshot(tmp_path / "nodes.toml")
    assert snapshot.digest == parse_snapshot(EXAMPLE_NODES, "n").digest
    with pytest.raises(MalformedError, match=r"^policy\.toml:1: x: unknown key"):
        load_toml("\ufeffx = 1", "policy.toml").finish()
    with pytest.raises(MalformedError, match="not valid TOML"):
        load_toml("\ufeff\ufeffx = 1", "policy.toml")


@pytest.mark.parametrize("values", [[], "one", {"a": 1}, 5])
def test_a_list_that_is_none_or_has_nothing(values: object) -> None:
    shown = {"[]": "an empty list", "{'a': 1}": "a table"}.get(str(values), repr(values))
    with pytest.raises(MalformedError) as caught:
        refusal(tiers=values).names("tiers")
    assert str(caught.value) == f"file: tiers: must be a list of one or more names, not {shown}"
    with pytest.raises(MalformedError) as caught:
        refusal(levels=values).integers("levels", 0, 5)
    wanted = "a list of one or more whole numbers"
    assert str(caught.value) == f"file: levels: must be {wanted}, not {shown}"


def test_a_range_of_one_number_is_that_number() -> None:
    assert refusal(version=1).integer("version", 1, 1) == 1
    with pytest.raises(MalformedError, match="version: must be 1, not 2"):
        refusal(version=2).integer("version", 1, 1)
    with pytest.raises(MalformedError, match="slots: must be between 1 and 2, not 3"):
        refusal(slots=3).integer("slots", 1, 2)


@pytest.mark.parametrize("text", ["main", "a", "0.b_c:/+-", "x" * 64])
def test_names_are_what_a_document_takes_for_one(text: str) -> None:
    assert is_name(text)
    assert refusal(chain=text).name("chain") == text


@pytest.mark.parametrize("text", ["", " main", "no such", "-a", "é", "a\n", "x" * 65])
def test_other_texts_are_no_names(text: str) -> None:
    assert not is_name(text)
    with pytest.raises(MalformedError):
        refusal(chain=text).name("chain")
