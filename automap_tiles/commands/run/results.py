"""A composite as a STAC item beside it: what it was made of and how, and what each scene gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from automap_tiles import raster
from automap_tiles.commands.run import stac
from automap_tiles.commands.run.composite import band_names, band_unit
from automap_tiles.commands.run.download import area_hash
from automap_tiles.commands.run.folders import composite_path, satellite_name
from automap_tiles.commands.run.parameters import RunParameters
from automap_tiles.errors import ConfigError
from automap_tiles.scenes.outlines import outline
from automap_tiles.scenes.prepared import read_item
from automap_tiles.storage import open_storage
from automap_tiles.version import VERSION

_WORDS = {
    "automap:area": "for another area",
    "automap:mask": "with another mask",
    "automap:masker": "from scenes whose masks were made in another way",
    "automap:max_cloud_cover": "with another limit of cloud cover",
    "automap:provenance": "with other provenance bands",
}
"""What decides on a composite and is not in its name."""


def write_item(run: RunParameters, satellite: str) -> None:
    """Describe the composite of a satellite; raises `InputError`, `OutputError`."""
    path = composite_path(run, satellite)
    stac.put(open_storage(str(path.parent)), f"{path.stem}.json", _item(run, satellite, path))


def check_composites(run: RunParameters) -> None:
    """Raise `ConfigError` where a composite of the same name was made in another way."""
    for satellite in sorted(run.satellites):
        path = composite_path(run, satellite)
        found = read_item(path.with_suffix(".json"))
        if found is None or not path.exists():
            continue
        wanted = _how(run)
        changed = [
            words for key, words in _WORDS.items() if found["properties"].get(key) != wanted[key]
        ]
        if changed:
            raise ConfigError(
                f"the composite that is there was made {' and '.join(changed)}",
                file=path,
                remedy="--overwrite makes it anew; another --output keeps both",
            )


def _how(run: RunParameters) -> dict[str, Any]:
    return {
        "automap:statistics": list(run.statistics),
        "automap:provenance": list(run.provenance),
        "automap:mask": sorted(run.mask),
        "automap:masker": run.making.label or None,
        "automap:max_cloud_cover": run.max_cloud_cover,
        "automap:area": area_hash(run.area),
    }


def _item(run: RunParameters, satellite: str, path: Path) -> dict[str, Any]:
    from shapely.geometry import mapping

    info = raster.inspect(str(path))
    shape = outline(info.grid)
    sidecar = path.with_suffix(".scenes.json")
    return {
        "type": "Feature",
        "stac_version": stac.VERSION,
        "stac_extensions": stac.EXTENSIONS,
        "id": f"{satellite_name(satellite)}_{path.stem}",
        "geometry": mapping(shape),
        "bbox": list(shape.bounds),
        "properties": {
            "datetime": None,
            "start_datetime": f"{run.period.first}T00:00:00Z",
            "end_datetime": f"{run.period.last}T23:59:59Z",
            "platform": satellite_name(satellite),
            "description": run.description,
            "proj:epsg": info.grid.crs.to_epsg(),
            "proj:shape": list(info.grid.shape),
            "proj:transform": list(info.grid.transform)[:6],
            "automap:version": VERSION,
            **_how(run),
            "automap:scenes": json.loads(sidecar.read_text(encoding="utf-8")),
        },
        "links": [],
        "assets": {
            "image": _asset(run, path, info.nodata, info.dtype),
            "scenes": {
                "href": f"./{sidecar.name}",
                "type": "application/json",
                "title": "What each scene gave",
                "roles": ["metadata"],
            },
        },
    }


def _asset(run: RunParameters, path: Path, nodata: float | None, dtype: str) -> dict[str, Any]:
    names = band_names(run.statistics, run.provenance)
    return {
        "href": f"./{path.name}",
        "type": stac.COG,
        "title": "Composite",
        "roles": ["data"],
        "eo:bands": [{"name": name} for name in names],
        "raster:bands": [
            {"data_type": dtype, "nodata": nodata, "scale": band_unit(name), "offset": 0.0}
            for name in names
        ],
    }
