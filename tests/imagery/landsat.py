"""Writes Landsat 8 products as the USGS packs them: bands, quality band, MTL file.

Numbers follow the product guides: level 1 of collection 1 holds reflectance as 2e-5 DN - 0.1 before
the correction for the sun, level 2 of collection 2 as 2.75e-5 DN - 0.2.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform

from tests.imagery import landsat_items
from tests.imagery.landscape import Frame, Weather, reflectance, weather

BANDS = {"2": "blue", "3": "green", "4": "red", "5": "nir", "6": "swir1", "7": "swir2"}
LEVEL_1 = {"1": "coastal", **BANDS, "9": "cirrus"}
THERMAL = ("10", "11")

# Quality values of collection 1 (BQA) and 2 (QA_PIXEL) for clear land, cloud, shadow, fill: high
# confidence of the thing itself, low of the others.
BQA = (2720, 2800, 2976, 1)
QA_PIXEL = (21824, 22280, 23888, 1)


@dataclass(frozen=True, kw_only=True)
class LandsatProduct:
    """A product and the weather of its day."""

    name: str
    """`LC08_L1TP_013032_20180131_20180207_01_T1`."""
    time: datetime
    """Middle of the scene."""
    frame: Frame
    sun_elevation: float
    """Degrees."""
    sun_azimuth: float = 145.0
    """Degrees."""
    clouds: float = 0.1
    """Share of the pixels."""
    season: float = 1.0
    """How green it is."""
    size: float = 30_000.0
    """Metres of a lake or town."""

    @property
    def is_surface(self) -> bool:
        """Level 2."""
        return self.name.split("_")[1].startswith("L2")


def write(product: LandsatProduct, folder: Path, prefix: str | None = None) -> None:
    """All files into `folder`; with a prefix for their names there is no MTL file."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = weather(product.frame, product.name, product.clouds)
    stem = folder / (prefix or product.name)
    write_bands, quality, codes = (
        (BANDS, "QA_PIXEL", QA_PIXEL) if product.is_surface else (LEVEL_1, "BQA", BQA)
    )
    for number, band in write_bands.items():
        share = reflectance(product.frame, band, product.size, seen, product.season)
        kind = f"SR_B{number}" if product.is_surface else f"B{number}"
        _plane(product, _numbers(product, share, seen), Path(f"{stem}_{kind}.TIF"))
    flags = np.select(
        [seen.fill, seen.cloud, seen.shadow], [codes[3], codes[1], codes[2]], codes[0]
    )
    _plane(product, flags, Path(f"{stem}_{quality}.TIF"))
    if product.is_surface:
        _plane(product, np.zeros(product.frame.shape), Path(f"{stem}_QA_RADSAT.TIF"))
    else:
        for number in THERMAL:
            heat = np.where(seen.fill, 0, np.where(seen.cloud, 21_000, 28_000))
            _plane(product, heat, Path(f"{stem}_B{number}.TIF"))
    if prefix is None:
        Path(f"{stem}_MTL.txt").write_text(mtl(product), encoding="ascii")
        if product.is_surface:
            Path(f"{stem}_MTL.json").write_text(mtl_json(product), encoding="ascii")
            Path(f"{stem}_MTL.xml").write_text(mtl_xml(product), encoding="ascii")
            text = json.dumps(landsat_items.collection_2(product))
            Path(f"{stem}_SR_stac.json").write_text(text, encoding="ascii")


def _numbers(
    product: LandsatProduct, share: NDArray[np.float64], seen: Weather
) -> NDArray[np.int64]:
    if product.is_surface:
        numbers = (share + 0.2) / 2.75e-5
    else:
        numbers = (share * math.sin(math.radians(product.sun_elevation)) + 0.1) / 2e-5
    return np.where(seen.fill, 0, np.clip(np.rint(numbers), 1, 65_535)).astype(np.int64)


def _plane(product: LandsatProduct, values: NDArray[np.generic], path: Path) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="uint16",
        count=1,
        width=values.shape[1],
        height=values.shape[0],
        crs=product.frame.crs,
        transform=product.frame.transform,
        nodata=0 if product.is_surface else None,
        compress="deflate",
    ) as file:
        file.write(values.astype("uint16"), 1)


def mtl(product: LandsatProduct) -> str:
    """The MTL file in ODL, with the groups of its collection."""
    groups = _level_2(product) if product.is_surface else _level_1(product)
    root = "LANDSAT_METADATA_FILE" if product.is_surface else "L1_METADATA_FILE"
    lines = [f"GROUP = {root}"]
    for group, keys in groups.items():
        lines += [f"  GROUP = {group}"]
        lines += [f"    {key} = {_odl(value)}" for key, value in keys.items()]
        lines += [f"  END_GROUP = {group}"]
    return "\n".join([*lines, f"END_GROUP = {root}", "END", ""])


def mtl_json(product: LandsatProduct) -> str:
    """The MTL file of level 2 in JSON: every value is a text."""
    return json.dumps({"LANDSAT_METADATA_FILE": _as_texts(product)})


def mtl_xml(product: LandsatProduct) -> str:
    """The MTL file of level 2 in XML."""
    groups = "".join(
        f"<{group}>{''.join(f'<{key}>{text}</{key}>' for key, text in keys.items())}</{group}>"
        for group, keys in _as_texts(product).items()
    )
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{declaration}<LANDSAT_METADATA_FILE>{groups}</LANDSAT_METADATA_FILE>\n"


