"""Composite mode: merges the prepared scenes of one satellite."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from automap_tiles import raster
from automap_tiles.analysis.composites.methods import BandOf, Unit, bands_of, method
from automap_tiles.errors import ConfigError, InputError, MissingCrs
from automap_tiles.grid import Bounds, Grid, Pyramid, full_turn
from automap_tiles.missions import LON_LAT, common_bands, grid_of, outline
from automap_tiles.scenes import find
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.prepared import PREPARED_INDICES, read_item
from automap_tiles.scenes.reading import Reading, lattice_of
from automap_tiles.scenes.report import common_bands_of
from automap_tiles.scenes.select import Selection
from automap_tiles.storage import Address
from automap_tiles.vector import (
    continued_across_antimeridian,
    intersection_across_antimeridian,
    reproject_geometry,
)
from automap_tiles.workflows.automap import _stac
from automap_tiles.workflows.automap._download import area_hash
from automap_tiles.workflows.automap.discover import is_surface
from automap_tiles.workflows.automap.folders import composite_path, scenes_folder
from automap_tiles.workflows.automap.parameters import RunParameters

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import BandFile, Scene

_AROUND = 1.0
"""Margin around the scenes, degrees."""
NODATA = -32768
_WIDE = 0.99
"""Fraction of a full turn of longitude."""
_LARGEST_TILE = 512
"""Pixels; smaller areas are a single tile of their own size."""


def composite_bands(run: RunParameters, satellite: str) -> tuple[BandOf, ...]:
    """Bands of a composite: `median_blue` … `median_ndwi`, `std_blue` …, `valid_count`."""
    return bands_of(run.statistics, common_bands(satellite), PREPARED_INDICES, run.provenance)


def band_unit(unit: Unit) -> float:
    """Value of a stored 1: counts are unscaled, everything else is stored times 10 000."""
    return 1.0 if unit is Unit.COUNT else 1e-4


def _pixels(run: RunParameters) -> tuple[str, int]:
    """(dtype, nodata): sums of distances do not fit in 16 bits."""
    sums = any(method(name).score is Unit.REFLECTANCE for name in run.statistics)
    if "score" in run.provenance and sums:
        return "int32", -(2**31)
    return "int16", NODATA


def prepared_scenes(
    run: RunParameters, satellite: str, only: Collection[str] | None = None
) -> tuple[Scene, ...]:
    """Prepared scenes of the run; raises `InputError` if there are none.

    `only`: ids of the scenes that the run has found and prepared; None: all existing ones.
    """
    return _prepared(run, satellite, only)[0]


def _prepared(
    run: RunParameters, satellite: str, only: Collection[str] | None
) -> tuple[tuple[Scene, ...], bool]:
    """The scenes, and whether there are others that could be mistaken for scenes of the run."""
    folder = scenes_folder(run.output, satellite)
    selection = Selection(
        period=run.period,
        satellites=frozenset((satellite,)),
        max_cloud_cover=run.max_cloud_cover,
        area=run.area,
    )
    there = find.products(folder.text, bands=common_bands_of, selection=selection).scenes
    scenes = tuple(scene for scene in there if only is None or scene.id in only)
    if not scenes:
        raise InputError("no prepared scene has a pixel in the area", folder.text)
    return scenes, len(scenes) < len(there)


def composite_config(
    run: RunParameters,
    satellite: str,
    only: Collection[str] | None = None,
    *,
    anew: bool = False,
) -> dict[str, Any]:
    """The configuration of the composite process, for `open_process`.

    `only` as in `prepared_scenes`: scenes prepared by earlier runs that this one has not found are
    excluded. By default its grid is the one that most of the scenes share, so that their pixels are
    not resampled. Raises `InputError` without scenes, `ConfigError` if prepared scenes of earlier
    runs do not match those of this one.
    """
    scenes, others = _prepared(run, satellite, only)
    _check_alike(run, satellite, scenes)
    bands = composite_bands(run, satellite)
    path = composite_path(run, satellite)
    narrow = anew or not _is_as_wide_as_the_world(path)
    grid, bounds = composite_grid(run, satellite, scenes, narrow=narrow)
    dtype, nodata = _pixels(run)
    return {
        "process": "composite",
        "config_dir": str(Path.cwd()),
        "input": {"scenes": _scenes_input(run, satellite, scenes, lists_scenes=bool(others))},
        "pyramid": grid,
        "zoom_levels": 0,
        "bounds": list(bounds),
        "output": {
            "format": "GTiff",
            "path": str(path),
            "cog": True,
            **({} if not anew and _fills_its_tiles(path, grid, bounds) else {"extent": "area"}),
            "bands": len(bands),
            "dtype": dtype,
            "nodata": nodata,
            "descriptions": [band.name for band in bands],
            "scales": [band_unit(band.unit) for band in bands],
            "tags": _tags(run, satellite),
        },
        "process_parameters": _parameters(run),
    }


def _scenes_input(
    run: RunParameters, satellite: str, scenes: Sequence[Scene], *, lists_scenes: bool
) -> dict[str, Any]:
    """The input of the process; `lists_scenes`: the folder also contains scenes of other runs.

    Optional keys are only set on request, so that composites of earlier versions stay valid.
    """
    definition: dict[str, Any] = {
        "path": str(scenes_folder(run.output, satellite)),
        "format": "scenes",
    }
    if run.max_cloud_cover is not None:
        definition["max_cloud_cover"] = run.max_cloud_cover
    if lists_scenes:
        definition["only"] = [scene.id for scene in scenes]
    return {
        **definition,
        "time": str(run.period),
        "satellites": satellite,
        "bands": list(common_bands(satellite)),
        "mask": list(run.mask),
        **({"coregister": True} if run.coregister else {}),
        **({"seamless": True} if run.seamless else {}),
        **(run.target.reading(_shared(satellite, scenes)) if run.target else {}),
    }


def _fills_its_tiles(path: Address, definition: dict[str, Any], bounds: Bounds) -> bool:
    """Whether there is a composite that extends to the edges of its tiles.

    Earlier versions wrote these; they are continued unchanged.
    """
    if not path.exists():
        return False
    pyramid = Pyramid.from_grid(**definition)
    there = _grid_there(path).shape
    width, height = pyramid.pixel_size(0)
    of_area = (round(bounds.height / height), round(bounds.width / width))
    return there == pyramid.pixel_shape(0) != of_area


def _is_as_wide_as_the_world(path: Address) -> bool:
    """Whether there is a composite that extends from one side of the antimeridian to the other.

    Earlier versions wrote these for areas on both sides; they are continued unchanged.
    """
    if not path.exists():
        return False
    grid = _grid_there(path)
    world = full_turn(grid.crs)
    return world is not None and grid.bounds.width > _WIDE * world


def _grid_there(path: Address) -> Grid:
    """Grid of the existing composite; raises `ConfigError` for a damaged one."""
    try:
        grid = raster.inspect_anew(path.url).grid
        if grid.crs is None:
            raise MissingCrs("has no coordinate reference system any more")
    except InputError as error:
        raise ConfigError(
            f"the composite that is there is damaged: {error.message}",
            file=path.text,
            remedy="--overwrite makes it anew",
        ) from error
    return grid


def composite_grid(
    run: RunParameters, satellite: str, scenes: Sequence[Scene], *, narrow: bool = True
) -> tuple[dict[str, Any], Bounds]:
    """A pyramid of one zoom, and the box in it.

    On the requested grid, or else the one that most of the scenes share. `narrow`: x continues
    across the antimeridian where the box would otherwise span the globe.
    """
    lattice = _shared(satellite, scenes)
    if run.target is not None:
        lattice = run.target.lattice(lattice)
    area = reproject_geometry(_reach(run, scenes), LON_LAT, lattice.crs)
    # scenes in degrees are read at their own longitudes, without full turns
    if narrow and all(full_turn(grid.crs) is None for grid in _grids(scenes)):
        area = continued_across_antimeridian(area, lattice.crs)
    return _grid(lattice, area, _overlap(lattice, scenes))


def _shared(satellite: str, scenes: Sequence[Scene]) -> Lattice:
    return _square(lattice_of(scenes, Reading(bands=common_bands(satellite))))


def _check_alike(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> None:
    """Raise `ConfigError` for scenes whose area, mask or level differs from the others."""
    folder, area = scenes_folder(run.output, satellite), area_hash(run.area)
    items = [(scene.id, read_item(folder / f"{safe_name(scene.id)}.json")) for scene in scenes]
    strange = [
        name
        for name, item in items
        if item is None or not _stac.is_made_for(item, area, run.making.label, brdf=run.brdf)
    ]
    how = "cut to another area, or given another mask or view (brdf)"
    if not strange and len({is_surface(scene) for scene in scenes}) > 1:
        strange = [scene.id for scene in scenes if is_surface(scene)]
        how = "of surface reflectance, and others are of that at the top of the atmosphere"
    if strange:
        raise ConfigError(
            f"an earlier run left {len(strange)} of the {len(scenes)} scenes {how}",
            file=folder.text,
            found=", ".join(strange[:3]),
            remedy="another --output, or delete these scenes (.json and .tif)",
        )


def _parameters(run: RunParameters) -> dict[str, Any]:
    found: dict[str, Any] = {
        "statistics": list(run.statistics),
        "indices": list(PREPARED_INDICES),
        "provenance": list(run.provenance),
    }
    first, last = run.period.first, run.period.last
    seasonal = any(method(name).needs_season for name in run.statistics)
    if seasonal and first is not None and last is not None:
        found["target_day"] = str(first + (last - first) / 2)
    return found


def _square(lattice: Lattice) -> Lattice:
    """The lattice, or one with square pixels, as pyramids require them."""
    width, height = lattice.pixel
    if width == height:
        return lattice
    corner = Grid(lattice.crs, lattice.transform, (1, 1))
    return Lattice.of(corner, min(width, height))


def _reach(run: RunParameters, scenes: Sequence[Scene]) -> BaseGeometry:
    """The part of the area covered by scenes; the rest would have no data."""
    around = shapely.union_all([outline(grid) for grid in _grids(scenes)]).buffer(_AROUND)
    return intersection_across_antimeridian(run.area, around)


def _grids(scenes: Sequence[Scene]) -> list[Grid]:
    files = [_first_band(scene) for scene in scenes]
    return [file.grid or grid_of(file.href) for file in files]


def _overlap(lattice: Lattice, scenes: Sequence[Scene]) -> int:
    """Pixels by which scenes extend beyond the area's box: one for scenes on other grids."""
    grids = [_first_band(scene).grid for scene in scenes]
    return int(any(grid is None or lattice.offset(grid) is None for grid in grids))


