"""Blobs: round places that are brighter than what lies around them, and how wide they are.

Lindeberg 1998, International Journal of Computer Vision 30: 79-116, in three forms: the Laplacian
of Gaussians (LoG), differences of Gaussians (DoG), and the determinant of the Hessian by box
filters (DoH; Bay et al. 2008, Computer Vision and Image Understanding 110: 346-359), which finds
dark ones as well. Scales and strengths are those of scikit-image. All of them are told of a pixel
by pixels at most `margin` away, bit by bit the same however a picture is cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis.textures import _gaussian
from automap_tiles.analysis.textures._windows import window_sums

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RATIO = 1.6
"""Ratio of the two standard deviations of a difference of Gaussians (Marr & Hildreth 1980)."""
_BALANCE = 0.81
"""0.9 squared: correction of box filters, which overestimate the mixed derivative (Bay et al.
2008)."""
MOST_SIGMA = 50.0


class Form(StrEnum):
    """Blob detector."""

    LOG = "log"
    DOG = "dog"
    DOH = "doh"

    def radius(self, sigma: float) -> float:
        """Radius of the blobs with the largest response at a standard deviation, pixels."""
        return _RADII[self] * sigma

    def sigma(self, radius: float) -> float:
        """The standard deviation with the largest response to blobs of a radius in pixels."""
        return radius / _RADII[self]


_RADII = {
    Form.LOG: math.sqrt(2),
    Form.DOG: math.sqrt(4 * RATIO**2 * math.log(RATIO) / (RATIO**2 - 1)),
    Form.DOH: 1.0,
}
"""Radius of a disc in units of sigma at which the response is largest. scikit-image uses the factor
of the Laplacian for differences of Gaussians, which makes blobs a fifth too small."""

_THRESHOLDS = {Form.LOG: 0.2, Form.DOG: 0.5, Form.DOH: 0.01}
"""Defaults of scikit-image, for rasters from 0 to 1."""


def margin(form: Form, sigma: float) -> int:
    """Margin of a pixel's strength, pixels."""
    return _gaussian.reach(_filling(form, sigma)) + _reach(form, sigma)


def _filling(form: Form, sigma: float) -> float:
    """Standard deviation of the means that fill missing pixels: the reach of the filter."""
    return {Form.LOG: sigma, Form.DOG: sigma * RATIO, Form.DOH: max(sigma, 2.0)}[form]


def _reach(form: Form, sigma: float) -> int:
    """The same if no pixel is missing."""
    if form is Form.DOH:
        return _Boxes(sigma).reach
    return _gaussian.reach(sigma * RATIO if form is Form.DOG else sigma)


def strength(plane: NDArray[Any], valid: Bools, form: Form, sigma: float) -> NDArray[np.float32]:
    """(y, x) how much a plane (y, x) looks like a blob of this size at every pixel, 0 if not valid.

    * `log`: minus sigma² times the Laplacian of the plane smoothed by sigma; above 0 in bright
      blobs, below in dark ones;
    * `dog`: smoothed by sigma less smoothed by 1.6 sigma, by 0.6: the same, a little quicker;
    * `doh`: the determinant of the second derivatives; above 0 in bright and dark ones, in the
      square of the plane's unit, and 0 for sigma below 1.

    Missing pixels are taken for the mean of those around them, pixels beyond the plane as well.
    Raises `ValueError` for a sigma that is not above 0 and at most 50.
    """
    _check(sigma)
    padded = _padded(plane, valid, form, sigma)
    return np.where(valid, _strength(padded, form, sigma), 0).astype(np.float32)


def _padded(plane: NDArray[Any], valid: Bools, form: Form, sigma: float) -> Floats:
    around = _reach(form, sigma)
    padded = np.pad(np.where(valid, plane, 0).astype(np.float64), around)
    return _gaussian.without_gaps(padded, np.pad(valid, around), _filling(form, sigma))


