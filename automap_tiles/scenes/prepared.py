"""Prepared scenes: one multiband GeoTIFF each, all bands at one resolution, described by STAC.

The folder has `prepared.json`, a STAC collection, and for each scene a STAC item `<id>.json` and a
raster `<id>.tif`. The item is written last, so its presence means that the raster is complete. A
scene without a pixel in the area gets an item without assets, so that it is not read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from types import NoneType
from typing import Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import BandFile, QualityFile, Scaling, Scene, Sensor, sensor_of
from automap_tiles.parsing import parse_json
from automap_tiles.storage import Address

NAME = "prepared.json"
"""Marks a folder of prepared scenes."""
MASK = "mask"
"""Name of the band with `missions.Flag`."""
NODATA = -32768
SCALE = 1e-4
"""Scale of all bands but the mask."""
ASSET = "image"
KEY = "automap:scene"
"""Item property with the fields of the `Scene`."""

FROM_ABOVE = "brdf of the run that prepared it"
"""The correction that a prepared scene states as already applied (`Scene.is_from_above`)."""

PREPARED_INDICES = ("ndvi", "ndwi")
"""Written beside the bands, computed from unrounded reflectance."""

_TEXTS = ("id", "sensor", "time")
_NO_BOX = [0.0] * 4
_ABOUT: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(("level", "tile", "is_from_above"), (str, NoneType)),
    "orbit": (int, NoneType),
    **dict.fromkeys(("cloud_cover", "sun_elevation", "sun_azimuth"), (int, float, NoneType)),
}
"""What `about` keeps, and of which kinds it is."""
_ASKED = 16
"""Number of items requested from an object store at a time."""


def planes(sensor: Sensor) -> tuple[str, ...]:
    """Bands of a sensor's prepared scenes: its common bands, mask, indices."""
    return (*sensor.common_bands, MASK, *PREPARED_INDICES)


def scenes(folder: Address) -> tuple[list[Scene], list[tuple[str, str]]]:
    """(scenes, rejected) of a folder; scenes without pixels are in neither."""
    found: list[Scene] = []
    rejected: list[tuple[str, str]] = []
    for name, item in items(folder):
        try:
            scene = None if item is None else _scene(folder, item)
        except (KeyError, TypeError, ValueError) as error:
            rejected.append((name, f"not a prepared scene: {error!r}"))
            continue
        if item is None:
            rejected.append((name, "not the item of a prepared scene, or a damaged one"))
        elif scene is not None:
            found.append(scene)
    return found, rejected


def items(
    folder: Address, known: Iterable[str] = ()
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """STAC items by file name, None for invalid ones; raises `InputError`.

    A store may list a new object with a delay, so items that the collection links to, or that the
    caller names in `known`, are also requested by name.
    """
    keys = folder.as_folder().list()
    listed = {key for key in keys if "/" not in key and is_item(key)}
    named = {*known, *_named(folder)} if folder.is_remote else set()
    for name, item in read_items(folder, sorted(listed | named)).items():
        if item is not None or name in listed:
            yield name, item


def _named(folder: Address) -> Iterator[str]:
    """Names of the items that a collection links to; none of a damaged one, which is made anew."""
    content = (folder / NAME).read()
    try:
        found = None if content is None else parse_json(content)
    except ValueError:
        return
    links = found.get("links") if isinstance(found, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "item":
            name = str(link.get("href", "")).removeprefix("./")
            if "/" not in name:
                yield name


def is_folder(folder: Address, names: Collection[str]) -> bool:
    """Whether a folder holds prepared scenes; `names` is its listing."""
    return NAME in names or (folder.is_remote and (folder / NAME).exists())


def read_items(folder: Address, names: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """Items by file name; raises `InputError`."""
    if not folder.is_remote or len(names) < 2:
        return {name: read_item(folder / name) for name in names}
    # notes made in these threads belong to the caller
    contexts = [copy_context() for _ in names]
    with ThreadPoolExecutor(_ASKED) as pool:  # I/O bound: waiting for answers
        found = pool.map(lambda told, name: told.run(read_item, folder / name), contexts, names)
        return dict(zip(names, found, strict=True))


def is_item(name: str) -> bool:
    """Whether a file name is that of a scene's item."""
    return name.endswith(".json") and name != NAME


def read_item(address: Address) -> dict[str, Any] | None:
    """An item; None if it is missing, invalid or damaged.

    Raises `InputError` if a store does not answer, which is not the same as a missing item.
    """
    try:
        content = address.read()
        found = None if content is None else parse_json(content)
    except ValueError:
        return None
    except InputError:
        if address.is_remote:
            raise
        return None
    return found if _is_whole(found) else None


def _is_whole(item: Any) -> bool:
    """Whether all that is asked of an item is there, as it was written."""
    if not isinstance(item, dict):
        return False
    said, assets, box = item.get("properties"), item.get("assets", {}), item.get("bbox", _NO_BOX)
    if not (isinstance(said, dict) and isinstance(assets, dict) and isinstance(box, list)):
        return False
    asset = assets.get(ASSET)
    return (
        (asset is None or (isinstance(asset, dict) and isinstance(asset.get("href"), str)))
        and len(box) == 4
        and all(_is_kind(value, (int, float)) for value in box)
        and (KEY not in said or _is_of_scene(item))
    )


def _is_of_scene(item: Mapping[str, Any]) -> bool:
    said = item["properties"]
    return "assets" in item and isinstance(said.get("datetime"), str) and _is_about(said[KEY])


def _is_about(said: Any) -> bool:
    """Whether it is what an item keeps of a scene."""
    if not isinstance(said, dict) or not said.keys() <= _ABOUT.keys():
        return False
    if not all(_is_kind(said.get(name), kinds) for name, kinds in _ABOUT.items()):
        return False
    try:
        sensor_of(said["sensor"])
        return datetime.fromisoformat(said["time"]).tzinfo is not None
    except (ConfigError, ValueError):
        return False


def _is_kind(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def about(scene: Scene) -> dict[str, Any]:
    """Fields of a scene that its item keeps, plain JSON values."""
    from_above = scene.is_from_above if scene.nadir is None else FROM_ABOVE
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
        **({} if from_above is None else {"is_from_above": from_above}),
    }


def _scene(folder: Address, item: Mapping[str, Any]) -> Scene | None:
    asset = item["assets"].get(ASSET)
    said = dict(item["properties"][KEY])
    if asset is None:
        return None
    href = (folder / str(asset["href"]).removeprefix("./")).url
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
