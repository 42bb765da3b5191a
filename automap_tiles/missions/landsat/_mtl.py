"""The MTL file of a Landsat product: before the collections, Collection 1 and Collection 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from automap_tiles.errors import InputError
from automap_tiles.missions._common.scaling import (
    Scaling,
    earth_sun_distance,
)
from automap_tiles.missions._common.scene import Ring
from automap_tiles.missions.landsat._bands import BY_KEY
from automap_tiles.missions.landsat._groups import Groups, read_groups
from automap_tiles.missions.landsat._mtl_scaling import scalings_of, whole
from automap_tiles.missions.landsat._names import of_generation, refuse_mss

"""(longitude, latitude) in degrees, the last point the first one."""

# Product groups: a level 2 file also holds its level 1 record, with the same keys.
_FILES = ("PRODUCT_CONTENTS", "PRODUCT_METADATA")


@dataclass(frozen=True, kw_only=True)
class LandsatMetadata:
    """Content of an MTL file; None and empty: not stated."""

    id: str
    """Product id: `LC08_L1TP_090084_20160121_20200907_02_T1`, `LC80900842013284LGN00`."""
    sensor: str
    """Sensor key: `landsat-8`."""
    instrument: str | None
    """`OLI_TIRS`, `OLI`, `TM`, `ETM`, `ETM+`."""
    level: str
    """`L1TP`, `L1GT`, `L1T`, `L2SP`, `L2SR` …"""
    collection: int
    """0: before the collections."""
    tier: str | None
    """`T1`, `T2`, `RT`."""
    time: datetime
    """Acquisition time of the scene centre, UTC."""
    processed: datetime | None = None
    """Production time, UTC."""
    path: int | None
    row: int | None
    """Worldwide Reference System 2."""
    cloud_cover: float | None
    """Per cent."""
    sun_elevation: float | None
    sun_azimuth: float | None
    """Degrees at the scene centre, clockwise from north."""
    earth_sun_distance: float
    """Astronomical units."""
    epsg: int | None
    """UTM on WGS 84, or polar stereographic for Antarctica."""
    footprint: Ring
    """Corners of the image, including fill."""
    bands: Mapping[str, str]
    """File of each band by the sensor's own band name."""
    scaling: Mapping[str, Scaling]
    """Scaling of the reflective bands; surface reflectance for level 2 products."""
    quality: Mapping[str, str]
    """File of each quality layer by layer name."""
    angles: Mapping[str, str]
    """Files of angles in hundredths of a degree: `sun_zenith`, `sun_azimuth`, `view_zenith` …"""

    @property
    def surface(self) -> bool:
        """Whether it holds surface rather than top-of-atmosphere reflectance."""
        return self.level.startswith("L2")


def read_mtl(data: str | bytes) -> LandsatMetadata:
    """Read an MTL file: text, JSON or XML.

    Raises `InputError` if it is not an MTL file, is truncated, lacks satellite or time, or is from
    an unsupported satellite.
    """
    groups = read_groups(data)
    level = _level(groups)
    sensor = _sensor(groups)
    collection = int(groups.number("COLLECTION_NUMBER") or 0)
    seen = _time(groups)
    sun = groups.number("SUN_ELEVATION")
    distance = groups.number("EARTH_SUN_DISTANCE") or earth_sun_distance(seen.date())
    return LandsatMetadata(
        id=_identifier(groups),
        sensor=sensor,
        instrument=groups.text("SENSOR_ID"),
        level=level,
        collection=collection,
        tier=groups.text("COLLECTION_CATEGORY", within=("PRODUCT_CONTENTS", *groups.groups)),
        time=seen,
        processed=_processed(groups),
        path=whole(groups.number("WRS_PATH")),
        row=whole(groups.number("WRS_ROW", "STARTING_ROW")),
        cloud_cover=_per_cent(groups.number("CLOUD_COVER")),
        sun_elevation=sun,
        sun_azimuth=groups.number("SUN_AZIMUTH"),
        earth_sun_distance=distance,
        epsg=_epsg(groups),
        footprint=_footprint(groups),
        bands=_bands(groups),
        scaling=scalings_of(groups, sensor, level, sun, distance),
        quality=_quality(groups, collection, sensor),
        angles=_angles(groups),
    )


def _level(groups: Groups) -> str:
    level = groups.text("PROCESSING_LEVEL", "DATA_TYPE", "PRODUCT_TYPE", within=_FILES)
    if level is None:
        raise InputError(
            "metadata does not name the processing level (PROCESSING_LEVEL, DATA_TYPE)"
        )
    return level.upper()


def _sensor(groups: Groups) -> str:
    """Sensor key from `LANDSAT_8`, `Landsat5`, or the scene name if the satellite is missing."""
    name = groups.text("SPACECRAFT_ID") or ""
    found = re.fullmatch(r"LANDSAT_?(\d)", name.upper())
    if found is None:
        scene = groups.text("LANDSAT_PRODUCT_ID", "LANDSAT_SCENE_ID") or ""
        found = re.match(r"L[COTEM]0?(\d)", scene.upper()) if not name else None
    if found is None:
        raise InputError(f"metadata does not name a Landsat satellite (SPACECRAFT_ID: {name!r})")
    digit = found[1]
    if (groups.text("SENSOR_ID") or "").upper() == "MSS":
        raise refuse_mss(digit)
    if f"landsat-{digit}" not in BY_KEY:
        raise InputError(f"Landsat {digit} has no sensor with the six common bands")
    return f"landsat-{digit}"


