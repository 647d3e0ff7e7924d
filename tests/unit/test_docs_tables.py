"""The pages of docs/tables name exactly what the circuits have: columns, gates, buses, totals."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from circuits.ir.circuit import Circuit
from circuits.ir.table import Table
from circuits.routing import GATE_DEGREE, RoutingCircuit, routing_circuit
from circuits.statement import Features, smallest_log_rows
from tests.oracle.documents import policy_of
from tests.oracle.random_policies import FEATURES, random_case
from tests.support.policies import POLICIES, WHOLE_RULE
from zkroute.model.policy import Policy, parse_policy

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "orders": ("orders", "order_cost", "order_risk", "order_shard", "order_placement"),
    "nodes": ("nodes", "node_closing", "node_figures"),
    "lookup": ("lookup",),
    "carry": ("carry",),
}
"""Table to the pages that describe it."""

EXPLAINED = ("statement.md", "protocol.md", "README.md", "tables/*.md", "decisions/*.md")

Present = Callable[[Features, Policy], bool]

IN_CIRCUITS: dict[str, Present] = {
    "all": lambda features, policy: True,
    "routes": lambda features, policy: features.routed,
    "routes or margins": lambda features, policy: features.classes,
    "groups": lambda features, policy: features.grouped,
    "priorities": lambda features, policy: features.prioritised,
    "statuses and several primaries": lambda features, policy: (
        features.statuses and len(features.primaries) > 1
    ),
    "bundles": lambda features, policy: features.bundles,
    "margins": lambda features, policy: features.margins,
    "rejections": lambda features, policy: features.rejects,
    "rejections and bundles": lambda features, policy: features.rejects and features.bundles,
    "liquidation": lambda features, policy: features.liquidates,
    "high value": lambda features, policy: features.high_value,
    "shards": lambda features, policy: features.shards,
    "notionals": lambda features, policy: features.notional,
    "cost by size, or notionals": lambda features, policy: features.sizes,
    "cost by notional": lambda features, policy: features.cost == "notional",
    "cost by notional, unit above 1": lambda features, policy: (
        features.cost == "notional" and policy.cost.unit > 1
    ),
    "cost by notional, unit no power of two": lambda features, policy: (
        features.cost == "notional" and bool(policy.cost.unit & (policy.cost.unit - 1))
    ),
    "saturation": lambda features, policy: features.saturates,
    "breakers": lambda features, policy: features.breaks,
    "breakers and bundles": lambda features, policy: features.breaks and features.bundles,
    "closing": lambda features, policy: features.closes,
    "overflow": lambda features, policy: features.overflows,
    "draining": lambda features, policy: features.drains,
    "`counts`": lambda features, policy: policy.publish.counts,
    "`loads`": lambda features, policy: policy.publish.loads,
    "`max_count`": lambda features, policy: policy.publish.max_count,
    "`max_share_percent`": lambda features, policy: policy.publish.max_share_percent is not None,
}
"""The words of the pages' column "in circuits"."""


@cache
def circuits() -> tuple[tuple[Policy, RoutingCircuit], ...]:
    """Circuits of policies that use every feature alone, together, and at random."""
    rng = random.Random(14)
    policies = [parse_policy(text, name) for name, text in POLICIES.items()]
    policies.append(parse_policy(WHOLE_RULE, "whole rule"))
    policies += [policy_of(random_case(rng, {feature})) for feature in FEATURES]
    policies += [policy_of(random_case(rng)) for _ in range(12)]
    return tuple(
        (policy, routing_circuit(policy, smallest_log_rows(policy, 0))) for policy in policies
    )


def declared() -> Iterator[Circuit]:
    for _, circuit in circuits():
        yield circuit.lowered.circuit


