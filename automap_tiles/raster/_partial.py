"""The parts of a window that contain wanted pixels, in whole blocks of the source."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

LEAST = 256
"""Minimum edge of a part in pixels: each part is a separate read, e.g. of single rows."""


def wanted_parts(
    wanted: NDArray[np.bool_], corner: tuple[int, int], block: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of a window (y, x) whose first pixel is at `corner` in the source.

    They contain every wanted pixel, and blocks without one only if the source's blocks are smaller
    than `LEAST`. Adjacent blocks are merged into one part.
    """
    row_edges, column_edges = (
        _edges(start, length, size)
        for start, length, size in zip(corner, wanted.shape, block, strict=True)
    )
    for top, bottom in pairwise(row_edges):
        columns = np.logical_or.reduce(wanted[top:bottom], axis=0)
        cells = [
            (left, right, bool(columns[left:right].any())) for left, right in pairwise(column_edges)
        ]
        for is_wanted, run in groupby(cells, key=lambda cell: cell[2]):
            if is_wanted:
                beside = list(run)
                yield slice(top, bottom), slice(beside[0][0], beside[-1][1])


def read_parts(
    dataset: Any,
    indexes: list[int],
    corner: tuple[int, int],
    out: NDArray[Any],
    wanted: NDArray[np.bool_],
) -> None:
    """Fill (band, y, x) from an open dataset; blocks without wanted pixels are 0."""
    out[:] = 0
    for rows, columns in wanted_parts(wanted, corner, dataset.block_shapes[indexes[0] - 1]):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        window = Window(corner[1] + columns.start, corner[0] + rows.start, width, height)
        out[:, rows, columns] = dataset.read(indexes, window=window)


def _edges(start: int, length: int, size: int) -> list[int]:
    """Starts and ends of cells of whole blocks within a window."""
    cell = -(-LEAST // size) * size
    inner = range(cell - start % cell, length, cell)
    return [0, *inner, length]
