"""Numbers at the nodes of a wide grid, and what they are between."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def continued(values: Floats) -> Floats:
    """(row, column) with its NaN replaced, each row straight on from the two nodes beside it.

    Then whole empty rows by columns in the same way. All NaN stays so.
    """
    across = np.array([_line(row) for row in values])
    return np.array([_line(column) for column in across.T]).T


def between(values: Floats, rows: NDArray[Any], columns: NDArray[Any]) -> Floats:
    """Bilinear values at places, counted in nodes; the edge's slope goes on beyond the edge.

    `rows` and `columns` broadcast against each other; values (row, column) of two each at least.
    """
    top, down = _places(rows, values.shape[0])
    left, right = _places(columns, values.shape[1])
    upper = values[top, left] * (1 - right) + values[top, left + 1] * right
    lower = values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)


def _places(places: NDArray[Any], count: int) -> tuple[NDArray[np.intp], Floats]:
    """Node before each place, and how far behind it."""
    first = np.clip(np.floor(places), 0, count - 2).astype(np.intp)
    return first, np.asarray(places - first, dtype=np.float64)


def _line(values: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(values))
    if not 0 < len(known) < len(values):
        return values
    places = np.arange(len(values))
    line = np.interp(places, known, values[known])
    if len(known) > 1:
        for ends, (near, next_) in (
            (places < known[0], (known[0], known[1])),
            (places > known[-1], (known[-1], known[-2])),
        ):
            slope = (values[near] - values[next_]) / (near - next_)
            line[ends] = values[near] + slope * (places[ends] - near)
    return line
