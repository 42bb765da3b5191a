"""An export as STAC: an item, and a catalogue of its parent folder."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.layers.open import safe_name
from automap_tiles.parsing import parse_json
from automap_tiles.storage import open_storage
from automap_tiles.version import VERSION as OWN_VERSION
from automap_tiles.workflows.export._order import Container, ExportSpec
from automap_tiles.workflows.export._times import time_of
from automap_tiles.workflows.export.page import page_path

if TYPE_CHECKING:
    from automap_tiles.workflows.export._sink import Description

VERSION = "1.0.0"
"""STAC version."""
_WEB_MAPS = "https://stac-extensions.github.io/web-map-links/v1.1.0/schema.json"
CATALOG = "catalog.json"
_TYPES = {
    Container.PMTILES: "application/vnd.pmtiles",
    Container.MBTILES: "application/vnd.mapbox-mbtiles",
}


def check(order: ExportSpec) -> None:
    """Raises `ConfigError` for an invalid time and for a catalogue that cannot be extended."""
    if order.time is not None:
        _times(order.time)
    path = _folder(order) / CATALOG
    if order.stac and path.exists():
        _read(path)


def write(order: ExportSpec, description: Description) -> list[Path]:
    """Write the item, and the catalogue with a link to it; returns their paths.

    Other items of an existing catalogue are kept. Raises `ConfigError` if it cannot be read,
    `OutputError` if nothing can be written.
    """
    folder = _folder(order)
    name = "item.json" if order.container is Container.XYZ else f"{order.out.name}.json"
    catalog = _catalog(folder / CATALOG, name, description.title)
    storage = open_storage(str(folder))
    for key, content in ((name, _item(order, description)), (CATALOG, catalog)):
        storage.put(key, json.dumps(content, indent=1, ensure_ascii=False).encode())
    return [folder / name, folder / CATALOG]


def _folder(order: ExportSpec) -> Path:
    return order.out if order.container is Container.XYZ else order.out.parent


def _item(order: ExportSpec, description: Description) -> dict[str, Any]:
    first, last = description.zooms
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [] if order.container is Container.MBTILES else [_WEB_MAPS],
        "id": safe_name(order.out.name),
        "bbox": _bbox(description),
        "geometry": _geometry(description),
        "properties": {
            "title": description.title,
            **_times(order.time or time_of(order.source)),
            "automap:version": OWN_VERSION,
            "automap:style": description.look["style"],
            "automap:zooms": [first, last],
        },
        "links": [
            {"rel": "root", "href": f"./{CATALOG}", "type": "application/json"},
            {"rel": "parent", "href": f"./{CATALOG}", "type": "application/json"},
            *_map_links(order, description),
        ],
        "assets": _assets(order, description),
    }


def _map_links(order: ExportSpec, description: Description) -> list[dict[str, Any]]:
    """Links to the tiles for web maps."""
    title = {"title": description.title}
    if order.container is Container.XYZ:
        href = f"./{{z}}/{{x}}/{{y}}.{description.image.value}"
        return [{"rel": "xyz", "href": href, "type": description.image.media_type, **title}]
    if order.container is Container.PMTILES:
        href = f"./{order.out.name}"
        return [{"rel": "pmtiles", "href": href, "type": _TYPES[order.container], **title}]
    return []


def _assets(order: ExportSpec, description: Description) -> dict[str, Any]:
    if order.container is Container.XYZ:
        tiles = {"href": "./tilejson.json", "type": "application/json", "roles": ["tiles"]}
    else:
        href = f"./{order.out.name}"
        tiles = {"href": href, "type": _TYPES[order.container], "roles": ["visual", "tiles"]}
    assets: dict[str, Any] = {"tiles": {**tiles, "title": description.title}}
    if order.page:
        href = f"./{page_path(order).name}"
        assets["page"] = {"href": href, "type": "text/html", "roles": ["overview"]}
    return assets


def _bbox(description: Description) -> list[float]:
    from automap_tiles.scenes.catalogue import item_bbox  # few exports write an item

    return item_bbox(*description.bounds)


def _geometry(description: Description) -> dict[str, Any]:
    """The box, in two halves if it crosses the antimeridian (RFC 7946, section 3.1.9)."""
    west, south, east, north = _bbox(description)
    if west <= east:
        return {"type": "Polygon", "coordinates": [_ring(west, south, east, north)]}
    halves = [_ring(west, south, 180.0, north)], [_ring(-180.0, south, east, north)]
    return {"type": "MultiPolygon", "coordinates": list(halves)}


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _times(text: str) -> dict[str, str | None]:
    """`datetime`, and the ends of an interval; raises `ConfigError`."""
    parts = [_time(part) for part in text.split("/")]
    if len(parts) == 1:
        return {"datetime": parts[0]}
    if len(parts) > 2 or parts[0] > parts[1]:
        raise _wrong(text)
    return {"datetime": None, "start_datetime": parts[0], "end_datetime": parts[1]}


def _time(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong(text) from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return re.sub(r"\+00:00$", "Z", found.isoformat())


def _wrong(text: str) -> ConfigError:
    return ConfigError(
        "is not a time", key="--time", found=text, remedy="2026-07-01 or 2026-07-01/2026-08-31"
    )


def _catalog(path: Path, item: str, title: str) -> dict[str, Any]:
    """The existing catalogue, or a new one, with a link to the item."""
    catalog = _read(path) if path.exists() else _new()
    link = {"rel": "item", "href": f"./{item}", "type": "application/geo+json", "title": title}
    others = [each for each in catalog["links"] if each.get("href") != link["href"]]
    return {**catalog, "links": [*others, link]}


def _new() -> dict[str, Any]:
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": "maps",
        "title": "Maps",
        "description": "Tiles for web maps, written by automap export",
        "links": [{"rel": "root", "href": f"./{CATALOG}", "type": "application/json"}],
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", path, key="--stac") from error
    if not isinstance(found, dict) or found.get("type") != "Catalog" or "links" not in found:
        raise ConfigError("is not a STAC catalogue", path, key="--stac", remedy="move it away")
    return found
