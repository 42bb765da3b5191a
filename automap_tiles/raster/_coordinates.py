"""Source coordinates of the pixels of a target grid, as GDAL's warper computes them.

GDAL does not transform every pixel: along each row of the target it transforms the first, middle
and last pixel centre and interpolates linearly between them if the error at the middle is at most
`TOLERANCE`, else it splits the row in half (`GDALApproxTransform` in alg/gdaltransformer.cpp). The
same is done here for all rows of a unit block at once, with the same order of operations, so that
nearest neighbours equal those of a `WarpedVRT` of the unit block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.warp import transform_bounds

from automap_tiles.grid import Grid
from automap_tiles.grid.operation import transform_points

Floats = NDArray[np.float64]

TOLERANCE = 0.125
"""Source pixels, |dx| + |dy| at the middle of a run; GDAL's and mapchete's default."""

EXACT_RUN = 5
"""Runs of at most this many pixels are not approximated."""


@dataclass(frozen=True, slots=True)
class PixelTransformer:
    """From pixel coordinates of a target grid to pixel coordinates of a source grid."""

    target: Grid
    source: Grid

    def exact(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Source (x, y) of target pixel coordinates of any shape; non-finite where undefined.

        Pixel centres are at .5 in both.
        """
        forward, inverse = self.target.transform, _inverse(self.source.transform)
        xs = forward.c + cols * forward.a + rows * forward.b
        ys = forward.f + cols * forward.d + rows * forward.e
        if self.target.crs != self.source.crs:
            xs, ys = _reproject(self.target.crs, self.source.crs, xs, ys)
        xs = _wrapped(xs, self.source)
        with np.errstate(invalid="ignore"):
            return (
                inverse.c + xs * inverse.a + ys * inverse.b,
                inverse.f + xs * inverse.d + ys * inverse.e,
            )

    def along_rows(self, rows: slice) -> tuple[Floats, Floats]:
        """Source (x, y) of the pixel centres of whole rows, each of shape (rows, width)."""
        count, width = rows.stop - rows.start, self.target.width
        run = _Run(
            np.arange(rows.start, rows.stop) + 0.5,
            np.empty((count, width)),
            np.empty((count, width)),
        )
        everything = np.arange(count)
        if width <= EXACT_RUN:
            self._exactly(run, everything, 0, width)
            return run.x, run.y
        columns = np.array([0, (width - 1) // 2, width - 1])
        known_x, known_y = self._at(run, everything, columns)
        whole = _finite(known_x, known_y)
        self._exactly(run, everything[~whole], 0, width)
        self._approximately(run, everything[whole], (0, width), known_x[whole], known_y[whole])
        return run.x, run.y

    def _at(
        self, run: _Run, rows: NDArray[np.intp], columns: NDArray[Any]
    ) -> tuple[Floats, Floats]:
        shape = (len(rows), len(columns))
        return self.exact(
            np.broadcast_to(columns + 0.5, shape), np.broadcast_to(run.rows[rows, None], shape)
        )

    def _exactly(self, run: _Run, rows: NDArray[np.intp], first: int, last: int) -> None:
        if len(rows) and last > first:
            columns = np.arange(first, last)
            run.x[rows, first:last], run.y[rows, first:last] = self._at(run, rows, columns)

    def _approximately(
        self,
        run: _Run,
        rows: NDArray[np.intp],
        columns: tuple[int, int],
        known_x: Floats,
        known_y: Floats,
    ) -> None:
        """Fill `columns` of `rows`, whose first, middle and last are known, linearly or halved."""
        if not len(rows):
            return
        first, last = columns
        span = last - first - 1
        slope_x = (known_x[:, 2] - known_x[:, 0]) / span
        slope_y = (known_y[:, 2] - known_y[:, 0]) / span
        middle = span // 2
        error = np.abs(known_x[:, 0] + slope_x * middle - known_x[:, 1]) + np.abs(
            known_y[:, 0] + slope_y * middle - known_y[:, 1]
        )
        good: NDArray[np.bool_] = np.asarray(error <= TOLERANCE)
        distance = np.arange(last - first, dtype=np.float64)
        where = run.select(rows[good], columns)
        run.x[where] = known_x[good, :1] + np.multiply.outer(slope_x[good], distance)
        run.y[where] = known_y[good, :1] + np.multiply.outer(slope_y[good], distance)
        if not good.all():
            bad = ~good
            self._halved(run, rows[bad], columns, known_x[bad], known_y[bad])

    def _halved(
        self,
        run: _Run,
        rows: NDArray[np.intp],
        columns: tuple[int, int],
        known_x: Floats,
        known_y: Floats,
    ) -> None:
        """Split runs before their middle; GDAL asks for the three new points in one call."""
        first, last = columns
        split = first + (last - first - 1) // 2
        left_long, right_long = split - first > EXACT_RUN, last - split > EXACT_RUN
        points = [first + (split - first - 1) // 2, split - 1] if left_long else []
        if right_long:
            points.append(split + (last - split - 1) // 2)
        new_x, new_y = self._at(run, rows, np.array(points, dtype=np.intp))
        whole = _finite(new_x, new_y)
        self._exactly(run, rows[~whole], first, last)
        rows, known_x, known_y = rows[whole], known_x[whole], known_y[whole]
        new_x, new_y = new_x[whole], new_y[whole]
        if left_long:
            left_x = np.column_stack([known_x[:, 0], new_x[:, :2]])
            left_y = np.column_stack([known_y[:, 0], new_y[:, :2]])
            self._approximately(run, rows, (first, split), left_x, left_y)
        else:
            self._exactly(run, rows, first, split)
        if right_long:
            right_x = np.column_stack([known_x[:, 1], new_x[:, -1], known_x[:, 2]])
            right_y = np.column_stack([known_y[:, 1], new_y[:, -1], known_y[:, 2]])
            self._approximately(run, rows, (split, last), right_x, right_y)
        else:
            self._exactly(run, rows, split, last)

    def decimation(self) -> float:
        """Source pixels per target pixel at the target's middle, the smaller of both directions.

        1.0 when the middle of the target cannot be located in the source.
        """
        height, width = self.target.shape
        cols = np.array([0.5, 0.5, 0.0, 1.0]) * width
        rows = np.array([0.0, 1.0, 0.5, 0.5]) * height
        x, y = self.exact(cols, rows)
        down = np.hypot(x[1] - x[0], y[1] - y[0]) / height
        across = np.hypot(x[3] - x[2], y[3] - y[2]) / width
        smaller = float(min(down, across))
        return smaller if np.isfinite(smaller) else 1.0


@dataclass(frozen=True, slots=True)
class _Run:
    """The rows being filled."""

    rows: Floats
    """Target y of each row's centre."""
    x: Floats
    y: Floats

    def select(self, rows: NDArray[np.intp], columns: tuple[int, int]) -> Any:
        """Index of rows and columns; slices, which are faster, where all rows are meant."""
        chosen: Any = slice(None) if len(rows) == len(self.rows) else rows
        return chosen, slice(*columns)


def _finite(x: Floats, y: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(x + y).all(axis=1), dtype=bool)


def _inverse(transform: Affine) -> Affine:
    """The inverse in the order of operations of `GDALInvGeoTransform`."""
    a, b, c, d, e, f = transform[:6]
    if b == 0 and d == 0:
        return Affine(1 / a, 0.0, -c / a, 0.0, 1 / e, -f / e)
    scale = 1 / (a * e - b * d)
    return Affine(
        e * scale,
        -b * scale,
        (b * f - c * e) * scale,
        -d * scale,
        a * scale,
        (-a * f + c * d) * scale,
    )


def wraps_longitudes(source: Grid) -> bool:
    """Whether longitudes may have to be shifted by 360 degrees to meet the source."""
    if not source.crs.is_geographic:
        return False
    bounds = source.bounds
    return bounds.width <= 360 and (bounds.left < -180 or bounds.right > 180)


def longitude_shifts(source: Grid, target: Grid) -> tuple[float, ...]:
    """Shifts in degrees that place a source on a target; at least one.

    Two when the target crosses the seam of a global source.
    """
    if not wraps_longitudes(source):
        return (0.0,)
    try:
        left, _, right, _ = transform_bounds(target.crs, source.crs, *target.bounds)
    except CPLE_BaseError:
        return (0.0,)
    if right < left:  # Across the antimeridian.
        right += 360
    bounds = source.bounds
    found = tuple(
        turn
        for turn in (0.0, -360.0, 360.0)
        if bounds.left + turn < right and left < bounds.right + turn
    )
    return found or (0.0,)


def _wrapped(xs: Floats, source: Grid) -> Floats:
    """Longitudes shifted to within 180 degrees of the middle of the source."""
    if not wraps_longitudes(source):
        return xs
    middle = (source.bounds.left + source.bounds.right) / 2
    return np.where(xs > middle + 180, xs - 360, np.where(xs < middle - 180, xs + 360, xs))


def _reproject(source: Any, target: Any, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    flat_x, flat_y = _transform(source, target, xs.ravel().tolist(), ys.ravel().tolist())
    return np.array(flat_x).reshape(xs.shape), np.array(flat_y).reshape(ys.shape)


def _transform(
    source: Any, target: Any, xs: list[float], ys: list[float]
) -> tuple[list[float], list[float]]:
    """Transform points; those outside the projection's domain become infinite.

    rasterio fails for all points when PROJ rejects one, so the valid ones are found by bisection.
    Raises `NoOperation` when PROJ would reject all.
    """
    if not xs:
        return [], []
    try:
        found_x, found_y = transform_points(source, target, xs, ys)
    except CPLE_BaseError:
        if len(xs) == 1:
            return [np.inf], [np.inf]
        half = len(xs) // 2
        left_x, left_y = _transform(source, target, xs[:half], ys[:half])
        right_x, right_y = _transform(source, target, xs[half:], ys[half:])
        return left_x + right_x, left_y + right_y
    return found_x, found_y
