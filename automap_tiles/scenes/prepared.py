"""Prepared scenes: one multiband GeoTIFF each, all bands at one resolution, described by STAC.

A folder of them holds `prepared.json`, a STAC collection, and for each scene `<id>.json`, a STAC
item, and `<id>.tif`. The item is written last: where it is the picture is whole. A scene without a
pixel in its area has an item without assets, so that it is not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.missions import BandFile, QualityFile, Scaling, Scene, Sensor, sensor_of
from automap_tiles.parsing import parse_json

NAME = "prepared.json"
"""A folder that holds it holds prepared scenes."""
MASK = "mask"
"""Name of the band that holds `missions.Flag`."""
NODATA = -32768
SCALE = 1e-4
"""Of all bands but the mask."""
ASSET = "image"
KEY = "automap:scene"
"""Property of the item with what a `Scene` says of itself."""

PREPARED_INDICES = ("ndvi", "ndwi")
"""Made beside the bands, of reflectance that is not rounded."""

_TEXTS = ("id", "sensor", "time")


def planes(sensor: Sensor) -> tuple[str, ...]:
    """Bands of the pictures of a sensor: those that it has of the common ones, mask, indices."""
    return (*sensor.common_bands, MASK, *PREPARED_INDICES)


def scenes(folder: Path) -> tuple[list[Scene], list[tuple[str, str]]]:
    """(scenes, rejected) of a folder; scenes without pixels are in neither."""
    found: list[Scene] = []
    rejected: list[tuple[str, str]] = []
    for path, item in items(folder):
        try:
            scene = None if item is None else _scene(path, item)
        except (KeyError, TypeError, ValueError) as error:
            rejected.append((path.name, f"not a prepared scene: {error!r}"))
            continue
        if item is None:
            rejected.append((path.name, "not a JSON object"))
        elif scene is not None:
            found.append(scene)
    return found, rejected


def items(folder: Path) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """STAC items by file name, None for what is none; raises `InputError`."""
    try:
        paths = sorted(path for path in folder.glob("*.json") if path.name != NAME)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", folder) from error
    for path in paths:
        yield path, read_item(path)


def read_item(path: Path) -> dict[str, Any] | None:
    """An item; None when there is none, or what is there is none."""
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "properties" in content else None


def about(scene: Scene) -> dict[str, Any]:
    """What the item keeps of a scene, plain JSON values."""
    return {
        "id": scene.id,
        "sensor": scene.sensor,
        "time": scene.time.isoformat(),
        "level": scene.level,
        "tile": scene.tile,
        "orbit": scene.orbit,
        "cloud_cover": scene.cloud_cover,
        "sun_elevation": scene.sun_elevation,
        "sun_azimuth": scene.sun_azimuth,
    }


def _scene(path: Path, item: Mapping[str, Any]) -> Scene | None:
    asset = item["assets"].get(ASSET)
    said = dict(item["properties"][KEY])
    if asset is None:
        return None
    href = str((path.parent / str(asset["href"])).absolute())
    sensor = sensor_of(str(said["sensor"]))
    scaling = Scaling(multiply=SCALE, nodata=NODATA)
    bands = {
        sensor.band(name).name: BandFile(href=href, index=number, scaling=scaling)
        for number, name in enumerate(sensor.common_bands, start=1)
    }
    mask = planes(sensor).index(MASK) + 1
    texts = {name: str(said.pop(name)) for name in _TEXTS}
    return Scene(
        id=texts["id"],
        sensor=sensor.key,
        time=datetime.fromisoformat(texts["time"]),
        bands=bands,
        quality=(QualityFile(layer="automap", href=href, indexes=(mask,)),),
        **said,
    )
