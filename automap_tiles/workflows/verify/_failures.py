"""Failures as a map: GeoJSON in longitude and latitude (RFC 7946)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rasterio.crs import CRS

from automap_tiles import vector
from automap_tiles.errors import OutputError
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.workflows.verify.files_report import Damage
from automap_tiles.workflows.verify.seams import Seam

_LONGITUDE_LATITUDE = CRS.from_epsg(4326)


def write_failures(
    path: Path, pyramid: Pyramid | None, damaged: Iterable[Damage], seams: Iterable[Seam]
) -> None:
    """Write a feature for each damaged file and each seam; raises `OutputError`.

    Features of files that belong to no tile, or whose pyramid is unknown, have no geometry.
    """
    features = [
        *(
            _feature(
                pyramid,
                damage.tile,
                file=damage.name,
                problem=damage.problem.value,
                detail=damage.detail,
            )
            for damage in damaged
        ),
        *(
            _feature(
                pyramid,
                seam.tile,
                problem="seam",
                metatiling=seam.metatiling,
                pixels=seam.pixels,
                largest=seam.largest,
            )
            for seam in seams
        ),
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path) from error


def _feature(
    pyramid: Pyramid | None, tile: TileIndex | None, **said: str | float
) -> dict[str, Any]:
    place = {} if tile is None else {"zoom": tile.zoom, "row": tile.row, "col": tile.col}
    geometry = None
    if tile is not None and pyramid is not None:
        outline = Tile(pyramid, tile).unbuffered().bounds.polygon()
        geometry = vector.to_mapping(
            vector.reproject_geometry(outline, pyramid.crs, _LONGITUDE_LATITUDE)
        )
    return {"type": "Feature", "geometry": geometry, "properties": {**place, **said}}