def _strength(padded: Floats, form: Form, sigma: float) -> Floats:
    around = _reach(form, sigma)
    if form is Form.LOG:
        return -(sigma**2) * _gaussian.laplacian(padded, sigma, around)
    if form is Form.DOG:
        wide = _gaussian.smoothed(padded, sigma * RATIO, around)
        found: Floats = (_gaussian.smoothed(padded, sigma, around) - wide) / (RATIO - 1)
        return found
    return _Boxes(sigma).determinant(padded)


def _check(sigma: float) -> None:
    if not 0 < sigma <= MOST_SIGMA:
        raise ValueError(f"sigma of a blob is above 0 and at most {MOST_SIGMA:g}, not {sigma}")


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Box filter approximation of the second derivatives of a Gaussian."""

    sigma: float

    @property
    def size(self) -> int:
        """Filter width, pixels."""
        return int(3 * self.sigma)

    @property
    def lobe(self) -> int:
        """Width of one of its three lobes."""
        return self.size // 3

    @property
    def reach(self) -> int:
        """Radius of the filter, pixels."""
        return self.size + 2

    def determinant(self, padded: Floats) -> Floats:
        """(y, x) of (y + 2 reach, x + 2 reach)."""
        size, lobe = self.size, self.lobe
        if lobe < 1:
            shape = (padded.shape[0] - 2 * self.reach, padded.shape[1] - 2 * self.reach)
            return np.zeros(shape)
        half, long = (size - 1) // 2, 2 * lobe - 1
        corners = [
            self._sums(padded, (row, col), (lobe, lobe))
            for row, col in ((-lobe, 1), (1, -lobe), (-lobe, -lobe), (1, 1))
        ]
        mixed = corners[0] + corners[1] - corners[2] - corners[3]
        across = self._sums(padded, (1 - lobe, -half), (long, size))
        across -= 3 * self._sums(padded, (1 - lobe, -(lobe // 2)), (long, lobe))
        down = self._sums(padded, (-half, 1 - lobe), (size, long))
        down -= 3 * self._sums(padded, (-(lobe // 2), 1 - lobe), (lobe, long))
        found: Floats = (across * down - _BALANCE * mixed**2) / float(size) ** 4
        return found

    def _sums(self, padded: Floats, first: tuple[int, int], size: tuple[int, int]) -> Floats:
        """(y, x) sums over rectangles with this offset in rows and columns from each pixel."""
        around = self.reach
        height, width = padded.shape[0] - 2 * around, padded.shape[1] - 2 * around
        row, col = around + first[0], around + first[1]
        part = padded[row : row + height + size[0] - 1, col : col + width + size[1] - 1]
        found: Floats = window_sums(part, size, BlockMemory(), "sums").copy()
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobSearch:
    """Options of a blob detection; raises `ValueError` if they are invalid."""

    form: Form = Form.LOG
    smallest: float = 2.0
    """Radius, pixels."""
    largest: float = 10.0
    steps: int = 5
    """Number of equally spaced radii from the smallest to the largest."""
    threshold: float | None = None
    """Smallest strength; None: .2 (log), .5 (dog), .01 (doh), for planes from 0 to 1."""
    overlap: float = 0.5
    """Overlap, as a share of the smaller blob's area, above which only the larger one is kept; 1:
    keep both."""

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.largest:
            raise ValueError(
                f"radii go from above 0 upwards, not from {self.smallest} to {self.largest}"
            )
        if not 1 <= self.steps <= 50:
            raise ValueError(f"steps are 1 to 50, not {self.steps}")
        if not 0 <= self.overlap <= 1:
            raise ValueError(f"overlap is a share from 0 to 1, not {self.overlap}")
        _check(self.form.sigma(self.largest))

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The standard deviations used, ascending."""
        ends = (self.form.sigma(self.smallest), self.form.sigma(self.largest))
        return tuple(np.linspace(*ends, self.steps).tolist())

    @property
    def least(self) -> float:
        """Smallest strength of a blob."""
        return _THRESHOLDS[self.form] if self.threshold is None else self.threshold

    @property
    def margin(self) -> int:
        """Margin of a blob detection, pixels."""
        # its neighbours must be weaker, and so on for a larger blob that may contain it
        around = max(margin(self.form, sigma) for sigma in self.sigmas) + 1
        return around + math.ceil(2 * self.form.radius(self.sigmas[-1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Blobs:
    """Detected blobs, from north to south, west to east, smallest first."""

    rows: NDArray[np.int64]
    """(blob,) row of the centre pixel."""
    cols: NDArray[np.int64]
    radii: Floats
    """Pixels."""
    strengths: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: NDArray[Any]) -> Blobs:
        """The blobs at indexes, or where a mask is True."""
        return Blobs(
            rows=self.rows[which],
            cols=self.cols[which],
            radii=self.radii[which],
            strengths=self.strengths[which],
        )


def find(plane: NDArray[Any], valid: Bools, search: BlobSearch) -> Blobs:
    """Blobs of a plane (y, x): local maxima of strength in position and size.

    Ties go to the first one, in the order of rows, columns, sizes. Of two blobs that overlap by
    more than the search allows, the larger is kept; a removed blob still suppresses smaller ones,
    so that nothing farther than `BlobSearch.margin` matters. Blobs whose centre has no data are
    dropped.
    """
    layers = [strength(plane, valid, search.form, sigma) for sigma in search.sigmas]
    cube = np.stack(layers).astype(np.float64)
    found = _peaks(cube) & (cube > search.least) & valid
    sizes, rows, cols = np.nonzero(found)
    order = np.lexsort((sizes, cols, rows))
    sizes, rows, cols = sizes[order], rows[order], cols[order]
    radii = np.array([search.form.radius(sigma) for sigma in search.sigmas])
    blobs = Blobs(rows=rows, cols=cols, radii=radii[sizes], strengths=cube[sizes, rows, cols])
    return blobs.take(~_hidden(blobs, search.overlap))


def _peaks(cube: Floats) -> Bools:
    """(size, y, x) local maxima of the 26 neighbours; of equal ones the first."""
    found = np.ones(cube.shape, dtype=bool)
    padded = np.pad(cube, 1, constant_values=-np.inf)
    sizes, height, width = cube.shape
    for row in range(3):
        for col in range(3):
            for size in range(3):
                if (row, col, size) == (1, 1, 1):
                    continue
                part = padded[size : size + sizes, row : row + height, col : col + width]
                before = (row, col, size) < (1, 1, 1)
                found &= (cube > part) if before else (cube >= part)
    return found


def _hidden(blobs: Blobs, overlap: float) -> Bools:
    """(blob,) whether a larger blob, or an equal one before it, suppresses it."""
    gone = np.zeros(len(blobs), dtype=bool)
    if overlap >= 1 or len(blobs) < 2:
        return gone
    reach = 2 * float(blobs.radii.max())
    for place in range(len(blobs)):
        first, last = np.searchsorted(
            blobs.rows, (blobs.rows[place] - reach, blobs.rows[place] + reach + 1)
        )
        others = np.arange(first, last)
        larger = blobs.radii[others] > blobs.radii[place]
        larger |= (blobs.radii[others] == blobs.radii[place]) & (others < place)
        others = others[larger & (np.abs(blobs.cols[others] - blobs.cols[place]) <= reach)]
        if len(others):
            away = np.hypot(
                blobs.rows[others] - blobs.rows[place], blobs.cols[others] - blobs.cols[place]
            )
            shared = _shared(away, blobs.radii[others], float(blobs.radii[place]))
            gone[place] = bool((shared > overlap).any())
    return gone


def _shared(away: Floats, large: Floats, small: float) -> Floats:
    """(blob,) share of a circle of radius `small` that is covered by circles of radius `large`."""
    inside, apart = away <= large - small, away >= large + small
    middle = np.where(inside | apart, large, away)  # a lens exists only in between
    one = np.arccos(np.clip((middle**2 + small**2 - large**2) / (2 * middle * small), -1, 1))
    other = np.arccos(np.clip((middle**2 + large**2 - small**2) / (2 * middle * large), -1, 1))
    lens = small**2 * (one - np.sin(2 * one) / 2) + large**2 * (other - np.sin(2 * other) / 2)
    found: Floats = np.where(inside, 1.0, np.where(apart, 0.0, lens / (math.pi * small**2)))
    return found
