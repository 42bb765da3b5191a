"""HTML representations for notebooks: self-contained images and tables."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape


def figure(picture: bytes, title: str, attribution: str) -> str:
    """A PNG with the attribution of its data."""
    address = f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}"
    caption = f"<figcaption>{escape(attribution)}</figcaption>" if attribution else ""
    return (
        f'<figure style="margin:0 0 .5em"><img src="{address}" alt="{escape(title)}" '
        f'style="max-width:100%;image-rendering:pixelated">{caption}</figure>'
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Texts in cells; a header of empty texts is omitted."""
    top = _row(head, "th") if any(head) else ""
    body = "".join(_row(row, "td") for row in rows)
    return f"<table>{top}{body}</table>"


def _row(cells: Iterable[object], tag: str) -> str:
    inside = "".join(
        f'<{tag} style="text-align:left">{escape(str(cell))}</{tag}>' for cell in cells
    )
    return f"<tr>{inside}</tr>"


def bar(done: int, total: int, text: str) -> str:
    """A progress bar."""
    return (
        f'<progress value="{done}" max="{max(1, total)}" style="width:20em"></progress> '
        f"{escape(text)}"
    )
