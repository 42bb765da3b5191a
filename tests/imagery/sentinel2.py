"""Writes Sentinel-2 L2A scenes as Earth Search keeps them: bands, SCL, granule metadata, STAC item.

Numbers hold reflectance × 10 000 with the offset of baseline 04.00 already taken out, which the
item says (`earthsearch:boa_offset_applied`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

from tests.imagery.landscape import TOWN, WATER, Frame, Weather, covers, reflectance, weather

BANDS = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir"}

FAR = {
    # file: common name, pixel in metres; of these Earth Search has files that are not here
    "B01": ("coastal", 60),
    "B05": ("rededge1", 20),
    "B06": ("rededge2", 20),
    "B07": ("rededge3", 20),
    "B8A": ("nir08", 20),
    "B09": ("nir09", 60),
    "B11": ("swir16", 20),
    "B12": ("swir22", 20),
}
_CATALOGUE = "https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs"
_TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"

# Classes of SCL: no data, cloud shadow, vegetation, bare, water, cloud.
NO_DATA, SHADOW, PLANTS, BARE, OPEN_WATER, THICK_CLOUD = 0, 3, 4, 5, 6, 9


@dataclass(frozen=True, kw_only=True)
class Sentinel2Scene:
    """A scene of one tile and the weather of its day."""

    platform: str
    """`S2A`, `S2B`."""
    tile: str
    """`33TWL`."""
    time: datetime
    frame: Frame
    clouds: float
    """Share of the pixels."""
    orbit: int = 42_547
    """Absolute number."""
    swath: float = 3.0
    """Share of the tile's width that was seen; below 1 a wedge has no data."""
    size: float = 9_000.0
    """Metres of a lake or town."""
    sun_zenith: float = 34.2
    sun_azimuth: float = 151.8

    @property
    def name(self) -> str:
        """`S2A_33TWL_20230815_0_L2A`."""
        return f"{self.platform}_{self.tile}_{self.time:%Y%m%d}_0_L2A"


def write(scene: Sentinel2Scene, folder: Path) -> None:
    """All files into `folder`."""
    folder.mkdir(parents=True)
    seen = weather(scene.frame, scene.name, scene.clouds, scene.swath)
    for file, band in BANDS.items():
        share = reflectance(scene.frame, band, scene.size, seen)
        numbers = np.where(seen.fill, 0, np.clip(np.rint(share * 10_000), 1, 65_535))
        _plane(scene, numbers.astype("uint16"), folder / f"{file}.tif")
    _plane(scene, _classes(scene, seen), folder / "SCL.tif")
    (folder / "granule_metadata.xml").write_text(granule(scene), encoding="utf-8")
    (folder / f"{scene.name}.json").write_text(json.dumps(item(scene, seen)), encoding="utf-8")


def _classes(scene: Sentinel2Scene, seen: Weather) -> NDArray[np.uint8]:
    cover = covers(scene.frame, scene.size)
    land = np.where(cover == WATER, OPEN_WATER, np.where(cover == TOWN, BARE, PLANTS))
    classes = np.select([seen.fill, seen.cloud, seen.shadow], [NO_DATA, THICK_CLOUD, SHADOW], land)
    return classes.astype("uint8")


def _plane(scene: Sentinel2Scene, values: NDArray[Any], path: Path) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=values.dtype,
        count=1,
        width=values.shape[1],
        height=values.shape[0],
        crs=scene.frame.crs,
        transform=scene.frame.transform,
        nodata=0,
        compress="deflate",
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as file:
        file.write(values, 1)


