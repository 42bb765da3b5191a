"""Metadata of Sentinel-2 tiles: MTD_TL.xml, tileInfo.json, MSK_CLOUDS.gml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from automap_tiles.errors import InputError
from automap_tiles.missions._common import xml
from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.scene import CloudPolygon, Ring
from automap_tiles.missions.sentinel2._elements import (
    need,
    number,
    number_of,
    numbers,
    sensor_of,
    text_of,
    utc,
    whole,
)

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Pixel grid of one resolution, in metres of the granule's CRS."""

    left: float
    top: float
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class AngleGrid:
    """Sun angles in degrees at the nodes of a grid over the tile."""

    step: float
    """Metres between nodes; the first one is the upper left corner of the tile."""
    zenith: Rows
    azimuth: Rows
    """Clockwise from north."""


@dataclass(frozen=True, kw_only=True)
class Sentinel2Granule:
    """Content of MTD_TL.xml (metadata.xml in the AWS layout) of one tile."""

    id: str
    """`S2A_OPER_MSI_L1C_TL_VGS4_20210908T070248_A032448_T46RER_N03.01`."""
    sensor: str
    level: str
    baseline: str | None
    tile: str
    """MGRS tile without the leading T: `46RER`."""
    time: datetime
    """Acquisition time of the tile, UTC."""
    epsg: int
    placement: Mapping[int, Placement]
    """By resolution in metres: 10, 20, 60."""
    sun_zenith: float
    sun_azimuth: float
    """Mean over the tile, degrees."""
    sun: AngleGrid | None
    cloud_cover: float | None
    """Per cent."""
    nodata_cover: float | None
    """Per cent of the tile without data."""
    datastrip: str | None = None
    """Datastrip id: a tile at the border of two datastrips comes in two pieces."""
    masks: Mapping[str, str]
    """Files of masks of the whole tile by their kind: `MSK_CLOUDS`, `MSK_CLASSI`, `MSK_CLDPRB` …;
    the one of the finest resolution."""

    @property
    def sun_elevation(self) -> float:
        return 90 - self.sun_zenith


@dataclass(frozen=True, kw_only=True)
class TileInfo:
    """Content of tileInfo.json, found beside tiles on AWS."""

    product: str
    """`S2A_MSIL1C_20181231T185801_N0207_R113_T10SDG_20181231T203637`."""
    sensor: str
    level: str
    baseline: str
    tile: str
    time: datetime
    cloud_cover: float | None
    nodata_cover: float | None


def read_s2_granule(data: str | bytes) -> Sentinel2Granule:
    """Parse MTD_TL.xml of any baseline; raises `InputError` if it is invalid."""
    root = xml.parse(data)
    if not root.tag.endswith("Tile_ID"):
        raise InputError(f"not the metadata of a Sentinel-2 tile: {root.tag}")
    identifier = need(root, "TILE_ID_2A", "TILE_ID")
    name = re.match(r"(S2[A-D])_.*_T(\d\d[A-Z]{3})(?:_N(\d\d\.\d\d))?$", identifier)
    epsg = re.fullmatch(r"EPSG:(\d+)", need(root, "HORIZONTAL_CS_CODE"))
    if name is None or epsg is None:
        raise InputError(f"metadata of a tile without its name or CRS: {identifier}")
    mean = root.find(".//Mean_Sun_Angle")
    if mean is None:
        raise InputError("metadata of a tile without the angle of the sun (Mean_Sun_Angle)")
    return Sentinel2Granule(
        id=identifier,
        sensor=sensor_of(name[1]),
        level="L2A" if "Level-2A" in root.tag else "L1C",
        baseline=name[3],
        tile=name[2],
        time=utc(text_of(root, "SENSING_TIME")),
        epsg=int(epsg[1]),
        placement=_placement(root),
        sun_zenith=number_of(mean, "ZENITH_ANGLE"),
        sun_azimuth=number_of(mean, "AZIMUTH_ANGLE"),
        sun=_angles(root.find(".//Sun_Angles_Grid")),
        cloud_cover=number(text_of(root, "CLOUDY_PIXEL_PERCENTAGE")),
        nodata_cover=number(text_of(root, "NODATA_PIXEL_PERCENTAGE")),
        datastrip=text_of(root, "DATASTRIP_ID_2A", "DATASTRIP_ID"),
        masks=_masks(root),
    )


