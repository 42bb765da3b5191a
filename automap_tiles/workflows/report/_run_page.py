"""The report of a run as one HTML file: no scripts, no external resources."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape

from automap_tiles.errors import without_signatures
from automap_tiles.version import VERSION
from automap_tiles.workflows.report._run_log import Cell, RunLog, Step, TileMap

_PACKAGES = ("numpy", "rasterio", "shapely", "distributed", "loky", "obstore", "xgboost")
_COLOURS = {"failed": "#b3261e", "written": "#2e7d32", "empty": "#9aa0a6"}
"""By precedence within a cell."""
_EDGE = 320
"""Pixels of the longer side of a map."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem;
  color: #1f1f1f; background: #fff }
table { border-collapse: collapse; margin: .5rem 0 } caption { text-align: left; color: #555 }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd;
  vertical-align: top } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
pre { overflow-x: auto; background: #f5f5f5; padding: .6rem } figure { margin: .5rem 0 }
svg { border: 1px solid #ccc; background: #fff } .key span { margin-right: 1rem }
@media (prefers-color-scheme: dark) { body { color: #e3e3e3; background: #1b1b1b }
  pre { background: #262626 } th, td { border-color: #444 } caption { color: #aaa } }
"""


def run_page(story: RunLog) -> str:
    """The HTML report of a run."""
    title = f"Run of {story.order.get('workflow', 'a process')}"
    body = "\n".join([*_head(story, title), *_steps(story), *_troubles(story), *_rest(story)])
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n"
        "</body></html>\n"
    )


def _head(story: RunLog, title: str) -> Iterator[str]:
    seconds = (story.ended - story.begun).total_seconds() if story.ended is not None else None
    rows = [("Begun", _time(story.begun)), ("Ended", _time(story.ended)), ("Took", _span(seconds))]
    rows += [(str(name).capitalize(), _text(value)) for name, value in story.facts.items()]
    if why := story.outcome.get("stopped_by") or (story.outcome.get("stopped") and "on request"):
        rows.append(("Stopped", str(why)))
    if story.lost_workers:
        rows.append(("Workers that died", str(story.lost_workers)))
    yield f"<h1>{escape(title)}</h1>"
    yield _table((), rows)


def _steps(story: RunLog) -> Iterator[str]:
    if not story.steps:
        return
    yield "<h2>Steps</h2>"
    yield _table(
        ("Step", "Of", "Items", "Wall time", "Time in workers", "Most memory of a worker"),
        [_step_row(step) for step in story.steps],
    )
    for step in story.steps:
        if step.workers:
            yield _table(
                ("Worker", "Items", "Time", "Most memory"),
                [
                    (name, str(work.items), _span(work.seconds), _bytes(work.peak_bytes))
                    for name, work in sorted(step.workers.items())
                ],
                f"Workers of the step {_called(step)}",
            )
        for zoom, tiles in sorted(step.maps.items()):
            yield _figure(step, zoom, tiles)


def _called(step: Step) -> str:
    satellite = step.facts.get("satellite")
    return step.name if satellite is None else f"{step.name}, {satellite}"


def _step_row(step: Step) -> tuple[str, ...]:
    items = ", ".join(f"{count} {status}" for status, count in sorted(step.counts.items()))
    wall = None if step.ended is None else (step.ended - step.begun).total_seconds()
    work = step.workers.values()
    return (
        step.name,
        _text(step.facts.get("satellite")),
        items or "–",
        _span(wall),
        _span(sum(each.seconds for each in work)) if work else "–",
        _bytes(max((each.peak_bytes for each in work), default=0)),
    )


def _figure(step: Step, zoom: int, tiles: TileMap) -> str:
    """A map of the tiles, with a tooltip on each cell."""
    rows, cols = zip(*tiles.cells, strict=True)
    height, width = max(rows) - min(rows) + 1, max(cols) - min(cols) + 1
    edge = _EDGE / max(height, width)
    slowest = max((_mean(cell) for cell in tiles.cells.values()), default=0.0) or 1.0
    squares = [
        f'<rect x="{(col - min(cols)) * edge:.2f}" y="{(row - min(rows)) * edge:.2f}" '
        f'width="{edge:.2f}" height="{edge:.2f}" fill="{_colour(cell)}" '
        f'fill-opacity="{0.35 + 0.65 * _mean(cell) / slowest:.2f}">'
        f"<title>{escape(_said(cell, row, col, zoom, tiles.shift))}</title></rect>"
        for (row, col), cell in sorted(tiles.cells.items())
    ]
    of = "tiles" if not tiles.shift else f"squares of {2**tiles.shift} × {2**tiles.shift} tiles"
    key = "".join(
        f'<span><svg width="10" height="10"><rect width="10" height="10" fill="{colour}"/></svg> '
        f"{status}</span>"
        for status, colour in _COLOURS.items()
    )
    return (
        f'<figure><svg role="img" width="{width * edge:.0f}" height="{height * edge:.0f}">'
        f"<title>Tiles of zoom {zoom}</title>{''.join(squares)}</svg>"
        f'<figcaption class="key">Step {escape(_called(step))}, zoom {zoom}, {of} made in this '
        f"run; the fuller the colour the longer, up to {slowest:.2f} s: {key}</figcaption></figure>"
    )


def _mean(cell: Cell) -> float:
    return cell.seconds / max(1, sum(cell.counts.values()))


def _colour(cell: Cell) -> str:
    return next((_COLOURS[status] for status in _COLOURS if cell.counts.get(status)), "#000")


def _said(cell: Cell, row: int, col: int, zoom: int, shift: int) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in sorted(cell.counts.items()))
    place = f"{zoom}/{row << shift}/{col << shift}"
    return f"{place}: {counts}, {cell.seconds:.3f} s"


def _troubles(story: RunLog) -> Iterator[str]:
    if not story.troubles:
        return
    yield "<h2>What failed</h2>"
    for words, trouble in sorted(story.troubles.items(), key=lambda one: -one[1].count):
        names = ", ".join(trouble.examples)
        more = ", …" if trouble.count > len(trouble.examples) else ""
        yield (
            f"<h3>{trouble.count} × {_clean(words)}</h3><p>{_clean(names)}{more}</p>"
            f"<pre>{_clean(trouble.text)}</pre>"
        )


def _rest(story: RunLog) -> Iterator[str]:
    if story.notes:
        yield "<h2>Lost, replaced, ignored, guessed, repeated</h2>"
        yield "<ul>" + "".join(f"<li>{_clean(str(note))}</li>" for note in story.notes) + "</ul>"
    yield "<h2>Parameters</h2>"
    yield f"<pre>{_clean(json.dumps(story.order, indent=1, ensure_ascii=False))}</pre>"
    yield "<h2>Versions</h2>"
    yield _table((), list(_versions()))


def _versions() -> Iterator[tuple[str, str]]:
    yield "automap-tiles", VERSION
    yield "Python", platform.python_version()
    import rasterio

    yield "GDAL", rasterio.__gdal_version__
    for name in _PACKAGES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str | None = None) -> str:
    said = "" if caption is None else f"<caption>{escape(caption)}</caption>"
    if head:
        said += "<tr>" + "".join(f"<th>{escape(each)}</th>" for each in head) + "</tr>"
    for first, *others in rows:
        tag = "td" if head else "th"
        cells = "".join(f"<td>{_clean(each)}</td>" for each in others)
        said += f"<tr><{tag}>{_clean(first)}</{tag}>{cells}</tr>"
    return f"<table>{said}</table>"


def _clean(text: str) -> str:
    """Escaped for HTML, without signatures and user names in URLs."""
    return escape(without_signatures(text))


def _text(value: object) -> str:
    return "–" if value is None else str(value)


def _time(when: datetime | None) -> str:
    return "–" if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _bytes(count: int) -> str:
    return "–" if not count else f"{count / 1e6:,.0f} MB".replace(",", "\u202f")
