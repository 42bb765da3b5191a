"""Reflectance of a scene on a coarse lattice, for algorithms that need more than one tile.

A lattice pixel spans an integer number of the finest band's pixels and has their mean, so every
window gives the same values.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import ANGLE_STEP, BandFile, Scaling, Scene, grid_of
from automap_tiles.raster import file_stamp
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.frames import Frame, FrameSource, NativeFrame
from automap_tiles.scenes.lattice import Lattice, Window, intersection, slices

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

_METRES_IN_DEGREE = 111_320.0
_FINEST_PARTS = 64
"""Largest number of parts per pixel edge for bands of another pixel size."""
_PLAIN = Scaling(multiply=1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reflectance:
    """Some bands of a scene on one lattice; picklable, opens no file until it is read."""

    scene: Scene
    bands: tuple[str, ...]
    lattice: Lattice
    extent: Window
    """Rows and columns of the scene's finest band."""

    @classmethod
    def of(cls, scene: Scene, bands: Sequence[str], resolution: float) -> Reflectance:
        """On pixels of about this many metres, never finer than the finest band.

        Raises `InputError` for a band that is missing or cannot be opened.
        """
        own = Lattice.of(_finest(scene, bands))
        factor = max(1, round(resolution / min(pixel_metres(own))))
        return cls.on(scene, bands, coarser(own, factor))

    @classmethod
    def on(cls, scene: Scene, bands: Sequence[str], lattice: Lattice) -> Reflectance:
        """On a given lattice; also raises `InputError` if the scene cannot be transformed to it."""
        box = lattice.extent(_finest(scene, bands))
        if box is None:
            raise InputError(f"scene {scene.id} cannot be read in {lattice.crs}")
        # a hundredth of a pixel, for rounding
        extent = lattice.window(box, (-0.01, -0.01))
        return cls(scene=scene, bands=tuple(bands), lattice=lattice, extent=extent)

    @property
    def key(self) -> Hashable:
        """Equal for equal pixels: made of the scene, the state of its files and the lattice."""
        files = tuple(self.scene.band(band).href for band in self.bands)
        stamps = tuple(file_stamp(file) for file in files)
        return self.scene.id, files, stamps, self.lattice.transform

    def read(self, window: Window) -> tuple[Floats, Bools]:
        """(band, y, x), 0 where a band has no data, and (y, x), True where any band has data."""
        shape = len(window[0]), len(window[1])
        values = np.zeros((len(self.bands), *shape), dtype=np.float32)
        valid = np.zeros(shape, dtype=bool)
        shared = intersection(window, self.extent)
        if shared is None:
            return values, valid
        rows, cols = slices(shared, window)
        part = values[:, rows, cols]
        known = np.zeros(part.shape[1:], dtype=bool)
        zenith = sun_zenith(self.scene, NativeFrame(self.lattice, shared))
        for place, band in enumerate(self.bands):
            known |= self._read_band(self.scene.band(band), shared, zenith, part[place])
        valid[rows, cols] = known
        return values, valid

    def mirrored(self, window: Window) -> tuple[Floats, Bools]:
        """Like `read`, but mirrored beyond the scene's edges, with edge pixels repeated."""
        inner, (rows, cols) = self.mirror(window)
        values, valid = self.read(inner)
        return values[:, rows, cols], valid[rows, cols]

    def mirror(self, window: Window) -> tuple[Window, tuple[Array, Array]]:
        """The pixels of the scene behind a mirrored window, and an index into them.

        Indexing an array (y, x) of the former with it gives the latter.
        """
        places = [_mirror(span, own) for span, own in zip(window, self.extent, strict=True)]
        rows, cols = (range(int(each.min()), int(each.max()) + 1) for each in places)
        return (rows, cols), (places[0][:, np.newaxis] - rows.start, places[1] - cols.start)

    def _read_band(
        self, file: BandFile, window: Window, zenith: Array | None, out: Floats
    ) -> Bools:
        """Means of one band, into `out` (y, x); returns where there are any."""
        grid = band_grid(self.scene, file)
        parts = _parts(grid, self.lattice)
        fine = NativeFrame(finer(self.lattice, parts), finer_window(window, parts))
        scaling = file.scaling or _PLAIN
        source = FrameSource(
            href=resolve(file.href, self.scene.access),
            grid=grid,
            indexes=(file.index,),
            nodata=scaling.nodata,
        )
        pixels = fine.read(source, "nearest")[0]
        means, valid = _means(np.ma.getdata(pixels), np.ma.getmaskarray(pixels), parts)
        if zenith is not None and scaling.sun_elevation is not None:
            lit = zenith < 90  # False for NaN
            means = (means * scaling.multiply + scaling.add) / np.cos(
                np.radians(np.where(lit, zenith, 0.0))
            )
            valid &= lit
        else:
            means = means * scaling.slope + scaling.offset
        np.copyto(out, means, where=valid, casting="same_kind")
        return valid


