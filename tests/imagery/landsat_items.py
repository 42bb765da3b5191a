"""STAC items of Landsat 8 as catalogues had them: level 2 of the USGS, level 1 on Amazon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

if TYPE_CHECKING:
    from tests.imagery.landsat import LandsatProduct

Item = dict[str, Any]

_COMMON = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "nir08",
    "6": "swir16",
    "7": "swir22",
}
_USGS = "https://landsatlook.usgs.gov/data/collection02/level-2/standard/oli-tirs"
_AMAZON = "https://s3-us-west-2.amazonaws.com/landsat-pds/c1/L8"


def collection_2(product: LandsatProduct) -> Item:
    """Of surface reflectance, STAC 0.7: files far away, those that are not here among them."""
    frame, tile = product.frame, product.name.split("_")[2]
    height, width = frame.shape
    left, top = frame.transform.c, frame.transform.f
    right, bottom = frame.transform @ (width, height)
    bounds = transform_bounds(frame.crs, "EPSG:4326", left, bottom, right, top)
    place = f"{_USGS}/{product.time:%Y}/{tile[:3]}/{tile[3:]}/{product.name}/{product.name}"
    tiff = "image/vnd.stac.geotiff; cloud-optimized=true"

    def asset(end: str, kind: str, **more: Any) -> Item:
        return {"title": end, "type": kind, "href": f"{place}_{end}", **more}

    return {
        "type": "Feature",
        "stac_version": "0.7.0",
        "stac_extensions": ["eo", "https://landsat.usgs.gov/stac/landsat-extension/schema.json"],
        "id": product.name,
        "bbox": list(bounds),
        "geometry": mapping(box(*bounds)),
        "properties": {
            "datetime": f"{product.time:%Y-%m-%d}",
            "eo:cloud_cover": round(100 * product.clouds, 2),
            "eo:sun_azimuth": product.sun_azimuth,
            "eo:sun_elevation": product.sun_elevation,
            "eo:platform": "LANDSAT_8",
            "eo:instrument": "OLI_TIRS",
            "landsat:wrs_type": "2",
            "landsat:wrs_path": str(int(tile[:3])),
            "landsat:wrs_row": str(int(tile[3:])),
            "landsat:collection_category": product.name.split("_")[-1],
            "landsat:collection_number": "02",
            "eo:bands": [{"name": f"SR_B{n}", "common_name": name} for n, name in _COMMON.items()],
        },
        "links": [],
        "collection": "landsat-c2l2-sr",
        "assets": {
            **{
                f"SR_B{n}.TIF": asset(f"SR_B{n}.TIF", tiff, **{"eo:bands": [number]})
                for number, n in enumerate(_COMMON)
            },
            **{end: asset(end, tiff) for end in ("QA_PIXEL.TIF", "QA_RADSAT.TIF")},
            "ANG.txt": asset("ANG.txt", "text/plain"),
            "MTL.txt": asset("MTL.txt", "text/plain"),
            "MTL.json": asset("MTL.json", "application/json"),
        },
    }


@dataclass(frozen=True, kw_only=True)
class OldScene:
    """A scene of collection 1 of which there is but an item."""

    id: str
    """`LC80300332018166LGN00`."""
    product: str
    """`LC08_L1TP_030033_20180615_20180703_01_T1`."""
    time: datetime
    epsg: int
    bounds: tuple[float, float, float, float]
    """Metres."""
    cloud_cover: float
    """Percent."""
    sun_elevation: float


def collection_1(scene: OldScene) -> Item:
    """Of level 1, STAC 1.0, with the transform in GDAL's order, which is none of STAC."""
    left, bottom, right, top = scene.bounds
    outline = transform_bounds(f"EPSG:{scene.epsg}", "EPSG:4326", *scene.bounds)
    tile = scene.product.split("_")[2]
    place = f"{_AMAZON}/{tile[:3]}/{tile[3:]}/{scene.product}/{scene.product}"
    common: Mapping[str, str] = {**_COMMON, "5": "nir", "8": "pan", "9": "cirrus"}
    assets: Item = {
        f"B{n}": {
            "type": "image/tiff",
            "title": f"Band {n} ({name})",
            "href": f"{place}_B{n}.TIF",
            "roles": [],
            "eo:bands": [{"name": f"B{n}", "common_name": name}],
        }
        for n, name in common.items()
    }
    assets["BQA"] = {"type": "image/tiff", "href": f"{place}_BQA.TIF", "roles": []}
    assets["MTL"] = {"type": "text/plain", "href": f"{place}_MTL.txt", "roles": []}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/view/v1.0.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
        ],
        "id": scene.id,
        "bbox": list(outline),
        "geometry": mapping(box(*outline)),
        "collection": "landsat-8-l1",
        "properties": {
            "collection": "landsat-8-l1",
            "datetime": f"{scene.time:%Y-%m-%dT%H:%M:%S}Z",
            "view:sun_azimuth": 125.58,
            "view:sun_elevation": scene.sun_elevation,
            "view:off_nadir": 0,
            "eo:cloud_cover": scene.cloud_cover,
            "instruments": ["OLI_TIRS"],
            "platform": "landsat-8",
            "gsd": 30,
            "proj:epsg": scene.epsg,
            "proj:transform": [left, 30.0, 0.0, top, 0.0, -30.0],
            "proj:shape": [round((top - bottom) / 30), round((right - left) / 30)],
        },
        "links": [],
        "assets": assets,
    }


OLD_SCENES = (
    OldScene(
        id="LC80300332018166LGN00",
        product="LC08_L1TP_030033_20180615_20180703_01_T1",
        time=datetime(2018, 6, 15, 17, 18, 3, tzinfo=UTC),
        epsg=32614,
        bounds=(294_285, 4_187_385, 528_015, 4_425_015),
        cloud_cover=0,
        sun_elevation=66.54407242,
    ),
    OldScene(
        id="LC80140332018166LGN00",
        product="LC08_L1TP_014033_20180615_20180703_01_T1",
        time=datetime(2018, 6, 15, 15, 39, 9, tzinfo=UTC),
        epsg=32618,
        bounds=(357_585, 4_187_685, 589_815, 4_423_815),
        cloud_cover=22,
        sun_elevation=66.54485226,
    ),
    OldScene(
        id="LC80150332018189LGN00",
        product="LC08_L1TP_015033_20180708_20180717_01_T1",
        time=datetime(2018, 7, 8, 15, 45, 34, tzinfo=UTC),
        epsg=32618,
        bounds=(222_285, 4_187_985, 456_915, 4_426_515),
        cloud_cover=0,
        sun_elevation=65.2014335,
    ),
    OldScene(
        id="LC80150322018141LGN00",
        product="LC08_L1TP_015032_20180521_20180605_01_T1",
        time=datetime(2018, 5, 21, 15, 44, 59, tzinfo=UTC),
        epsg=32618,
        bounds=(258_885, 4_346_085, 493_515, 4_584_315),
        cloud_cover=4,
        sun_elevation=64.00406717,
    ),
)
