"""Prepared scenes as STAC: an item for each, and a collection for the folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automap_tiles.missions import outline
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.prepare import PreparedPicture
from automap_tiles.scenes.prepared import (
    ASSET,
    FROM_ABOVE,
    KEY,
    MASK,
    NAME,
    NODATA,
    SCALE,
    about,
    planes,
)
from automap_tiles.storage import Address
from automap_tiles.version import VERSION as OWN_VERSION

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene

AREA = "automap:area"
"""Item property: hash of the area that the scene was cut to."""
PRODUCT = "automap:product"
"""Item property: fingerprint of the source product."""
FILES = "automap:files"
"""Item property: name, size and checksum of each source file."""
PICTURE = "automap:picture"
"""Item property: size and checksum of the raster."""
MAKING = "automap:mask"
"""Item property: source of the mask, unless it is the scene's own layers."""
VERSION = "1.0.0"
"""STAC version."""
EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
]
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
# Common names of the `eo` extension.
_EO_NAMES = {"swir1": "swir16", "swir2": "swir22"}


@dataclass(frozen=True, kw_only=True)
class MadeFrom:
    """Sources of a prepared scene."""

    making: str = ""
    """Source of the mask."""
    product: str = ""
    """Product fingerprint."""
    files: Sequence[Mapping[str, Any]] = ()
    """Name, size and checksum of each file."""
    picture: Mapping[str, int] | None = None
    """Size and checksum of the resulting raster."""


def item(
    scene: Scene, area: str, picture: PreparedPicture | None, made: MadeFrom = MadeFrom()
) -> dict[str, Any]:
    """The item of a prepared scene; without a raster if it has no pixel in the area."""
    shape = scene.footprint if picture is None else outline(picture.grid)
    name = safe_name(scene.id)
    told = (
        (MAKING, made.making),
        (PRODUCT, made.product),
        (FILES, list(made.files)),
        (PICTURE, made.picture),
    )
    found: dict[str, Any] = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": EXTENSIONS,
        "id": name,
        "geometry": None,
        "properties": {
            **_properties(scene, area, picture),
            **{key: said for key, said in told if said},
        },
        "links": [{"rel": "collection", "href": f"./{NAME}", "type": "application/json"}],
        "collection": "scenes",
        "assets": {} if picture is None else {ASSET: _asset(scene, f"./{name}.tif")},
    }
    return found if shape is None else found | place(shape)


def place(shape: BaseGeometry) -> dict[str, Any]:
    """Geometry and bbox of an item, with longitudes between -180 and 180."""
    from shapely.geometry import mapping

    from automap_tiles.scenes.catalogue import item_bbox, normalised

    return {"geometry": mapping(normalised(shape)), "bbox": item_bbox(*shape.bounds)}


def _properties(scene: Scene, area: str, picture: PreparedPicture | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "datetime": scene.time.isoformat().replace("+00:00", "Z"),
        "platform": scene.sensor,
        "eo:cloud_cover": scene.cloud_cover,
        "view:sun_elevation": scene.sun_elevation,
        "view:sun_azimuth": scene.sun_azimuth,
        "processing:level": scene.level,
        "automap:version": OWN_VERSION,
        AREA: area,
        KEY: about(scene),
    }
    if picture is not None:
        said |= {
            "proj:epsg": picture.grid.crs.to_epsg(),
            "proj:shape": list(picture.grid.shape),
            "proj:transform": list(picture.grid.transform)[:6],
            "automap:pixels": picture.pixels,
            "automap:cloudy": picture.cloudy,
        }
    return {key: value for key, value in said.items() if value is not None or key == "proj:epsg"}


def _asset(scene: Scene, href: str) -> dict[str, Any]:
    bands: list[dict[str, Any]] = []
    stored: list[dict[str, Any]] = []
    for name in planes(scene.instrument):
        band = scene.instrument.find(name)
        eo: dict[str, Any] = {"name": name}
        if band is not None:
            eo |= {
                "common_name": _EO_NAMES.get(name, name),
                "description": band.name,
                "center_wavelength": band.wavelength,
            }
        bands.append(eo)
        scale = {} if name == MASK else {"scale": SCALE, "offset": 0.0}
        stored.append({"data_type": "int16", "nodata": NODATA, **scale})
    return {
        "href": href,
        "type": COG,
        "title": "Reflectance, mask and indices",
        "roles": ["data"],
        "eo:bands": bands,
        "raster:bands": stored,
    }


def is_made_for(item: Mapping[str, Any], area: str, making: str, *, brdf: bool) -> bool:
    """Whether an item's scene was cut to the area with this hash, and made the same way."""
    said = item["properties"]
    corrected = (said.get(KEY) or {}).get("is_from_above") == FROM_ABOVE
    return bool(said.get(AREA) == area and said.get(MAKING, "") == making and corrected == brdf)


def product_of(item: Mapping[str, Any]) -> str | None:
    """Fingerprint of the source product; None if it was not recorded."""
    said = item["properties"].get(PRODUCT)
    return None if said is None else str(said)


def collection(items: Iterable[tuple[str, Mapping[str, Any] | None]], title: str) -> dict[str, Any]:
    """The collection of a folder with all its items."""
    whole = [(name, content) for name, content in items if content is not None]
    boxes = [content["bbox"] for _, content in whole if "bbox" in content] or [[-180, -90, 180, 90]]
    times = sorted(str(content["properties"]["datetime"]) for _, content in whole)
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "id": "scenes",
        "title": title,
        "description": f"Prepared scenes of {title}: reflectance, mask, NDVI and NDWI",
        "license": "proprietary",
        "extent": {
            "spatial": {"bbox": [_around(boxes)]},
            "temporal": {"interval": [[times[0], times[-1]] if times else [None, None]]},
        },
        "links": [
            {"rel": "item", "href": f"./{name}", "type": "application/geo+json"}
            for name, _ in whole
        ],
    }


def _around(boxes: Sequence[Sequence[float]]) -> list[float]:
    """The box around those of items, over the antimeridian where that is narrower."""
    from rasterio.crs import CRS
    from shapely import MultiPolygon
    from shapely import box as polygon

    from automap_tiles.scenes.catalogue import item_bbox
    from automap_tiles.vector import continued_across_antimeridian

    outlines = [
        polygon(west, south, east if west <= east else east + 360, north)
        for west, south, east, north in boxes
    ]
    return item_bbox(
        *continued_across_antimeridian(MultiPolygon(outlines), CRS.from_epsg(4326)).bounds
    )


def put(address: Address, content: Mapping[str, Any]) -> None:
    """Store JSON atomically."""
    address.write(encoded(content))


def encoded(content: Mapping[str, Any]) -> bytes:
    """The stored form."""
    return json.dumps(content, indent=1, ensure_ascii=False).encode()
