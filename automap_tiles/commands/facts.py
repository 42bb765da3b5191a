"""What a file, tile directory or process output is made of, as far as a conversion needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.commands.tiledir import Selection, TileDirectory, open_tile_directory
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats.protocols import OutputKind
from automap_tiles.formats.registry import guess_format, open_input
from automap_tiles.formats.spec import InputSpec
from automap_tiles.grid import Bounds, Pyramid

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# A zoom whose pixels are smaller than the source's by less than this part counts as equal.
_SLACK = 1e-3
_MAX_ZOOM = 30


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A source of a conversion."""

    path: str
    kind: OutputKind
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options for an output of the same content: bands, dtype, nodata, or schema."""
    directory: TileDirectory | None = None
    """Where the source is one."""

    extent: BaseGeometry | None = None
    """What the tiles of a directory cover, in the CRS of their pyramid."""
    zooms: tuple[int, ...] = ()
    """That have tiles, of a directory; ascending."""

    @property
    def format(self) -> str | None:
        """Of the tiles, where the source is a directory."""
        return None if self.directory is None else self.directory.metadata.format

    @property
    def pyramid(self) -> Pyramid | None:
        return None if self.directory is None else self.directory.pyramid


def source_facts(path: str) -> Facts:
    """Look at a source.

    Raises
    ------
    InputError
        It is missing or cannot be read.

    """
    kind = guess_format(InputSpec.from_value("inp", path), Path.cwd())
    if kind in ("TileDirectory", "Mapchete"):
        return _of_directory(path)
    if kind == "vector_file":
        return _of_features(path)
    return _of_raster(path)


def area_on(facts: Facts, pyramid: Pyramid) -> BaseGeometry:
    """Where a source has data, in the CRS of a pyramid."""
    if facts.pyramid is None or facts.extent is None:
        reader = open_input(InputSpec.from_value("inp", facts.path), Path.cwd(), pyramid)
        return reader.footprint(pyramid.crs)
    if facts.pyramid.crs == pyramid.crs:
        return facts.extent
    from automap_tiles.vector import reproject_geometry

    return reproject_geometry(facts.extent, facts.pyramid.crs, pyramid.crs)


def best_zoom(path: str, pyramid: Pyramid) -> int:
    """The finest zoom whose pixels are not smaller than those of a raster file.

    Raises
    ------
    InputError
        The raster has no position.

    """
    from rasterio.warp import calculate_default_transform

    from automap_tiles.raster import inspect

    info = inspect(path)
    if info.crs is None:
        raise InputError("has no coordinate reference system: say which zooms (-z)", path)
    height, width = info.shape
    transform, _, _ = calculate_default_transform(
        info.crs, pyramid.crs, width, height, *info.bounds
    )
    resolution = abs(transform.a) * (1 - _SLACK)
    zooms = range(_MAX_ZOOM + 1)
    return max((zoom for zoom in zooms if pyramid.pixel_size(zoom)[0] >= resolution), default=0)


def _of_directory(path: str) -> Facts:
    directory = open_tile_directory(path)
    tiles = directory.existing(Selection())
    if not tiles:
        raise ConfigError("holds no tiles", file=path)
    bare = directory.pyramid.replace(pixelbuffer=0)
    boxes = np.array([bare.tile(*index).bounds for index in tiles])
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    return Facts(
        path=path,
        kind=directory.metadata.kind,
        options=directory.metadata.options,
        directory=directory,
        extent=Bounds(low[0], low[1], high[2], high[3]).polygon(),
        zooms=tuple(sorted({index.zoom for index in tiles})),
    )


def _of_raster(path: str) -> Facts:
    from automap_tiles.raster import inspect

    info = inspect(path)
    options: dict[str, Any] = {"bands": info.count, "dtype": str(info.dtype)}
    if info.nodata is not None:
        options["nodata"] = info.nodata
    return Facts(path=path, kind=OutputKind.RASTER, options=options)


def _of_features(path: str) -> Facts:
    from automap_tiles.vector import describe

    found = describe(path)
    schema = {"geometry": found.geometry, "properties": dict(found.properties)}
    return Facts(path=path, kind=OutputKind.VECTOR, options={"schema": schema})