def sun_zenith(scene: Scene, frame: Frame) -> Array | None:
    """Degrees for every pixel (y, x), NaN where missing; None without such a band."""
    href = (scene.metadata.get("angles") or {}).get("sun_zenith")
    if href is None:
        return None
    href = resolve(href, scene.access)
    source = FrameSource(href=href, grid=_grid_at(href), indexes=(1,), nodata=None)
    steps = frame.read(source, "nearest")[0]
    return np.ma.filled(steps.astype(np.float64) * ANGLE_STEP, np.nan)


def pixel_metres(lattice: Lattice) -> tuple[float, float]:
    """(height, width) of a pixel in metres."""
    width, height = lattice.pixel
    unit = _METRES_IN_DEGREE if lattice.crs.is_geographic else 1.0
    return height * unit, width * unit


def coarser(lattice: Lattice, factor: int) -> Lattice:
    """The lattice with pixels coarser by a factor and the same corner."""
    return Lattice(crs=lattice.crs, transform=lattice.transform @ Affine.scale(factor))


def finer(lattice: Lattice, factor: int) -> Lattice:
    """The lattice with pixels finer by a factor and the same corner."""
    return Lattice(crs=lattice.crs, transform=lattice.transform @ Affine.scale(1 / factor))


def finer_window(window: Window, factor: int) -> Window:
    """A window on the lattice that is finer by a factor."""
    rows, cols = window
    return (
        range(rows.start * factor, rows.stop * factor),
        range(cols.start * factor, cols.stop * factor),
    )


def any_of(mask: Bools, factor: int) -> Bools:
    """(y, x) of coarse pixels, True where any of the fine ones is."""
    if factor == 1:
        return mask
    height, width = mask.shape
    rows = mask.reshape(height // factor, factor, width).any(axis=1)
    return np.asarray(rows.reshape(-1, width // factor, factor).any(axis=2))


def _means(data: Array, mask: Bools, factor: int) -> tuple[Array, Bools]:
    """Mean of the valid pixels in each coarse one as float64, and where there are any."""
    if factor == 1:
        return data.astype(np.float64), ~mask
    if not mask.any():
        return _sums(data, factor) / factor**2, np.ones(
            (len(data) // factor, data.shape[1] // factor), dtype=bool
        )
    counts = _sums(~mask, factor)
    sums = _sums(np.where(mask, data.dtype.type(0), data), factor)
    return sums / np.maximum(counts, 1), counts > 0


def _sums(data: Array, factor: int) -> Array:
    # 64 × 64 numbers of 16 bits fit in 32 bits; integer sums do not depend on their order
    small = data.dtype.kind in "iub" and data.dtype.itemsize <= 2
    kind = np.int32 if small else np.float64
    height, width = data.shape
    rows = data.reshape(height // factor, factor, width).sum(axis=1, dtype=kind)
    total: Array = rows[:, ::factor].astype(kind)
    for column in range(1, factor):
        total += rows[:, column::factor]
    return total


def _parts(grid: Grid, lattice: Lattice) -> int:
    """Number of parts per lattice pixel edge into which the pixels of a grid fit exactly."""
    ratio = grid.transform.a / lattice.transform.a
    for parts in range(1, _FINEST_PARTS + 1):
        size = ratio * parts
        if round(size) >= 1 and abs(size - round(size)) < 1e-4 * size:
            return parts
    return min(_FINEST_PARTS, max(1, math.ceil(1 / ratio)))


def _mirror(span: range, own: range) -> Array:
    size = len(own)
    places = np.arange(span.start - own.start, span.stop - own.start) % (2 * size)
    return own.start + np.minimum(places, 2 * size - 1 - places)


def _finest(scene: Scene, bands: Sequence[str]) -> Grid:
    return min(
        (band_grid(scene, scene.band(band)) for band in bands), key=lambda grid: grid.transform.a
    )


def band_grid(scene: Scene, file: BandFile) -> Grid:
    """Grid of a band's file, opened if it is not known."""
    return file.grid or _grid_at(resolve(file.href, scene.access))


def _grid_at(href: str) -> Grid:
    return _kept_grid(href, file_stamp(href))


@lru_cache(maxsize=4096)
def _kept_grid(href: str, _stamp: object) -> Grid:
    """The stamp distinguishes a replaced file."""
    return grid_of(href)
