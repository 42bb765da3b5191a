"""Properties of a file, tile directory or process output that a conversion needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import InputSpec, OutputKind
from automap_tiles.formats.registry import find_format, guess_format, open_input
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.workflows.tiles.outdated import report_outdated
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, TileSelection, open_stored_tiles

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.raster.raster_facts import RasterFacts
    from automap_tiles.vector import VectorInfo

# Relative tolerance within which the pixel size of a zoom counts as equal to the source's.
_SLACK = 1e-3
_MAX_ZOOM = 30

MOST_NAMES = 256
"""Maximum number of class names stored with a band: each tile contains all of them."""

# Default interpretations of bands, and that of a colour table, which is implied by the colours.
_PLAIN = frozenset(("gray", "undefined", "palette"))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A source of a conversion."""

    path: str
    kind: OutputKind
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options for an output of the same content: bands, dtype and metadata, or schema."""
    dtypes: tuple[str, ...] = ()
    """Of a raster file, by band."""
    nodatavals: tuple[float | None, ...] = ()
    """As `dtypes`."""
    colours: tuple[Mapping[int, tuple[int, ...]] | None, ...] = ()
    """As `dtypes`, the colour tables."""
    directory: StoredTiles | None = None
    """If the source is one."""

    extent: BaseGeometry | None = None
    """The extent of the tiles of a directory, in the CRS of their pyramid."""
    zooms: tuple[int, ...] = ()
    """Of a directory, zooms that have tiles, ascending."""

    @property
    def format(self) -> str | None:
        """Of the tiles, if the source is a directory."""
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
    info = find_format(guess_format(InputSpec.from_value("inp", path), Path.cwd()))
    if info is not None and info.is_directory:
        return _of_directory(path)
    if info is not None and info.kind is OutputKind.VECTOR:
        return _of_features(path)
    return _of_raster(path)


def area_on(facts: Facts, pyramid: Pyramid) -> BaseGeometry:
    """Extent of a source's data in the CRS of a pyramid."""
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
    from automap_tiles.formats.raster_file import pixel_size

    resolution = pixel_size(path, pyramid.crs) * (1 - _SLACK)
    zooms = range(_MAX_ZOOM + 1)
    return max((zoom for zoom in zooms if pyramid.pixel_size(zoom)[0] >= resolution), default=0)


def _of_directory(path: str) -> Facts:
    directory = open_stored_tiles(path)
    tiles = directory.existing(TileSelection())
    if not tiles:
        raise ConfigError("holds no tiles", file=path)
    report_outdated(directory)
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
    from automap_tiles.raster.raster_facts import read_facts

    said, info = read_facts(path), inspect(path)
    tags: dict[str | int, Any] = {}
    tags.update(said.tags)
    tags.update(_band_tags(said).items())
    _tell_of_lost(path, said)
    options: dict[str, Any] = {"bands": info.count, "dtype": info.dtype}
    if info.nodata is not None:
        options["nodata"] = info.nodata
    if any(info.descriptions):
        options["descriptions"] = [name or "" for name in info.descriptions]
    if any(scale != 1 for scale in info.scales) or any(info.offsets):
        options |= {"scales": list(info.scales), "offsets": list(info.offsets)}
    if any(said.units):
        options["units"] = [unit or "" for unit in said.units]
    if not _PLAIN.issuperset(said.colorinterp):
        options["colorinterp"] = list(said.colorinterp)
    if tags:
        options["tags"] = tags
    return Facts(
        path=path,
        kind=OutputKind.RASTER,
        options=options,
        dtypes=info.dtypes,
        nodatavals=info.nodatavals,
        colours=said.colours,
    )


def _band_tags(said: RasterFacts) -> dict[int, dict[str, str]]:
    """Tags by band, with class names in the form of this package."""
    from automap_tiles.raster.legend import CLASS_TAG

    found: dict[int, dict[str, str]] = {}
    for band, (own, names) in enumerate(zip(said.band_tags, said.names, strict=True), start=1):
        few = names if len(names) <= MOST_NAMES else {}
        tags = {f"{CLASS_TAG}{value}": name for value, name in few.items()} | dict(own)
        if tags:
            found[band] = tags
    return found


def _tell_of_lost(path: str, said: RasterFacts) -> None:
    """Note metadata of the source that tiles cannot store."""
    columns = [
        f"band {band}: {', '.join(names)}" for band, names in enumerate(said.columns, 1) if names
    ]
    many = [f"band {band}" for band, names in enumerate(said.names, 1) if len(names) > MOST_NAMES]
    lost = (
        (columns, "columns of a raster attribute table that are neither value, name nor colour"),
        (many, f"names of more than {MOST_NAMES} classes, which every tile would repeat"),
        (said.domains, "domains of metadata beside the usual one"),
        ([f"{said.points} points"] if said.points else [], "ground control points"),
        (["RPC"] if said.has_rpcs else [], "rational polynomial coefficients"),
    )
    for examples, what in lost:
        if examples:
            tell(
                Note.of(
                    examples,
                    fate=Fate.LOST,
                    subject=Subject.ATTRIBUTES,
                    reason=f"{what} are not taken over into tiles",
                    remedy=f"they stay in {path}",
                )
            )


def _of_features(path: str) -> Facts:
    from automap_tiles.formats.vector_file import tell_unplaced
    from automap_tiles.vector import describe

    found = describe(path)
    if found.bounds is None:
        raise InputError("none of its features has a geometry", path)
    tell_unplaced(path)
    schema = {"geometry": _geometry_type(found), "properties": dict(found.properties)}
    return Facts(path=path, kind=OutputKind.VECTOR, options={"schema": schema})


def _geometry_type(found: VectorInfo) -> str:
    """For lines and polygons of a Shapefile the multi-part type.

    Shapefiles do not distinguish single and multi-part ones; GDAL reports all as single, and each
    part would become a feature.
    """
    name = found.geometry.removeprefix("3D ")
    if found.driver == "ESRI Shapefile" and name in ("LineString", "Polygon"):
        return found.geometry.removesuffix(name) + f"Multi{name}"
    return found.geometry
