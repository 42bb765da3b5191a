"""A STAC item of a tile directory, through which GDAL and catalogues access its tiles.

The item uses the tiled-assets extension (https://github.com/stac-extensions/tiled-assets): it gives
the tiles by a template and their positions by tile matrices (OGC 17-083r2). It contains dtype and
nodata of the bands, so that GDAL can open it without any tile.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.formats import OutputKind
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.runtime.document import read_document
from automap_tiles.storage import Address, is_remote
from automap_tiles.workflows.selections import area_of, selection_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._matrices import matrices_of
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, open_stored_tiles

if TYPE_CHECKING:
    from automap_tiles.grid import Bounds, Pyramid, TileIndex

_TILED_ASSETS = "https://stac-extensions.github.io/tiled-assets/v1.0.0/schema.json"
_RASTER = "https://stac-extensions.github.io/raster/v1.1.0/schema.json"
_EO = "https://stac-extensions.github.io/eo/v1.1.0/schema.json"


_TYPES = {"tif": "image/tiff; application=geotiff", "png": "image/png", "jpg": "image/jpeg"}


@dataclass(frozen=True, kw_only=True)
class ItemRequest:
    """The requested item."""

    tiles: str
    """Output folder of a process, or the `.mapchete` file that writes it."""
    id: str | None = None
    """None: the name of the folder."""
    where: Subset = field(default_factory=Subset)
    """Default: the extent of the existing tiles."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Additional properties, taking precedence over those of the process file; `id`, `links`,
    `eo:bands` and the datetimes are written to their places in the item."""
    asset_basepath: str | None = None
    """Replaces the path of the directory."""
    relative: bool = False
    """Whether tile paths are relative to the folder of the item."""


def item_of(wish: ItemRequest) -> tuple[str, dict[str, Any]]:
    """The default path of the item, and the item.

    Raises `ConfigError` if there is no tile directory, its tiles overlap or are not rasters, or
    none exist.
    """
    directory = open_stored_tiles(wish.tiles)
    _check(directory)
    wish = replace(wish, metadata={**_stated(wish.tiles), **wish.metadata})
    tiles = directory.existing(selection_of(wish.where, directory.process_pyramid))
    if not tiles:
        raise ConfigError("has no tiles there", file=directory.path)
    zooms = wish.where.zooms or tuple(sorted({index.zoom for index in tiles}))
    box = _box(directory, tiles, wish.where)
    name = wish.id or str(wish.metadata.get("id") or directory.path.rstrip("/").split("/")[-1])
    return f"{directory.path.rstrip('/')}/{name}.json", {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            _TILED_ASSETS,
            _RASTER,
            *([_EO] if "eo:bands" in wish.metadata else ()),
        ],
        "id": name,
        **_place(_seen(directory, tiles, box), directory.pyramid),
        "properties": {
            **_properties(wish.metadata),
            **matrices_of(directory.pyramid, zooms, box),
        },
        "links": list(wish.metadata.get("links", [])),
        "assets": {},
        "asset_templates": {"bands": _template(directory, tiles[0], wish)},
    }


def _stated(path: str) -> dict[str, Any]:
    """The key `output.stac` of a process file."""
    if not is_process_file(path):
        return {}
    output = read_document(path).values.get("output")
    stated = output.get("stac") if isinstance(output, Mapping) else None
    return dict(stated) if isinstance(stated, Mapping) else {}


def write_item(item: Mapping[str, Any], path: str, indent: int = 4) -> None:
    """Write an item atomically. Raises `OutputError`."""
    text = json.dumps(item, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    Address.of(path).write(text.encode())


def _check(directory: StoredTiles) -> None:
    path = directory.path
    if directory.metadata.kind is not OutputKind.RASTER or not directory.opens_in_gdal:
        found = directory.metadata.format
        raise ConfigError("an item names raster tiles that GDAL opens", file=path, found=found)
    if directory.pyramid.pixelbuffer:
        raise ConfigError(
            "its tiles overlap, which an item cannot say",
            file=path,
            key="pixelbuffer",
            found=directory.pyramid.pixelbuffer,
            remedy="automap convert makes tiles without a buffer",
        )


def _box(directory: StoredTiles, tiles: Sequence[TileIndex], where: Subset) -> Bounds:
    """Its extent, CRS of the pyramid."""
    from automap_tiles.grid import Bounds

    wanted = area_of(where, directory.pyramid)
    if wanted is not None:
        return Bounds(*wanted.bounds)
    boxes = [directory.tile(index).bounds for index in tiles]
    left, bottom = min(box.left for box in boxes), min(box.bottom for box in boxes)
    right, top = max(box.right for box in boxes), max(box.top for box in boxes)
    edge = directory.pyramid.bounds
    return Bounds(
        max(left, edge.left), max(bottom, edge.bottom), min(right, edge.right), min(top, edge.top)
    )


def _seen(directory: StoredTiles, tiles: Sequence[TileIndex], box: Bounds) -> Bounds:
    """The box without the widest gap between columns: it may cross the antimeridian."""
    from shapely import MultiPolygon
    from shapely import box as polygon

    from automap_tiles.grid import cover

    pyramid = directory.pyramid
    if not pyramid.is_global or box.width < pyramid.bounds.width:
        return box
    first_of_column = {index[::2]: index for index in tiles}
    spans = [directory.tile(index).bounds for index in first_of_column.values()]
    columns = [polygon(left, box.bottom, right, box.top) for left, _, right, _ in spans]
    return cover.hull(pyramid, MultiPolygon(columns))


def _place(box: Bounds, pyramid: Pyramid) -> dict[str, Any]:
    from rasterio.crs import CRS
    from shapely.geometry import box as polygon
    from shapely.geometry import mapping

    from automap_tiles import vector
    from automap_tiles.scenes.catalogue import item_bbox, normalised

    outline = vector.reproject_geometry(polygon(*box), pyramid.crs, CRS.from_epsg(4326))
    return {"geometry": mapping(normalised(outline)), "bbox": item_bbox(*outline.bounds)}


def _properties(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The user's properties, and the time, which every item requires."""
    elsewhere = ("id", "links", "properties", "eo:bands")
    found = {key: value for key, value in metadata.items() if key not in elsewhere}
    found |= dict(metadata.get("properties", {}))
    found = {key: _text(value) for key, value in found.items()}
    times = [found.get(key) for key in ("datetime", "start_datetime", "end_datetime")]
    if not any(times):
        found["datetime"] = datetime.now(UTC).isoformat(timespec="seconds")
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.OPTIONS,
                examples=("datetime",),
                reason="nobody says of which time the tiles are, so the item has that of today",
                remedy="--item-metadata FILE.yaml with datetime, or start_datetime and "
                "end_datetime",
            )
        )
    else:
        found["datetime"] = next(time for time in times if time)
    return found


