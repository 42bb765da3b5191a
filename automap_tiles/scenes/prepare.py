"""Writes one multiband GeoTIFF of a scene: reflectance, mask and indices, cut to an area.

The common bands on the grid of the finest of them, times 10000; the flags of the scene's own mask;
NDVI and NDWI, times 10000. Where a pixel has no data or lies outside the area, the flag `fill` is
set and all other bands hold nodata. The file is written strip by strip.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.crs import CRS

from automap_tiles.analysis.indices import spectral_index
from automap_tiles.errors import Empty
from automap_tiles.grid import Bounds, Grid
from automap_tiles.missions import LON_LAT, Flag, outline
from automap_tiles.raster import BandMetadata
from automap_tiles.raster.mosaic import MosaicSpec, Piece, write_mosaic
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice, Window, intersection
from automap_tiles.scenes.masks import OWN_LAYERS, FlagSource, flag_picture
from automap_tiles.scenes.prepared import FROM_ABOVE, MASK, NODATA, PREPARED_INDICES, SCALE
from automap_tiles.scenes.prepared import planes as planes_of
from automap_tiles.scenes.reading import Reading, lattice_of, read_dates
from automap_tiles.scenes.select import overpasses
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.vector import burn, intersection_across_antimeridian, reproject_geometry

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene
    from automap_tiles.scenes.stack import Stack

Array = np.ndarray[Any, Any]

_STRIP_PIXELS = 1 << 22
_BLOCK = 512
"""Block size of the file; strips are whole rows of blocks."""
_AROUND = 0.5
"""Margin around a scene, degrees."""
EXACT = Reading(bands=("green", "red", "nir"), mask=None)
"""Reflectance for the indices."""
_CLOUDY = Flag.CLOUD | Flag.CIRRUS | Flag.SHADOW


@dataclass(frozen=True, kw_only=True)
class PreparedPicture:
    """Summary of what was written."""

    grid: Grid
    pixels: int
    """Number of pixels with data."""
    cloudy: int
    """Number of those with cloud, cirrus or shadow."""


@dataclass
class _Counts:
    pixels: int = field(default=0)
    cloudy: int = field(default=0)


def planes(stack: Stack, exact: Stack, flags: Array, counts: Array | None = None) -> Array:
    """(band, y, x) int16, as `prepared.planes`, of an integer stack with at most one date.

    `exact` is the same date read with `EXACT`: an index of rounded bands is off by up to 0.0018.
    `flags` (y, x); `counts` (y, x) is False for pixels outside the area; None: no area.
    """
    valid = stack.valid[0] if len(stack) else np.zeros(stack.grid.shape, dtype=bool)
    if counts is not None:
        valid = valid & counts
    names = (*stack.bands, MASK, *PREPARED_INDICES)
    out = np.full((len(names), *valid.shape), NODATA, dtype=np.int16)
    mask = flags.astype(np.int16)
    mask[~valid] |= np.int16(Flag.FILL)
    if counts is not None:
        mask[~counts] = np.int16(Flag.FILL)
    out[names.index(MASK)] = mask
    if not len(stack):
        return out
    for number in range(len(stack.bands)):
        # the lowest number is nodata
        np.maximum(stack.values[0, number], NODATA + 1, out=out[number], where=valid)
    bands = {name: exact.values[0, number] for number, name in enumerate(exact.bands)}
    for name in PREPARED_INDICES:
        index = spectral_index(name, bands)
        whole = np.clip(np.floor(index.data / np.float32(SCALE) + np.float32(0.5)), -32767, 32767)
        np.copyto(out[names.index(name)], whole, where=valid & ~index.mask, casting="unsafe")
    return out


def write(
    path: Path, scene: Scene, area: BaseGeometry | None, making: FlagSource = OWN_LAYERS
) -> PreparedPicture:
    """Write a Cloud Optimized GeoTIFF; `area` is in longitude and latitude.

    `making` selects the source of the mask. Raises `Empty` if the scene has no pixel there,
    `InputError` for a file that cannot be read, `OutputError`.
    """
    reading = _reading(scene)
    lattice = lattice_of([scene], reading)
    window, shape = _cut(scene, lattice, area)
    counts = _Counts()
    names = planes_of(scene.instrument)
    spec = MosaicSpec(
        grid=lattice.grid(window),
        count=len(names),
        dtype="int16",
        nodata=NODATA,
        tags=_tags(scene),
        bands=BandMetadata(
            descriptions=names,
            scales=[1.0 if name == MASK else SCALE for name in names],
            offsets=[0.0] * len(names),
        ),
        cog=True,
    )
    frame = NativeFrame(lattice, window)
    write_mosaic(path, spec, _pieces(scene, reading, frame, shape, making, counts))
    raise_if_stopped()  # if stopped meanwhile, the file must not appear
    if counts.pixels == 0:
        raise Empty
    return PreparedPicture(grid=spec.grid, pixels=counts.pixels, cloudy=counts.cloudy)


def _near(area: BaseGeometry, grid: Grid) -> BaseGeometry:
    """The part of an area near a grid: the rest may be outside the domain of its CRS."""
    return intersection_across_antimeridian(area, outline(grid).buffer(_AROUND))


@lru_cache(maxsize=16)
def _area_in(area: BaseGeometry, crs: str) -> BaseGeometry:
    """The area in a CRS, cached, as most scenes of a run share theirs."""
    return reproject_geometry(area, LON_LAT, CRS.from_wkt(crs))


def _extent(scene: Scene, lattice: Lattice, reading: Reading) -> Window:
    """The pixels covered by any of the bands."""
    windows = []
    for name in reading.bands:
        grid = scene.band(name).grid
        box = None if grid is None else lattice.extent(grid)
        if box is not None:
            # a hundredth of a pixel, for rounding
            rows, cols = lattice.window(box, (-0.01, -0.01))
            windows.append((rows, cols))
    if not windows:
        raise Empty
    return (
        range(min(rows.start for rows, _ in windows), max(rows.stop for rows, _ in windows)),
        range(min(cols.start for _, cols in windows), max(cols.stop for _, cols in windows)),
    )


def planned_grid(scene: Scene, area: BaseGeometry | None) -> Grid | None:
    """Grid of the file that `write` would make, as far as known in advance; None: no file.

    Opens files whose grid is not known; raises `InputError`.
    """
    lattice = lattice_of([scene], _reading(scene))
    try:
        window, _ = _cut(scene, lattice, area)
    except Empty:
        return None
    return lattice.grid(window)


def _reading(scene: Scene) -> Reading:
    return Reading(bands=scene.instrument.common_bands, mask=None, whole=True)


def _cut(
    scene: Scene, lattice: Lattice, area: BaseGeometry | None
) -> tuple[Window, BaseGeometry | None]:
    """Window of a scene in the area, and the area on its grid; raises `Empty` if there is none."""
    window = _extent(scene, lattice, _reading(scene))
    if area is None:
        return window, None
    shape = _area_in(_near(area, lattice.grid(window)), lattice.crs.to_wkt())
    around = lattice.window(Bounds(*shape.bounds)) if not shape.is_empty else None
    found = None if around is None else intersection(window, around)
    if found is None:
        raise Empty
    return found, shape


def _pieces(
    scene: Scene,
    reading: Reading,
    whole: NativeFrame,
    area: BaseGeometry | None,
    making: FlagSource,
    counts: _Counts,
) -> Iterator[Piece]:
    rows, cols = whole.window
    step = max(1, _STRIP_PIXELS // len(cols) // _BLOCK) * _BLOCK
    dates = overpasses([scene])
    for start in range(rows.start, rows.stop, step):
        raise_if_stopped()
        frame = NativeFrame(whole.lattice, (range(start, min(start + step, rows.stop)), cols))
        stack = read_dates(dates, frame, reading, target=frame.grid)
        exact = read_dates(dates, frame, EXACT, target=frame.grid)
        inside = None if area is None else burn([area], frame.grid, all_touched=True)
        pixels = planes(stack, exact, flag_picture(scene, frame, making=making), inside)
        mask = pixels[len(stack.bands)]
        valid = (mask & np.int16(Flag.FILL)) == 0
        counts.pixels += int(valid.sum())
        counts.cloudy += int((valid & ((mask & np.int16(_CLOUDY)) != 0)).sum())
        yield start - rows.start, 0, pixels


def _tags(scene: Scene) -> dict[str | int, Any]:
    """The scene's known metadata as tags, except paths of its angle files."""
    kept = {name: said for name, said in scene.metadata.items() if name != "angles"}
    tags: dict[str | int, Any] = {
        "SCENE": scene.id,
        "SATELLITE": scene.instrument.title,
        "SENSOR": scene.sensor,
        "TIME": scene.time.isoformat(),
        "LEVEL": scene.level,
        "TILE": scene.tile,
        "ORBIT": scene.orbit,
        "CLOUD_COVER": scene.cloud_cover,
        "SUN_ELEVATION": scene.sun_elevation,
        "SUN_AZIMUTH": scene.sun_azimuth,
        "MASK_FLAGS": json.dumps({(flag.name or "").lower(): int(flag) for flag in Flag}),
        "METADATA": json.dumps(kept, default=str) if kept else None,
        "BRDF": None if scene.nadir is None else FROM_ABOVE,
    }
    return {name: str(value) for name, value in tags.items() if value is not None}