def granule(scene: Sentinel2Scene) -> str:
    """The metadata of the tile, with a sun that goes down a little towards the north."""
    step = 5_000
    rows = 23
    zenith = _angles(
        "Zenith", step, [[scene.sun_zenith - 0.02 * row] * rows for row in range(rows)]
    )
    azimuth = _angles("Azimuth", step, [[scene.sun_azimuth] * rows for _ in range(rows)])
    left, top = scene.frame.transform.c, scene.frame.transform.f
    sizes = "".join(
        f'<Size resolution="{metres}"><NROWS>{109_800 // metres}</NROWS>'
        f"<NCOLS>{109_800 // metres}</NCOLS></Size>"
        f'<Geoposition resolution="{metres}"><ULX>{left:.0f}</ULX><ULY>{top:.0f}</ULY>'
        f"<XDIM>{metres}</XDIM><YDIM>-{metres}</YDIM></Geoposition>"
        for metres in (10, 20, 60)
    )
    made = f"{scene.time:%Y%m%d}T155057"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<n1:Level-2A_Tile_ID "
        'xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-2A_Tile_Metadata.xsd">'
        f"<n1:General_Info><TILE_ID>S2{scene.platform[-1]}_OPER_MSI_L2A_TL_2APS_{made}_"
        f"A{scene.orbit:06}_T{scene.tile}_N05.09</TILE_ID>"
        f"<DATASTRIP_ID>S2{scene.platform[-1]}_OPER_MSI_L2A_DS_2APS_{made}_"
        f"S{scene.time:%Y%m%dT%H%M%S}_N05.09</DATASTRIP_ID>"
        f"<SENSING_TIME>{scene.time:%Y-%m-%dT%H:%M:%S.%f}Z</SENSING_TIME></n1:General_Info>"
        '<n1:Geometric_Info><Tile_Geocoding metadataLevel="Brief">'
        f"<HORIZONTAL_CS_NAME>WGS84 / UTM zone {scene.frame.crs[-2:]}N</HORIZONTAL_CS_NAME>"
        f"<HORIZONTAL_CS_CODE>{scene.frame.crs}</HORIZONTAL_CS_CODE>{sizes}</Tile_Geocoding>"
        f'<Tile_Angles metadataLevel="Standard"><Sun_Angles_Grid>{zenith}{azimuth}'
        f'</Sun_Angles_Grid><Mean_Sun_Angle><ZENITH_ANGLE unit="deg">{scene.sun_zenith}'
        f'</ZENITH_ANGLE><AZIMUTH_ANGLE unit="deg">{scene.sun_azimuth}</AZIMUTH_ANGLE>'
        "</Mean_Sun_Angle></Tile_Angles></n1:Geometric_Info>"
        "<n1:Quality_Indicators_Info><Image_Content_QI>"
        f"<CLOUDY_PIXEL_PERCENTAGE>{100 * scene.clouds:.2f}</CLOUDY_PIXEL_PERCENTAGE>"
        "<NODATA_PIXEL_PERCENTAGE>0</NODATA_PIXEL_PERCENTAGE></Image_Content_QI>"
        "</n1:Quality_Indicators_Info></n1:Level-2A_Tile_ID>\n"
    )


def _angles(kind: str, step: int, values: list[list[float]]) -> str:
    rows = "".join(f"<VALUES>{' '.join(f'{v:.4f}' for v in row)}</VALUES>" for row in values)
    return (
        f'<{kind}><COL_STEP unit="m">{step}</COL_STEP><ROW_STEP unit="m">{step}</ROW_STEP>'
        f"<Values_List>{rows}</Values_List></{kind}>"
    )