def _first_band(scene: Scene) -> BandFile:
    """All bands of a prepared scene share one grid."""
    return scene.band(scene.instrument.common_bands[0])


def _grid(lattice: Lattice, area: BaseGeometry, more: int) -> tuple[dict[str, Any], Bounds]:
    """A pyramid of one zoom aligned with the lattice, and the box of the area.

    The area is in the lattice's CRS. The box is enlarged by `more` pixels below and to the right,
    where the pyramid permits it.
    """
    rows, cols = lattice.window(Bounds(*area.bounds))
    tile = min(_LARGEST_TILE, -(-max(len(rows), len(cols)) // 16) * 16)
    shape = [-(-len(rows) // tile), -(-len(cols) // tile)]
    whole = (
        range(rows.start, rows.start + shape[0] * tile),
        range(cols.start, cols.start + shape[1] * tile),
    )
    grid = {
        "shape": shape,
        "bounds": list(lattice.grid(whole).bounds),
        "srs": {"wkt": lattice.crs.to_wkt()},
        "is_global": False,
    }
    wider = (
        range(rows.start, min(rows.stop + more, whole[0].stop)),
        range(cols.start, min(cols.stop + more, whole[1].stop)),
    )
    return {"grid": grid, "tile_size": tile, "metatiling": 1}, lattice.grid(wider).bounds


def _tags(run: RunParameters, satellite: str) -> dict[str, str]:
    """Metadata tags of the file; the contributions of scenes are added when it is made."""
    return {
        "SATELLITE": satellite,
        "PERIOD": str(run.period),
        "STATISTICS": ",".join(run.statistics),
        "MASK": ",".join(run.mask),
    }