def _identifier(groups: Groups) -> str:
    identifier = groups.text("LANDSAT_PRODUCT_ID", "LANDSAT_SCENE_ID", within=groups.groups)
    product = groups.text("LANDSAT_PRODUCT_ID", within=("PRODUCT_CONTENTS",))
    if product or identifier:
        return product or identifier or ""
    file = groups.text("METADATA_L1_FILE_NAME", "METADATA_FILE_NAME", within=_FILES)
    if file is None:
        raise InputError("metadata does not name its product (LANDSAT_PRODUCT_ID)")
    return re.sub(r"_MTL\.\w+$", "", file, flags=re.IGNORECASE)


def _time(groups: Groups) -> datetime:
    day = groups.text("DATE_ACQUIRED", "ACQUISITION_DATE")
    clock = groups.text("SCENE_CENTER_TIME", "SCENE_CENTER_SCAN_TIME")
    if day is None:
        raise InputError("metadata does not say when the scene was seen (DATE_ACQUIRED)")
    try:
        # Seconds have seven decimals, of which a time holds six.
        at = time.fromisoformat((clock or "00:00").rstrip("Zz")[:15])
        return datetime.combine(date.fromisoformat(day), at, tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"metadata has no date and time: {day!r}, {clock!r}") from error


def _processed(groups: Groups) -> datetime | None:
    """Production time; a level 2 product also holds its level 1 record, with the same key."""
    keys = ("DATE_PRODUCT_GENERATED", "FILE_DATE", "PRODUCT_CREATION_TIME")
    first = ("LEVEL2_PROCESSING_RECORD", *(name for name in groups.groups))
    text = groups.text(*keys, within=first)
    try:
        made = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return made.replace(tzinfo=made.tzinfo or UTC)


def _epsg(groups: Groups) -> int | None:
    """EPSG code; Landsat uses northern UTM zones in both hemispheres."""
    if (groups.text("DATUM") or "").upper() != "WGS84":
        return None
    projection = (groups.text("MAP_PROJECTION") or "").upper()
    zone = whole(groups.number("UTM_ZONE"))
    if projection == "UTM" and zone:
        return 32600 + zone if zone > 0 else 32700 - zone
    is_antarctic = groups.number("TRUE_SCALE_LAT") == -71
    return 3031 if projection == "PS" and is_antarctic else None


def _footprint(groups: Groups) -> Ring:
    corners: list[tuple[float, float]] = []
    for corner in ("UL", "UR", "LR", "LL"):
        longitude, latitude = (
            groups.number(f"CORNER_{corner}_{axis}_PRODUCT", f"PRODUCT_{corner}_CORNER_{axis}")
            for axis in ("LON", "LAT")
        )
        if longitude is None or latitude is None:
            return ()
        corners.append((longitude, latitude))
    return (*corners, corners[0])


_BAND_FILE = re.compile(r"FILE_NAME_BAND_((?:ST_B)?\d\w*)|BAND(\d+)_FILE_NAME")


def _bands(groups: Groups) -> dict[str, str]:
    files: dict[str, str] = {}
    for group in _FILES:
        for key, file in groups.items(group).items():
            if found := _BAND_FILE.fullmatch(key):
                files[_band_name(found[1] or found[2])] = file
    return files


def _band_name(number: str) -> str:
    """`4` → `B4`, `61` → `B6_VCID_1`, `ST_B10` as it is."""
    if number.startswith("ST_"):
        return number
    return f"B6_VCID_{number[1]}" if number in ("61", "62") else f"B{number}"


def _quality(groups: Groups, collection: int, sensor: str) -> dict[str, str]:
    """Quality layers by name (`missions.quality_layer`); Landsat 4 to 7 have their own tables."""
    old = of_generation("bqa_c1", sensor) if collection else "bqa_pre"
    layers = {
        "FILE_NAME_QUALITY_L1_PIXEL": of_generation("qa_pixel", sensor),
        "FILE_NAME_QUALITY_L1_RADIOMETRIC_SATURATION": of_generation("qa_radsat", sensor),
        "FILE_NAME_BAND_QUALITY": old,
    }
    files = {layer: groups.text(key, within=_FILES) for key, layer in layers.items()}
    return {layer: file for layer, file in files.items() if file}


def _angles(groups: Groups) -> dict[str, str]:
    names = {"SOLAR": "sun", "SENSOR": "view"}
    files = {
        f"{name}_{angle.lower()}": groups.text(
            f"FILE_NAME_ANGLE_{key}_{angle}_BAND_4", within=_FILES
        )
        for key, name in names.items()
        for angle in ("ZENITH", "AZIMUTH")
    }
    return {name: file for name, file in files.items() if file}


def _per_cent(number: float | None) -> float | None:
    """Per cent; -1 means "not computed"."""
    return None if number is None or number < 0 else number
