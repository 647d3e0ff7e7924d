"""Charts as inline SVG. Shapes stretch with the page; labels are HTML, so they stay legible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zkroute.audit.markup import Markup, empty_tag, join, number, tag

MAX_COLUMNS = 150
MAX_NODES = 64
_WIDTH, _HEIGHT = 1000.0, 100.0
_COLOUR = "#3b6fb6"
"""For programs that draw SVG without the page's style sheet; browsers take the sheet's."""


@dataclass(frozen=True)
class Column:
    """One column of a chart: some batches in a row and the value shown for them."""

    label: str
    value: int


def binned(
    labels: Sequence[int], values: Sequence[int], join_values: Callable[[Sequence[int]], int]
) -> list[Column]:
    """At most ``MAX_COLUMNS`` columns; where batches share one, ``join_values`` says its value."""
    step = -(-len(values) // MAX_COLUMNS) or 1
    columns = []
    for start in range(0, len(values), step):
        first, last = labels[start], labels[min(start + step, len(labels)) - 1]
        label = f"batch {first}" if first == last else f"batches {first} to {last}"
        columns.append(Column(label, join_values(values[start : start + step])))
    return columns


def column_chart(title: str, columns: Sequence[Column], note: str = "") -> Markup:
    """A figure with one bar per column, the greatest value and first and last label in words."""
    top = max((column.value for column in columns), default=0)
    width = _WIDTH / max(len(columns), 1)
    gap = min(width * 0.15, 4.0)
    bars = [
        tag(
            "rect",
            tag("title", f"{column.label}: {number(column.value)}"),
            x=f"{position * width + gap / 2:.2f}",
            width=f"{width - gap:.2f}",
            y=f"{_HEIGHT - _scaled(column.value, top):.2f}",
            height=f"{_scaled(column.value, top):.2f}",
        )
        for position, column in enumerate(columns)
    ]
    return _figure(title, columns, top, _drawing(title, join(bars)), note)


def line_chart(title: str, columns: Sequence[Column]) -> Markup:
    """A small figure with an area under a line, for many side by side."""
    top = max((column.value for column in columns), default=0)
    width = _WIDTH / max(len(columns) - 1, 1)
    heights = [_HEIGHT - _scaled(column.value, top) for column in columns]
    if len(heights) == 1:
        heights *= 2
    points = " ".join(f"{place * width:.2f},{height:.2f}" for place, height in enumerate(heights))
    shape = join(
        (
            empty_tag("polygon", points=f"0,{_HEIGHT:.0f} {points} {_WIDTH:.0f},{_HEIGHT:.0f}"),
            empty_tag(
                "polyline",
                points=points,
                fill="none",
                stroke=_COLOUR,
                vector_effect="non-scaling-stroke",
            ),
        )
    )
    return _figure(title, columns, top, _drawing(title, shape), "")


def bar_list(rows: Sequence[tuple[str, int]]) -> Markup:
    """Horizontal bars, one line per name, with the value and its part of the whole."""
    top = max((value for _, value in rows), default=0)
    whole = sum(value for _, value in rows) or 1
    items = []
    for name, value in rows:
        length = f"{_scaled(value, top) / _HEIGHT * _WIDTH:.2f}"
        bar = empty_tag("rect", x=0, y=0, width=length, height=_HEIGHT)
        shown = f"{number(value)} · {value / whole:.1%}"
        items.append(
            tag(
                "li",
                tag("span", name, class_="name"),
                _drawing(f"{name}: {shown}", bar),
                tag("span", shown, class_="value"),
            )
        )
    return tag("ul", *items, class_="bars")


def _figure(title: str, columns: Sequence[Column], top: int, drawing: Markup, note: str) -> Markup:
    ends = [columns[0].label, columns[-1].label] if columns else []
    axis = tag("div", *(tag("span", end) for end in dict.fromkeys(ends)), class_="axis")
    caption = tag(
        "figcaption",
        tag("strong", title),
        tag("span", f"at most {number(top)}" + (f"; {note}" if note else "")),
    )
    return tag("figure", caption, drawing, axis)


def _drawing(title: str, content: Markup) -> Markup:
    return tag(
        "svg",
        content,
        viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}",
        preserveAspectRatio="none",
        fill=_COLOUR,
        role="img",
        aria_label=title,
    )


def _scaled(value: int, top: int) -> float:
    return _HEIGHT * value / top if top else 0.0