def _as_texts(product: LandsatProduct) -> dict[str, dict[str, str]]:
    return {
        group: {key: _odl(value).strip('"') for key, value in keys.items()}
        for group, keys in _level_2(product).items()
    }


Keys = dict[str, str | int | float | None]


class _Bare(str):
    """Text that stands without quotes, as dates do."""

    __slots__ = ()


def _odl(value: str | float | None) -> str:
    if isinstance(value, float) and abs(value) < 1e-3:
        return f"{value:.4E}"
    return f'"{value}"' if isinstance(value, str) and not isinstance(value, _Bare) else str(value)


def _scene(product: LandsatProduct) -> Keys:
    tile = product.name.split("_")[2]
    return {
        "SPACECRAFT_ID": "LANDSAT_8",
        "SENSOR_ID": "OLI_TIRS",
        "WRS_PATH": int(tile[:3]),
        "WRS_ROW": int(tile[3:]),
        "DATE_ACQUIRED": _Bare(f"{product.time:%Y-%m-%d}"),
        "SCENE_CENTER_TIME": f"{product.time:%H:%M:%S.%f}0Z",
    }


def _sky(product: LandsatProduct) -> Keys:
    turn = 0.9856 * (product.time.timetuple().tm_yday - 4)  # Spencer 1971, shortened
    return {
        "CLOUD_COVER": round(100 * product.clouds, 2),
        "SUN_AZIMUTH": product.sun_azimuth,
        "SUN_ELEVATION": product.sun_elevation,
        "EARTH_SUN_DISTANCE": round(1 - 0.01672 * math.cos(math.radians(turn)), 7),
    }


def _corners(product: LandsatProduct) -> Keys:
    """Middles of the corner pixels in degrees."""
    height, width = product.frame.shape
    found: Keys = {}
    for corner in ("UL", "UR", "LL", "LR"):
        place = (
            width - 0.5 if corner[1] == "R" else 0.5,
            height - 0.5 if corner[0] == "L" else 0.5,
        )
        x, y = product.frame.transform @ place
        (lon,), (lat,) = transform(product.frame.crs, "EPSG:4326", [x], [y])
        found[f"CORNER_{corner}_LAT_PRODUCT"] = round(lat, 5)
        found[f"CORNER_{corner}_LON_PRODUCT"] = round(lon, 5)
    return found


def _projection(product: LandsatProduct) -> Keys:
    zone = int(product.frame.crs[-2:])
    return {"MAP_PROJECTION": "UTM", "DATUM": "WGS84", "ELLIPSOID": "WGS84", "UTM_ZONE": zone}


def _level_1(product: LandsatProduct) -> dict[str, Keys]:
    name = product.name
    files: Keys = {f"FILE_NAME_BAND_{n}": f"{name}_B{n}.TIF" for n in (*LEVEL_1, *THERMAL)}
    files |= {"FILE_NAME_BAND_QUALITY": f"{name}_BQA.TIF", "METADATA_FILE_NAME": f"{name}_MTL.txt"}
    return {
        "METADATA_FILE_INFO": {
            "LANDSAT_SCENE_ID": f"LC8{name[10:16]}{product.time:%Y%j}LGN00",
            "LANDSAT_PRODUCT_ID": name,
            "COLLECTION_NUMBER": _Bare("01"),
            "FILE_DATE": _Bare(f"{name[26:30]}-{name[30:32]}-{name[32:34]}T04:22:58Z"),
        },
        "PRODUCT_METADATA": {
            "DATA_TYPE": name.split("_")[1],
            "COLLECTION_CATEGORY": name.split("_")[-1],
            **_scene(product),
            **_corners(product),
            **files,
        },
        "IMAGE_ATTRIBUTES": _sky(product),
        "RADIOMETRIC_RESCALING": {
            key: value
            for n in LEVEL_1
            for key, value in (
                (f"RADIANCE_MULT_BAND_{n}", 0.012),
                (f"RADIANCE_ADD_BAND_{n}", -60.0),
                (f"REFLECTANCE_MULT_BAND_{n}", 2.0e-05),
                (f"REFLECTANCE_ADD_BAND_{n}", -0.1),
            )
        },
        "PROJECTION_PARAMETERS": _projection(product),
    }


def _level_2(product: LandsatProduct) -> dict[str, Keys]:
    name = product.name
    files: Keys = {f"FILE_NAME_BAND_{n}": f"{name}_SR_B{n}.TIF" for n in BANDS}
    files["FILE_NAME_QUALITY_L1_PIXEL"] = f"{name}_QA_PIXEL.TIF"
    files["FILE_NAME_QUALITY_L1_RADIOMETRIC_SATURATION"] = f"{name}_QA_RADSAT.TIF"
    return {
        "PRODUCT_CONTENTS": {
            "LANDSAT_PRODUCT_ID": name,
            "PROCESSING_LEVEL": name.split("_")[1],
            "COLLECTION_NUMBER": _Bare("02"),
            "COLLECTION_CATEGORY": name.split("_")[-1],
            **files,
        },
        "IMAGE_ATTRIBUTES": {**_scene(product), **_sky(product)},
        "PROJECTION_ATTRIBUTES": {**_projection(product), **_corners(product)},
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
            key: value
            for n in BANDS
            for key, value in (
                (f"REFLECTANCE_MULT_BAND_{n}", 2.75e-05),
                (f"REFLECTANCE_ADD_BAND_{n}", -0.2),
            )
        },
    }
