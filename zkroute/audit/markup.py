"""HTML and SVG as text: everything that comes from a file is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape


class Markup(str):
    """Text that is markup already. Any other text is escaped before it goes into a page."""

    __slots__ = ()


def safe(content: object) -> Markup:
    """The content as markup: escaped unless it is markup."""
    return content if isinstance(content, Markup) else Markup(escape(str(content)))


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Parts one after another."""
    return Markup(escape(between).join(map(safe, parts)))


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """An element with its end tag. ``class_`` is ``class``; ``_`` in other names is ``-``."""
    return Markup(f"<{name}{_attributes(attributes)}>{join(content)}</{name}>")


def empty_tag(name: str, **attributes: object) -> Markup:
    """An SVG or HTML element without content."""
    return Markup(f"<{name}{_attributes(attributes)}/>")


def number(value: int) -> str:
    """A whole number for people."""
    return f"{value:,}"


def short(digest: bytes) -> Markup:
    """The start of a digest, the whole of it on hovering."""
    return tag("code", digest.hex()[:16] + "…", title=digest.hex())


def moment(time_ms: int) -> str:
    """A time in UTC, whatever number a header holds."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
    )
