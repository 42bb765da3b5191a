"""How steeply and which way brightness rises: pixel by pixel, and oriented over cells of pixels.

Dalal & Triggs 2005, IEEE Conference on Computer Vision and Pattern Recognition: 886-893, unsigned
angles into bins without sharing between them, as scikit-image has it. Cells begin at the level's
own corner, so that they are the same however a picture is cut.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CELL = 8
BINS = 9
_CLIP = 0.2
_NOTHING = 1e-5


def margin(cell: int = CELL) -> int:
    """Margin of the histogram of a pixel's cell, alone or within its block, pixels."""
    return 3 * cell + 1


def gradients(plane: NDArray[Any], valid: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(y, x) differences of the two neighbours along rows and along columns, not halved.

    0 where one of them is missing or beyond the plane.
    """
    data = np.where(valid, plane, 0).astype(np.float64)
    down, across = np.zeros(data.shape), np.zeros(data.shape)
    both = valid[2:] & valid[:-2]
    down[1:-1] = np.where(both, data[2:] - data[:-2], 0)
    both = valid[:, 2:] & valid[:, :-2]
    across[:, 1:-1] = np.where(both, data[:, 2:] - data[:, :-2], 0)
    return down, across


def steepness(plane: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(y, x) gradient magnitude of a plane (y, x), in its unit per pixel; 0 where not valid.

    Uses the filters of Sobel & Feldman 1968, divided by eight. Missing pixels, and those beyond the
    plane, are replaced by the nearest pixel.
    """
    height, width = plane.shape
    data = np.pad(np.where(valid, plane, 0).astype(np.float64), 1)
    known = np.pad(valid, 1)
    middle = data[1:-1, 1:-1]
    down, across = np.zeros(plane.shape), np.zeros(plane.shape)
    for row, col in product((-1, 0, 1), repeat=2):
        place = slice(1 + row, 1 + row + height), slice(1 + col, 1 + col + width)
        part = np.where(known[place], data[place], middle)
        down += row * (2 - abs(col)) * part
        across += col * (2 - abs(row)) * part
    return np.where(valid, np.hypot(down, across) / 8, 0).astype(np.float32)


def oriented(
    plane: NDArray[Any],
    valid: NDArray[np.bool_],
    corner: tuple[int, int] = (0, 0),
    *,
    cell: int = CELL,
    bins: int = BINS,
    normalised: bool = True,
) -> NDArray[np.float32]:
    """(bin, y, x) of the cell of each pixel: how strongly it rises in each direction.

    `plane` (y, x) and `corner` the row and column of its first pixel on the level. The strength of
    a pixel goes to the bin of its angle, from 0 to below 180 degrees, and cells hold their mean
    over `cell` by `cell` pixels. `normalised`: within the block of 3 by 3 cells around (L2-Hys).
    Raises `ValueError` for cells below 2 pixels and fewer than 2 bins.
    """
    if cell < 2 or bins < 2:
        raise ValueError(f"cells are 2 pixels wide or more, bins 2 or more, not {cell} and {bins}")
    height, width = plane.shape
    rows = (np.arange(corner[0], corner[0] + height) // cell) - corner[0] // cell
    cols = (np.arange(corner[1], corner[1] + width) // cell) - corner[1] // cell
    shape = int(rows[-1]) + 1, int(cols[-1]) + 1
    down, across = gradients(plane, valid)
    strength = np.hypot(down, across)
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    place = np.minimum((angle * (bins / 180)).astype(np.int64), bins - 1)
    of_cell = rows[:, None] * shape[1] + cols[None, :]
    sums = np.bincount(
        (place * (shape[0] * shape[1]) + of_cell).reshape(-1),
        strength.reshape(-1),
        bins * shape[0] * shape[1],
    )
    found = sums.reshape(bins, *shape) / cell**2
    if normalised:
        found = _normalised(found)
    return found[:, rows[:, None], cols[None, :]].astype(np.float32)


def _normalised(cells: Floats) -> Floats:
    """Normalise each cell within its block: to length 1, clipped at .2, and to 1 again."""
    block = np.sqrt(_around((cells**2).sum(axis=0)) + _NOTHING**2)
    # clipping differs from block to block, so each position of a cell in its blocks is handled
    total = np.zeros(block.shape)
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1)))
    height, width = block.shape
    for row in range(3):
        for col in range(3):
            part = padded[:, row : row + height, col : col + width]
            total += (np.minimum(part / block, _CLIP) ** 2).sum(axis=0)
    found: Floats = np.minimum(cells / block, _CLIP) / np.sqrt(total + _NOTHING**2)
    return found


def _around(plane: Floats) -> Floats:
    """(y, x) sums over 3 by 3 pixels."""
    padded = np.pad(plane, 1)
    height, width = plane.shape
    found = np.zeros(plane.shape)
    for row in range(3):
        for col in range(3):
            found += padded[row : row + height, col : col + width]
    return found
