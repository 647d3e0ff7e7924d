"""The report as one HTML page: no script, nothing loaded from anywhere, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from zkroute.audit.batches import Checked
from zkroute.audit.charts import MAX_NODES, bar_list, binned, column_chart, line_chart
from zkroute.audit.findings import Fault, Finding
from zkroute.audit.markup import Markup, join, moment, number, safe, short, tag
from zkroute.audit.report import InForce, Report
from zkroute.errors import ExitCode
from zkroute.protocol.header import Header

MAX_CELLS = 1_000
"""Most cells of the timeline; of a longer chain, one cell stands for several batches."""
MAX_ROWS = 500
"""Most batches listed one by one; those something is wrong with come first."""
MAX_FINDINGS = 500

SINGLE_FIGURES = {
    "max_count": "orders of the busiest node",
    "placed_count": "orders sent to any node",
    "herfindahl": "sum of squared counts",
}
"""Figures that are one number for a batch, in words."""

MARK = '<meta name="generator" content="zkroute audit">'
"""Near the start of every page, so that it is known for one of ours."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html_page(report: Report) -> str:
    """The whole page. Text that comes from files is escaped; the page has no script at all."""
    style = files("zkroute.audit").joinpath("report.css").read_text(encoding="utf-8")
    title = f"Audit of chain {report.chain}"
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(MARK),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", title),
        tag("style", Markup(style)),
    )
    sections = [
        _verdict(report, title),
        _findings(report),
        _timeline(report),
        *_charts(report),
        _in_force("Policies in force", "policy", report.policies),
        _in_force("Node snapshots in force", "snapshot", report.snapshots),
        _batches(report),
        _terms(report),
    ]
    page = tag("html", head, tag("body", *sections), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _verdict(report: Report, title: str) -> Markup:
    is_valid = report.exit_code is ExitCode.VALID
    faults = len(report.findings)
    verdict = (
        "Every batch is proven, and the chain is whole."
        if is_valid
        else f"Not to be relied on: {number(faults)} finding{'s' * (faults != 1)}, listed below."
    )
    headers = report.headers
    facts = [
        ("batches listed", number(len(report.batches))),
        ("of these refused", number(report.refused)),
        ("orders", number(sum(header.order_count for header in headers))),
        ("audited", moment(report.made_ms)),
    ]
    if headers:
        facts.insert(3, ("first batch", moment(headers[0].time_ms)))
        facts.insert(4, ("last batch", moment(headers[-1].time_ms)))
    warnings = [
        tag(
            "p",
            "Insecure reference strings were accepted, as asked for: whoever made them can forge "
            "proofs. This audit is a rehearsal.",
            class_="warning",
        )
    ] * bool(report.terms.development_srs)
    return tag(
        "header",
        tag("h1", title),
        tag("p", verdict, class_="verdict"),
        *warnings,
        tag(
            "dl",
            *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts),
            class_="facts",
        ),
        class_="valid" if is_valid else "refused",
    )


def _findings(report: Report) -> Markup:
    if not report.findings:
        return Markup("")
    items = [tag("li", *_finding(each)) for each in report.findings[:MAX_FINDINGS]]
    more = len(report.findings) - len(items)
    rest = [tag("p", f"{number(more)} more are in the JSON report.", class_="soft")] * bool(more)
    return tag("section", tag("h2", "What is wrong"), tag("ul", *items, class_="findings"), *rest)


def _finding(finding: Finding) -> Iterator[object]:
    yield tag("span", finding.code, class_="code")
    if finding.position is not None:
        yield Markup(" ")
        yield tag("a", f"batch {finding.batch}", href=f"#entry-{finding.position}")
    yield f": {finding.message}"