def rows(page: str, section: str) -> list[list[str]]:
    """Cells of the table under a heading of a page, without its head; none without the heading."""
    text = (DOCS / "tables" / f"{page}.md").read_text(encoding="utf-8")
    parts = re.split(rf"^## {section}$", text, flags=re.MULTILINE)
    if len(parts) == 1:
        return []
    body = re.split(r"^##", parts[1], flags=re.MULTILINE)[0]
    lines = [line for line in body.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def numberless(text: str) -> str:
    return re.sub(r"(limb|helper)_\d+", r"\1_i", text)


def plain(text: str) -> str:
    return text.replace("`", "").replace("·", "*").replace("−", "-")


@pytest.mark.parametrize("table", PAGES)
def test_every_column_is_described_and_every_description_has_a_column(table: str) -> None:
    described = {names(row[0])[0]: row for page in PAGES[table] for row in rows(page, "Columns")}
    found: dict[str, tuple[str, str]] = {}
    for circuit in declared():
        if table in circuit.tables:
            for column in circuit.tables[table].columns.values():
                found[numberless(column.name)] = (column.kind.value, column.meaning)
    assert sorted(described) == sorted(found)
    for name, (kind, meaning) in found.items():
        assert described[name][1].split(",")[0] == kind, name
        assert name.endswith("limb_i") or plain(described[name][3]) == meaning, name


@pytest.mark.parametrize("table", PAGES)
def test_columns_stand_in_the_circuits_the_pages_say(table: str) -> None:
    described = [row for page in PAGES[table] for row in rows(page, "Columns")]
    for policy, circuit in circuits():
        here = circuit.lowered.circuit.tables.get(table)
        present = {numberless(name) for name in here.columns} if here else set()
        for name, word in ((names(row[0])[0], row[4]) for row in described):
            expected = IN_CIRCUITS[word](circuit.features, policy)
            assert (name in present) == expected, (name, word, policy.name)


def sentences(page: str) -> set[str]:
    """Gate sentences of a page; a sentence about X stands for one about each column named."""
    found = set()
    for sentence, polynomial in ((row[0], row[1]) for row in rows(page, "Gates")):
        if sentence.startswith("X "):
            columns = names(polynomial.split("for X each of")[1])
            found |= {sentence.replace("X", column, 1) for column in columns}
        else:
            found.add(sentence)
    return found


@pytest.mark.parametrize("table", PAGES)
def test_every_gate_is_described_and_every_sentence_is_a_gate(table: str) -> None:
    described = set().union(*map(sentences, PAGES[table]))
    found = {
        numberless(gate.sentence)
        for _, circuit in circuits()
        for gate in circuit.lowered.gates.get(table, ())
    }
    assert sorted(described) == sorted(found)


def interactions(table: str) -> dict[str, set[tuple[str, int]]]:
    """Bus to (direction, tuple length) of what circuits put on it from a table."""
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for circuit in declared():
        for each in circuit.interactions:
            if each.table == table:
                way = "receives" if each.multiplicity.text.startswith("(0 - ") else "sends"
                found[each.bus].add((way, len(each.values)))
    return found


@pytest.mark.parametrize("table", PAGES)
def test_every_bus_is_described_with_its_directions_and_longest_tuple(table: str) -> None:
    described: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for page in PAGES[table]:
        for bus, way, entries, _ in rows(page, "Buses"):
            length = 1 if bus == "`range`" else entries.count(",") + 1
            described[names(bus)[0]].add((way, length))
    found = {
        bus: {(way, max(n for w, n in ways if w == way)) for way, _ in ways}
        for bus, ways in interactions(table).items()
    }
    assert described == found


def test_every_total_is_described_with_its_sentence() -> None:
    described = {
        names(row[0])[0]: row[1]
        for pages in PAGES.values()
        for page in pages
        for row in rows(page, "Totals")
    }
    found = {each.name: each.sentence for circuit in declared() for each in circuit.totals}
    assert described == found


def test_every_range_check_is_listed() -> None:
    described = {(row[1], name) for row in rows_of_range_checks() for name in names(row[0])}
    found = {
        (table.name, name.removesuffix("_limb_0"))
        for circuit in declared()
        for table in circuit.tables.values()
        for name in table.columns
        if name.endswith("_limb_0")
    }
    assert described == found


def rows_of_range_checks() -> list[list[str]]:
    text = (DOCS / "tables" / "lookup.md").read_text(encoding="utf-8")
    body = text.split("| check | on | width | exact | says |\n")[1]
    lines = [line for line in body.split("\n") if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_exact_range_checks_are_the_ones_listed_as_exact() -> None:
    """An exact check whose width is no multiple of the limb's looks its top limb up twice."""
    exact = {
        (row[1], name): row[3] == "yes" for row in rows_of_range_checks() for name in names(row[0])
    }
    for circuit in declared():
        for table in circuit.tables.values():
            for name in looked_up_twice(circuit, table):
                assert exact[table.name, name], (table.name, name)


def looked_up_twice(circuit: Circuit, table: Table) -> set[str]:
    """Range checks whose top limb is looked up shifted as well."""
    pattern = re.compile(rf"{table.name}\.(\w+)_limb_\d+\*\d+")
    lookups = (each.values[0].text for each in circuit.interactions if each.bus == "range")
    return {match[1] for match in map(pattern.fullmatch, lookups) if match}


def explained_pages() -> list[Path]:
    return sorted(page for pattern in EXPLAINED for page in DOCS.glob(pattern))


@pytest.mark.parametrize("page", explained_pages(), ids=lambda page: page.name)
def test_blocks_of_the_pages_are_formulas(page: Path) -> None:
    """What stands in a block of these pages is text; nothing in them pretends to be a program."""
    text = page.read_text(encoding="utf-8")
    opened = re.findall(r"^```(.*)$", text, flags=re.MULTILINE)[::2]
    assert set(opened) <= {"text"}
    assert not re.search(r"\n\n    \S", text)


@pytest.mark.parametrize("page", explained_pages(), ids=lambda page: page.name)
def test_links_and_paths_of_the_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(\s*([^)#\s]*)(#[^)\s]+)?\)", text):
        if target.startswith("http"):
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor[1:] in slugs, (target, anchor)
    for path in re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", text):
        assert (DOCS.parent / path).exists(), path


def test_every_page_is_listed() -> None:
    listed = (DOCS / "README.md").read_text(encoding="utf-8")
    for folder in ("tables", "decisions"):
        for page in (DOCS / folder).glob("*.md"):
            assert f"({folder}/{page.name})" in listed, page.name


def test_numbers_of_the_protocol_page() -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    longest = max(len(each.values) for circuit in declared() for each in circuit.interactions)
    assert f"at most {['', '', '', '', 'four', 'five', 'six'][longest]}" in text
    assert f"gate degree ({GATE_DEGREE})" in text
    rotated = {
        cell
        for circuit in declared()
        for cell in re.findall(r"orders\.(\w+)'", " ".join(gate_texts(circuit)))
    }
    listed = re.search(r"those read on the next row: ([^|]*)", text)
    assert listed is not None
    assert set(names(listed[1])) | {"sequence", "leg", "node"} == rotated - {"first_row"}


def gate_texts(circuit: Circuit) -> list[str]:
    return [gate.expression.text for gate in circuit.tables["orders"].gates] + [
        "orders.accumulator'"
    ]
