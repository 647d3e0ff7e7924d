"""The report: its JSON against its schema, its page against an HTML parser."""

from __future__ import annotations

import html
import html.parser
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from circuits.instance import Figures
from tests.audit.published import Site
from tests.audit.tamperings import batches_reordered, figures_left_out, middle_batch_dropped
from zkroute.audit.charts import MAX_COLUMNS, binned, column_chart
from zkroute.audit.findings import Fault, found
from zkroute.audit.markup import Markup, join, moment, safe, tag
from zkroute.audit.page import MAX_ROWS, html_page
from zkroute.audit.report import Report, schema
from zkroute.audit.run import WORTH_A_PROCESS, worthwhile

VOID = {"meta"}
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class WellFormed(html.parser.HTMLParser):
    """Refuses a tag that is not closed by its own end tag, and counts what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.identifiers: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        assert not any(name.startswith("on") for name in names), (tag, names)
        self.seen.append(tag)
        values = dict(attrs)
        if "id" in values:
            self.identifiers.append(str(values["id"]))
        if "href" in values:
            self.targets.append(str(values["href"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("rect", "polygon", "polyline"), tag
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> WellFormed:
    parser = WellFormed()
    parser.feed(page)
    parser.close()
    assert not parser.open
    assert len(set(parser.identifiers)) == len(parser.identifiers)
    return parser


def check(report: Report) -> str:
    """The document keeps to the schema, the page is sound and asks nobody for anything."""
    jsonschema.validate(report.document(), schema(), jsonschema.Draft202012Validator)
    page = html_page(report)
    parser = parsed(page)
    assert "script" not in parser.seen
    assert not re.search(r"https?://|url\(|@import|\bsrc=", page)
    assert {target[1:] for target in parser.targets} <= set(parser.identifiers)
    return page


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_an_honest_chain_reads_well(honest: Site) -> None:
    report = honest.audit()
    page = check(report)
    assert "Every batch is proven, and the chain is whole." in page
    assert "What is wrong" not in page
    assert "rehearsal" in page  # the reference string is a development one
    for node in honest.world.snapshot.nodes:
        assert page.count(node.name) >= 2  # its orders and its work
    document = report.document()
    assert document["valid"] is True
    assert document["summary"]["orders"] == 73  # type: ignore[index]  # checked by the schema


def test_figures_of_whole_batches_are_drawn_where_they_are_published(honest: Site) -> None:
    report = honest.audit()
    batches = tuple(
        replace(batch, header=replace(batch.header, figures=Figures(max_count=7, herfindahl=91)))
        for batch in report.batches
        if batch.header
    )
    page = check(replace(report, batches=batches))
    assert "orders of the busiest node" in page
    assert "sum of squared counts" in page
    assert "orders sent to any node" not in page
    assert "publishes neither counts nor loads" in page


def test_a_broken_chain_says_what_is_wrong(site: Site) -> None:
    middle_batch_dropped(site)
    page = check(site.audit())
    assert "Not to be relied on: 1 finding," in page
    assert 'class="missing"' in page


def test_reordered_batches_have_their_own_rows(site: Site) -> None:
    batches_reordered(site)
    check(site.audit())


def test_headers_without_figures_leave_no_hole(site: Site) -> None:
    figures_left_out(site)
    check(site.audit())


def test_a_chain_whose_headers_cannot_be_read_has_a_page(site: Site) -> None:
    for position in range(3):
        site.file(position, "headers", "header").write_bytes(b"{}")
    page = check(site.audit())
    assert "cannot be read" in page


def test_text_from_files_is_escaped(honest: Site) -> None:
    evil = '<script>alert("1")</script>&amp;'
    report = honest.audit()
    finding = found(Fault.FILE_EXTRA, f"{evil} is extra", 1, 1, evil)
    report = replace(
        report,
        chain=evil,
        findings=(finding,),
        nodes=(evil, *report.nodes[1:]),
        policies=(replace(report.policies[0], label=evil),),
    )
    page = check(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5


@pytest.mark.skipif(os.name != "posix", reason="such names exist only there")
def test_names_that_cannot_be_printed_do_not_stop_a_report(site: Site) -> None:
    name = b"<b>\xff\n\x1b[31m.bin"
    descriptor = os.open(os.fsencode(site.path / "proofs") + b"/" + name, os.O_CREAT | os.O_WRONLY)
    os.close(descriptor)
    report = site.audit()
    assert [each.code for each in report.findings] == ["file-extra"]
    assert check(report).encode("utf-8")
    assert report.findings[0].message.isprintable()


def test_a_long_chain_is_drawn_in_bins(honest: Site) -> None:
    report = honest.audit()
    last = report.batches[-1]
    assert last.header is not None
    many = tuple(
        replace(last, position=position, header=replace(last.header, batch=position))
        for position in range(4_000)
    )
    page = check_page(replace(report, batches=many, findings=()))
    assert page.count("<tr id=") == MAX_ROWS
    assert "One cell stands for 4 batches" in page
    assert len(page) < 2_000_000


def check_page(report: Report) -> str:
    page = html_page(report)
    parsed(page)
    return page


def test_processes_are_started_where_they_pay() -> None:
    assert worthwhile(1) == 1
    assert worthwhile(WORTH_A_PROCESS) == 1
    assert worthwhile(1 << 20) == (os.cpu_count() or 1)


def test_bins_cover_every_batch() -> None:
    for count in (1, 2, MAX_COLUMNS, MAX_COLUMNS + 1, 10 * MAX_COLUMNS + 3):
        columns = binned(range(count), [1] * count, sum)
        assert len(columns) <= MAX_COLUMNS
        assert sum(column.value for column in columns) == count
        assert columns[-1].label.endswith(f" {count - 1}")


def test_a_chart_of_nothing_is_flat() -> None:
    chart = column_chart("orders", binned([0, 1], [0, 0], sum))
    assert 'height="0.00"' in chart
    assert column_chart("orders", [])


def test_markup_escapes_once() -> None:
    assert tag("p", "a<b", Markup("<i>c</i>"), title='"') == (
        '<p title="&quot;">a&lt;b<i>c</i></p>'
    )
    assert join(("<", safe("<"))) == "&lt;&lt;"


def test_times_beyond_the_calendar_are_shown_as_they_are() -> None:
    assert moment(1_700_000_000_000) == "2023-11-14 22:13:20 UTC"
    assert moment((1 << 64) - 1) == f"{(1 << 64) - 1} ms"


def browsed(page: Path, width: int, *words: str) -> subprocess.CompletedProcess[str]:
    """The page, opened in a browser of that width; what its console says is in ``stderr``."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    return subprocess.run(
        [str(CHROMIUM), *options, f"--window-size={width},2400", *words, str(page)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_opens_in_a_browser(honest: Site, tmp_path: Path, width: int) -> None:
    page, picture = tmp_path / "audit.html", tmp_path / "audit.png"
    page.write_text(html_page(honest.audit()), encoding="utf-8")
    shown = browsed(page, width, f"--screenshot={picture}")
    assert picture.stat().st_size > 10_000
    assert "CONSOLE" not in shown.stderr


FRAME = """<iframe style="width: {width}px; height: 2000px; border: 0" srcdoc="{page}"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const page = frame.contentDocument.documentElement;
  document.body.dataset.width = `${{page.scrollWidth}} of ${{page.clientWidth}}`;
}};
</script>"""
"""A browser's own window has a least width, which is more than a telephone's."""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_the_window(honest: Site, tmp_path: Path, width: int) -> None:
    outer = tmp_path / "outer.html"
    page = html.escape(html_page(honest.audit()))
    outer.write_text(FRAME.format(width=width, page=page), encoding="utf-8")
    shown = browsed(outer, 1400, "--dump-dom").stdout
    measured = re.search(r'data-width="(\d+) of (\d+)"', shown)
    assert measured is not None
    assert int(measured[1]) <= int(measured[2])
    assert width - 20 <= int(measured[2]) <= width
