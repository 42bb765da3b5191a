"""What a file, tile directory or process output is made of, as far as a conversion needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automap_tiles.commands.tiledir import TileDirectory, open_tile_directory
from automap_tiles.errors import InputError
from automap_tiles.formats.protocols import OutputKind, Reader
from automap_tiles.formats.registry import guess_format, open_input
from automap_tiles.formats.spec import InputSpec
from automap_tiles.grid import Pyramid

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


def open_source(path: str, pyramid: Pyramid) -> Reader:
    """The reader that a process would get for a path."""
    return open_input(InputSpec.from_value("inp", path), Path.cwd(), pyramid)


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
    return Facts(
        path=path,
        kind=directory.metadata.kind,
        options=directory.metadata.options,
        directory=directory,
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
