"""The parts of a window of which anything is wanted, in whole blocks of the source."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

LEAST = 256
"""Pixels along the edge of a part, at least: each is a read of its own, such as of single rows."""


def wanted_parts(
    wanted: NDArray[np.bool_], corner: tuple[int, int], block: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of a window (y, x) whose first pixel is at a corner of the source.

    They hold every pixel that is wanted, and blocks without such a pixel only where blocks of the
    source are smaller than `LEAST`. Blocks beside each other are one part.
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
    """Fill (band, y, x) from an open dataset; 0 stands where nothing around is wanted."""
    out[:] = 0
    for rows, columns in wanted_parts(wanted, corner, dataset.block_shapes[indexes[0] - 1]):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        window = Window(corner[1] + columns.start, corner[0] + rows.start, width, height)
        out[:, rows, columns] = dataset.read(indexes, window=window)


def _edges(start: int, length: int, size: int) -> list[int]:
    """Where cells of whole blocks begin and end within a window."""
    cell = -(-LEAST // size) * size
    inner = range(cell - start % cell, length, cell)
    return [0, *inner, length]
