"""The pages on policies and orders name every key, column and byte."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.support.shared import ROOT
from tests.unit.model.order_samples import OFFSETS
from tests.unit.model.test_policy_rules import EVERYTHING
from zkroute.model.document import load_canonical
from zkroute.model.examples import EXAMPLE_NODES, EXAMPLE_POLICY
from zkroute.model.order_files import DEFAULTS, REQUIRED
from zkroute.model.policy import parse_policy
from zkroute.model.policy_parts import CLASS_FIELDS
from zkroute.model.snapshot import parse_snapshot
from zkroute.model.trades import TRADE_COLUMNS

POLICY_PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
ORDERS_PAGE = (ROOT / "docs" / "orders.md").read_text(encoding="utf-8")


def _keys(document: object) -> set[str]:
    if isinstance(document, Mapping):
        return set(document).union(*map(_keys, document.values()))
    return set().union(*map(_keys, document)) if isinstance(document, list) else set()


def test_every_key_of_policy_and_snapshot_is_explained() -> None:
    policies = [parse_policy(text, "policy.toml") for text in (EXAMPLE_POLICY, EVERYTHING)]
    snapshot = load_canonical(parse_snapshot(EXAMPLE_NODES, "n").canonical_bytes(), "n").values
    instruments = {name for policy in policies for name in policy.instruments}
    for key in _keys([*(policy.document() for policy in policies), snapshot]) - instruments:
        assert re.search(rf"`\[*{key}\]*`", POLICY_PAGE), key


def test_every_column_is_explained() -> None:
    for column in (*REQUIRED, *DEFAULTS, *CLASS_FIELDS, "payload_sha256"):
        assert f"`{column}`" in ORDERS_PAGE, column
    assert ", ".join(TRADE_COLUMNS) in ORDERS_PAGE


@pytest.mark.parametrize(("field", "place"), OFFSETS.items())
def test_every_field_of_the_record_is_at_its_documented_offset(
    field: str, place: tuple[int, int]
) -> None:
    assert f"| {place[0]} | {place[1]} | `{field}` |" in ORDERS_PAGE
