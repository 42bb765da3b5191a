"""Text output of assessments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from automap_tiles.analysis.learning.accuracy import Estimate
from automap_tiles.workflows.assess._assessment import Assessment, remarks
from automap_tiles.workflows.assess._drawing import Drawn

_HECTARE = 10_000.0


def summary(found: Assessment) -> Iterator[str]:
    """Lines: overall accuracy, one line per class, remarks."""
    yield f"{int(found.counts.sum())} reference samples; estimates ± half of the 95 % interval"
    yield f"Overall accuracy {percent(found.accuracy.overall)}"
    areas = found.accuracy.areas(sum(found.areas) / _HECTARE)
    rows = [("", "class", "samples", "user's", "producer's", "area (ha)", "mapped (ha)")]
    for place, one in enumerate(found.classes):
        rows.append(
            (
                str(one.value),
                one.name,
                str(int(found.counts[place].sum())),
                percent(found.accuracy.users[place]),
                percent(found.accuracy.producers[place]),
                amount(areas[place]),
                f"{found.areas[place] / _HECTARE:,.1f}",
            )
        )
    yield from _table(rows)
    for remark in remarks(found):
        yield f"- {remark}"


def design_summary(drawn: Drawn) -> Iterator[str]:
    """Lines: number of points, in total and by class."""
    total = sum(drawn.numbers)
    if drawn.needed is None:
        yield f"{total} points"
    else:
        yield f"{total} points; the standard error asked for needs {drawn.needed}"
    rows = [("", "class", "share of the map", "expected", "points")]
    for place, one in enumerate(drawn.classes):
        rows.append(
            (
                str(one.value),
                one.name,
                f"{drawn.strata.shares[place]:.2%}",
                f"{drawn.expected[place]:.0%}",
                str(drawn.numbers[place]),
            )
        )
    yield from _table(rows)


def percent(one: Estimate) -> str:
    """`93.5 % ± 3.4`."""
    if np.isnan(one.value):
        return "–"
    error = "?" if np.isnan(one.half_width) else f"{100 * one.half_width:.1f}"
    return f"{100 * one.value:.1f} % ± {error}"


def amount(one: Estimate) -> str:
    """`21,158.0 ± 6,158.0`."""
    error = "?" if np.isnan(one.half_width) else f"{one.half_width:,.1f}"
    return f"{one.value:,.1f} ± {error}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned columns; names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place == 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