def _text(value: object) -> object:
    """YAML has times, JSON does not: written as in RFC 3339, in UTC if there is no zone."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    return value


def _template(directory: StoredTiles, some: TileIndex, wish: ItemRequest) -> dict[str, Any]:
    layout = directory.layout
    schema = layout.schema.replace("{extension}", layout.extension)
    for ours, theirs in (("zoom", "TileMatrix"), ("row", "TileRow"), ("col", "TileCol")):
        schema = schema.replace(f"{{{ours}}}", f"{{{theirs}}}")
    base = wish.asset_basepath
    if base is None and not wish.relative:
        base = directory.path if is_remote(directory.path) else str(Path(directory.path).absolute())
    info = directory.look(some).info
    bands = [_band(*said) for said in zip(info.dtypes, info.nodatavals, strict=True)]
    template: dict[str, Any] = {
        "href": schema if base is None else f"{base.rstrip('/')}/{schema}",
        "type": _TYPES.get(layout.extension, "application/octet-stream"),
        "raster:bands": bands,
    }
    named = wish.metadata.get("eo:bands")
    return {**template, "eo:bands": named} if named else template


def _band(dtype: str, nodata: float | None) -> dict[str, Any]:
    if nodata is None:
        return {"data_type": dtype}
    return {"data_type": dtype, "nodata": _plain(nodata)}


def _plain(nodata: float) -> float | str:
    """The raster extension writes numbers that JSON does not support as text."""
    if math.isnan(nodata):
        return "nan"
    return {float("inf"): "inf", float("-inf"): "-inf"}.get(nodata, nodata)