def _timeline(report: Report) -> Markup:
    step = -(-len(report.batches) // MAX_CELLS)
    cells: list[Markup] = []
    for start in range(0, len(report.batches), step):
        group = report.batches[start : start + step]
        findings = [each for batch in group for each in report.of(batch.position)]
        if any(each.code == Fault.GAP.value for each in findings):
            cells.append(tag("li", title="batches are missing here", class_="missing"))
        cells.append(_cell(group, findings))
    per_cell = "" if step == 1 else f" One cell stands for {step} batches."
    legend = tag(
        "p",
        tag("span", "In the order listed. Green: nothing wrong; red: refused; dashed: missing."),
        per_cell,
        class_="soft legend",
    )
    return tag("section", tag("h2", "Timeline"), tag("ol", *cells, class_="timeline"), legend)


def _cell(group: Sequence[Checked], findings: Sequence[Finding]) -> Markup:
    first, last = group[0], group[-1]
    name = f"batch {first.number}" if first is last else f"batches {first.number} to {last.number}"
    codes = ", ".join(dict.fromkeys(each.code for each in findings))
    bad = next((each.position for each in findings if each.position is not None), first.position)
    link = tag("a", href=f"#entry-{bad}", aria_label=f"{name}: {codes or 'valid'}")
    return tag(
        "li", link, title=f"{name}: {codes or 'valid'}", class_="refused" if codes else "valid"
    )


def _charts(report: Report) -> Iterator[Markup]:
    headers = report.headers
    if not headers:
        return
    numbers = [header.batch for header in headers]
    orders = binned(numbers, [header.order_count for header in headers], sum)
    together = "batches of a column together" if len(orders) < len(headers) else ""
    yield tag("section", tag("h2", "Orders"), column_chart("orders per batch", orders, together))
    if not any(header.figures.counts or header.figures.loads for header in headers):
        text = "The policy in force publishes neither counts nor loads of single nodes."
        yield tag("section", tag("h2", "Nodes"), tag("p", text, class_="soft"))
    yield from _counts(report, [header for header in headers if header.figures.counts])
    yield from _loads(report, [header for header in headers if header.figures.loads])
    yield from _concentration(headers)


def _counts(report: Report, headers: Sequence[Header]) -> Iterator[Markup]:
    if not headers:
        return
    slots = max(len(header.figures.counts) for header in headers)
    totals = [0] * slots
    for header in headers:
        for slot, count in enumerate(header.figures.counts):
            totals[slot] += count
    rows = [(_node(report, slot), total) for slot, total in enumerate(totals[:MAX_NODES])]
    note = tag("p", _over(headers) + _first_of(slots), class_="soft")
    yield tag("section", tag("h2", "Orders sent to each node"), note, bar_list(rows))


def _loads(report: Report, headers: Sequence[Header]) -> Iterator[Markup]:
    if not headers:
        return
    numbers = [header.batch for header in headers]
    slots = max(len(header.figures.loads) for header in headers)
    charts = []
    for slot in range(min(slots, MAX_NODES)):
        loads = [
            header.figures.loads[slot] if slot < len(header.figures.loads) else 0
            for header in headers
        ]
        charts.append(line_chart(_node(report, slot), binned(numbers, loads, max)))
    note = tag("p", _over(headers) + _first_of(slots), class_="soft")
    yield tag(
        "section",
        tag("h2", "Work of each node after each batch"),
        note,
        tag("div", *charts, class_="small"),
    )


def _concentration(headers: Sequence[Header]) -> Iterator[Markup]:
    """What is published of a whole batch, where it is."""
    charts = []
    for name, title in SINGLE_FIGURES.items():
        published = [
            (header.batch, value)
            for header in headers
            if (value := getattr(header.figures, name)) is not None
        ]
        if published:
            numbers, values = zip(*published, strict=True)
            charts.append(column_chart(title, binned(numbers, values, max)))
    if charts:
        yield tag("section", tag("h2", "Concentration"), *charts)


def _over(headers: Sequence[Header]) -> str:
    return f"As {number(len(headers))} headers publish it, in the policy's units."


def _first_of(slots: int) -> str:
    return f" The first {MAX_NODES} of {slots} nodes." if slots > MAX_NODES else ""


def _node(report: Report, slot: int) -> str:
    return report.nodes[slot] if slot < len(report.nodes) else f"slot {slot}"


def _in_force(title: str, column: str, runs: Sequence[InForce]) -> Markup:
    rows = [
        (
            str(each.first) if each.first == each.last else f"{each.first} to {each.last}",
            each.label or "cannot be read",
            short(each.digest),
        )
        for each in runs
    ]
    return tag("section", tag("h2", title), _table(("batches", column, "digest"), rows))


def _batches(report: Report) -> Markup:
    bad = [batch for batch in report.batches if report.of(batch.position)]
    good = [batch for batch in report.batches if not report.of(batch.position)]
    shown = (bad + good[-max(MAX_ROWS - len(bad), 0) :] if len(bad) < MAX_ROWS else bad)[:MAX_ROWS]
    shown.sort(key=lambda batch: batch.position)
    left = len(report.batches) - len(shown)
    note = [tag("p", f"{number(left)} more batches are in the JSON report.", class_="soft")] * bool(
        left
    )
    titles = tag(
        "tr",
        *(tag("th", name) for name in ("batch", "status", "time", "orders", "header", "policy")),
    )
    rows = [_row(report, batch) for batch in shown]
    table = tag("table", tag("thead", titles), tag("tbody", *rows))
    return tag("section", tag("h2", "Batches"), *note, tag("div", table, class_="scroll"))


def _row(report: Report, batch: Checked) -> Markup:
    findings = report.of(batch.position)
    codes = ", ".join(dict.fromkeys(each.code for each in findings))
    status = tag("td", codes or "valid", class_=f"status {'refused' if codes else 'valid'}")
    header = batch.header
    return tag(
        "tr",
        tag("td", number(batch.number)),
        status,
        tag("td", moment(header.time_ms) if header else "cannot be read"),
        tag("td", number(header.order_count) if header else ""),
        tag("td", short(batch.entry.header)),
        tag("td", short(header.policy if header else batch.entry.policy)),
        id=f"entry-{batch.position}",
    )


def _terms(report: Report) -> Markup:
    terms = report.terms
    lines = [
        ("keys", sorted(key.hex() for key in terms.keys)),
        ("routers", sorted(router.hex() for router in terms.routers.terms)),
        (
            "snapshots",
            ["as published, at the router's word"]
            if terms.snapshots is None
            else sorted(digest.hex() for digest in terms.snapshots),
        ),
        ("insecure reference strings", sorted(terms.development_srs) or ["none"]),
        ("headers seen before", sorted(head.hex() for head in terms.heads) or ["none named"]),
    ]
    rows = [
        tag("div", tag("dt", name), tag("dd", join((tag("code", each) for each in values), ", ")))
        for name, values in lines
    ]
    text = (
        "The auditor named these beforehand; nothing here comes from the publisher. A chain that "
        "lost its newest batches together with their files can only be told by a header seen "
        "before."
    )
    return tag("section", tag("h2", "What was accepted"), tag("p", text), tag("dl", *rows))


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    head = tag("tr", *(tag("th", title) for title in titles))
    body = [tag("tr", *(tag("td", safe(cell)) for cell in row)) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")