def item(scene: Sentinel2Scene, seen: Weather) -> dict[str, Any]:
    """The STAC item."""
    height, width = scene.frame.shape
    left, top = scene.frame.transform.c, scene.frame.transform.f
    right, bottom = scene.frame.transform @ (width, height)
    bounds = transform_bounds(scene.frame.crs, "EPSG:4326", left, bottom, right, top)
    sensor = f"sentinel-2{scene.platform[-1].lower()}"
    made = f"{scene.time:%Y%m%d}T155057"
    begin = f"{scene.time:%Y%m%d}T095031"
    product = f"{scene.platform}_MSIL2A_{begin}_N0509_R079_T{scene.tile}_{made}.SAFE"
    assets = _assets(scene)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": scene.name,
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.0.0/schema.json",
            "https://stac-extensions.github.io/view/v1.0.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.0.0/schema.json",
        ],
        "properties": {
            "datetime": f"{scene.time:%Y-%m-%dT%H:%M:%S.%f}Z",
            "platform": sensor,
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "eo:cloud_cover": round(100 * float(seen.cloud.mean()), 3),
            "proj:epsg": int(scene.frame.crs[5:]),
            "grid:code": f"MGRS-{scene.tile}",
            "mgrs:utm_zone": int(scene.tile[:2]),
            "mgrs:latitude_band": scene.tile[2],
            "mgrs:grid_square": scene.tile[3:],
            "view:sun_azimuth": scene.sun_azimuth,
            "view:sun_elevation": 90 - scene.sun_zenith,
            "s2:nodata_pixel_percentage": round(100 * float(seen.fill.mean()), 3),
            "s2:product_type": "S2MSI2A",
            "s2:processing_baseline": "05.09",
            "s2:product_uri": product,
            "s2:generation_time": f"{scene.time:%Y-%m-%d}T15:50:57.000000Z",
            "s2:datatake_id": f"G{scene.platform}_{begin}_{scene.orbit:06}_N05.09",
            "s2:datastrip_id": f"{scene.platform}_OPER_MSI_L2A_DS_2APS_{made}_S{begin}_N05.09",
            "s2:sequence": "0",
            "earthsearch:boa_offset_applied": True,
        },
        "geometry": mapping(box(*bounds)),
        "bbox": list(bounds),
        "links": [{"rel": "collection", "href": "../collection.json", "type": "application/json"}],
        "assets": assets,
        "collection": "sentinel-2-l2a",
    }  # fmt: skip


def _assets(scene: Sentinel2Scene) -> dict[str, Any]:
    """Bands, classes and metadata beside the item, the rest and JPEG 2000 where the catalogue is.

    The offset of baseline 04.00 is stated, and is not in the numbers.
    """
    tile, time = scene.tile, scene.time
    square = f"{tile[:2]}/{tile[2]}/{tile[3:]}/{time.year}/{time.month}"
    far = f"{_CATALOGUE}/{square}/{scene.name}"
    requester = f"s3://sentinel-s2-l2a/tiles/{square}/{time.day}/0"
    named = {file: (band, 10) for file, band in BANDS.items()} | FAR
    found: dict[str, Any] = {}
    for file, (band, size) in named.items():
        said = {
            "eo:bands": [{"name": band, "common_name": band}],
            "gsd": size,
            "raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1}],
            **_whole_tile(scene, size),
            "roles": ["data", "reflectance"],
        }
        place = f"{file}.tif" if file in BANDS else f"{far}/{file}.tif"
        found[band] = {"href": place, "type": _TIFF, **said}
        found[f"{band}-jp2"] = {"href": f"{requester}/{file}.jp2", "type": "image/jp2", **said}
    classes = {
        "raster:bands": [{"nodata": 0, "data_type": "uint8"}],
        **_whole_tile(scene, 20),
        "roles": ["data", "reflectance"],
    }
    found["scl"] = {"href": "SCL.tif", "type": _TIFF, **classes}
    found["scl-jp2"] = {"href": f"{requester}/SCL.jp2", "type": "image/jp2", **classes}
    found["visual"] = {
        "href": f"{far}/TCI.tif",
        "type": _TIFF,
        "eo:bands": [{"name": band, "common_name": band} for band in ("red", "green", "blue")],
        "roles": ["visual"],
    }
    found["granule_metadata"] = {
        "href": "granule_metadata.xml", "type": "application/xml", "roles": ["metadata"],
    }  # fmt: skip
    return found


def _whole_tile(scene: Sentinel2Scene, size: int) -> dict[str, Any]:
    """Pixels as the catalogue has them, whatever those of the files here are."""
    many = 109_800 // size
    place = scene.frame.transform
    transform = [size, 0, round(place.c), 0, -size, round(place.f)]
    return {"proj:shape": [many, many], "proj:transform": transform}


def collection(names: Sequence[str]) -> dict[str, Any]:
    """The STAC collection that links to items, each in a folder of its name beside it."""
    links = [{"rel": "item", "href": f"./{name}/{name}.json"} for name in names]
    return {
        "type": "Collection",
        "id": "sentinel-2-l2a",
        "stac_version": "1.0.0",
        "description": "Scenes that the tests wrote",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [["2015-06-27T00:00:00Z", None]]},
        },
        "links": [{**link, "type": "application/json"} for link in links],
    }