def read_tile_info(data: str | bytes) -> TileInfo:
    """Parse tileInfo.json; raises `InputError` if it is invalid."""
    try:
        tree = json.loads(data)
        zone, band, square = (tree[key] for key in ("utmZone", "latitudeBand", "gridSquare"))
        name, seen = str(tree["productName"]), tree["timestamp"]
        cloudy, covered = tree.get("cloudyPixelPercentage"), tree.get("dataCoveragePercentage")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"not a valid tileInfo.json: {error!r}") from error
    parts = re.match(r"(S2[A-D])_MSI(L[12][AC])_\w+?_N(\d\d)(\d\d)_", name)
    if parts is None:
        raise InputError(f"tileInfo.json of an unknown product: {name}")
    return TileInfo(
        product=name,
        sensor=sensor_of(parts[1]),
        level=parts[2],
        baseline=f"{parts[3]}.{parts[4]}",
        tile=f"{int(zone):02}{band}{square}",
        time=utc(seen),
        cloud_cover=None if cloudy is None else float(cloudy),
        nodata_cover=None if covered is None else round(100 - float(covered), 6),
    )


def read_s2_clouds(data: str | bytes) -> tuple[CloudPolygon, ...]:
    """Polygons of MSK_CLOUDS.gml, the cloud mask before baseline 04.00; empty: no cloud."""
    root = xml.parse(data)
    if root.tag != "Mask":
        raise InputError(f"not a cloud mask of Sentinel-2: {root.tag}")
    polygons: list[CloudPolygon] = []
    for feature in root.iter("MaskFeature"):
        kind = (text_of(feature, "maskType") or "").upper()
        if kind not in ("OPAQUE", "CIRRUS"):
            raise InputError(f"cloud mask with an unknown kind of cloud: {kind!r}")
        flag = Flag.CLOUD if kind == "OPAQUE" else Flag.CIRRUS
        for polygon in feature.iter("Polygon"):
            sides = [*polygon.iter("exterior"), *polygon.iter("interior")]
            if not sides:
                raise InputError("a cloud mask with an invalid polygon")
            exterior, *holes = (_ring(side) for side in sides)
            polygons.append(CloudPolygon(flag=flag, exterior=exterior, holes=tuple(holes)))
    return tuple(polygons)


def _placement(root: Element) -> dict[int, Placement]:
    sizes = {size.get("resolution"): size for size in root.iter("Size")}
    places: dict[int, Placement] = {}
    for place in root.iter("Geoposition"):
        resolution = place.get("resolution")
        size = sizes.get(resolution)
        if resolution is None or size is None:
            raise InputError("metadata of a tile without its size")
        places[whole(resolution) or 0] = Placement(
            left=number_of(place, "ULX"),
            top=number_of(place, "ULY"),
            height=round(number_of(size, "NROWS")),
            width=round(number_of(size, "NCOLS")),
        )
    return places


def _angles(grid: Element | None) -> AngleGrid | None:
    if grid is None:
        return None
    zenith, azimuth = grid.find("Zenith"), grid.find("Azimuth")
    if zenith is None or azimuth is None:
        return None
    return AngleGrid(
        step=number_of(zenith, "COL_STEP"),
        zenith=tuple(_rows(zenith)),
        azimuth=tuple(_rows(azimuth)),
    )


def _rows(angles: Element) -> Iterator[tuple[float, ...]]:
    for row in angles.iter("VALUES"):
        yield tuple(numbers(row.text))


def _masks(root: Element) -> dict[str, str]:
    """Mask files by type, without those of single bands."""
    masks: dict[str, str] = {}
    for mask in root.iter("MASK_FILENAME"):
        kind, file = mask.get("type"), (mask.text or "").strip()
        if not kind or not file or mask.get("bandId") is not None:
            continue
        if kind not in masks or _resolution(file) < _resolution(masks[kind]):
            masks[kind] = file
    return masks


def _resolution(file: str) -> int:
    found = re.search(r"_(\d\d)m\.", file)
    return int(found[1]) if found else 0


def _ring(place: Element) -> Ring:
    values = numbers(text_of(place, "posList"))
    if len(values) < 8 or len(values) % 2:
        raise InputError("a cloud mask with an invalid polygon")
    return tuple(zip(values[0::2], values[1::2], strict=True))
