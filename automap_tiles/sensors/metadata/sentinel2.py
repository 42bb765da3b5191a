"""Metadata of Sentinel-2 products: MTD_MSIL1C/L2A.xml, MTD_TL.xml, tileInfo.json, MSK_CLOUDS.gml.

The offsets that came with processing baseline 04.00 are read per band from the metadata, never
guessed from a date: older scenes were processed again with newer baselines.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from automap_tiles.errors import InputError
from automap_tiles.sensors.flags import Flag
from automap_tiles.sensors.metadata import xml
from automap_tiles.sensors.scaling import Scaling
from automap_tiles.sensors.sentinel2 import BAND_NAMES

Ring = tuple[tuple[float, float], ...]
Rows = tuple[tuple[float, ...], ...]

NODATA = 0
SATURATED = 65535
QUANTIFICATION = 10000.0
OFFSET = -1000.0
"""Of every band since processing baseline 04.00."""


@dataclass(frozen=True, kw_only=True)
class Sentinel2Product:
    """What MTD_MSIL1C.xml or MTD_MSIL2A.xml says."""

    id: str
    """`S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126`."""
    sensor: str
    """Key: `sentinel-2b`."""
    level: str
    """`L1C` or `L2A`."""
    baseline: str
    """Of the processing: `04.00`."""
    time: datetime
    """Start of the datatake, UTC; the granule's is that of the tile itself."""
    relative_orbit: int | None
    cloud_cover: float | None
    """Per cent."""
    footprint: Ring
    """(longitude, latitude) of the outline of the data, the last point the first one."""
    images: tuple[str, ...]
    """Paths in the product, without the ending of the file."""
    scaling: Mapping[str, Scaling]
    """Of every band, by its name (`B8A`)."""

    @property
    def surface(self) -> bool:
        """Whether it is surface reflectance, not that at the top of the atmosphere."""
        return self.level == "L2A"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the pixels of one resolution lie, in metres of the granule's CRS."""

    left: float
    top: float
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class AngleGrid:
    """Angles of the sun in degrees, at the crossings of a grid over the tile."""

    step: float
    """Metres between crossings; the first one is the upper left corner of the tile."""
    zenith: Rows
    azimuth: Rows
    """Clockwise from north."""


@dataclass(frozen=True, kw_only=True)
class Sentinel2Granule:
    """What MTD_TL.xml (metadata.xml in the layout of AWS) says of one tile."""

    id: str
    """`S2A_OPER_MSI_L1C_TL_VGS4_20210908T070248_A032448_T46RER_N03.01`."""
    sensor: str
    level: str
    baseline: str | None
    tile: str
    """Of the military grid, without T: `46RER`."""
    time: datetime
    """When the tile was seen, UTC."""
    epsg: int
    placement: Mapping[int, Placement]
    """By resolution in metres: 10, 20, 60."""
    sun_zenith: float
    sun_azimuth: float
    """Mean of the tile, degrees."""
    sun: AngleGrid | None
    cloud_cover: float | None
    """Per cent."""
    nodata_cover: float | None
    """Per cent of the tile without data."""
    masks: Mapping[str, str]
    """Files of masks of the whole tile by their kind: `MSK_CLOUDS`, `MSK_CLASSI`, `MSK_CLDPRB` …;
    the one of the finest resolution."""

    @property
    def sun_elevation(self) -> float:
        return 90 - self.sun_zenith


@dataclass(frozen=True, kw_only=True)
class TileInfo:
    """What tileInfo.json beside the tiles of AWS says."""

    product: str
    """`S2A_MSIL1C_20181231T185801_N0207_R113_T10SDG_20181231T203637`."""
    sensor: str
    level: str
    baseline: str
    tile: str
    time: datetime
    cloud_cover: float | None
    nodata_cover: float | None


@dataclass(frozen=True, kw_only=True)
class CloudPolygon:
    """One polygon of MSK_CLOUDS.gml, in the granule's CRS."""

    flag: Flag
    """CLOUD (opaque) or CIRRUS."""
    exterior: Ring
    holes: tuple[Ring, ...] = ()


def read_s2_product(data: str | bytes) -> Sentinel2Product:
    """Read MTD_MSIL1C.xml or MTD_MSIL2A.xml of any baseline.

    Raises `InputError` when it is none, or lacks what reflectance needs.
    """
    root = xml.parse(data)
    if "User_Product" not in root.tag:
        raise InputError(f"no metadata of a Sentinel-2 product: {root.tag}")
    level = "L2A" if "Level-2A" in root.tag else "L1C"
    uri = _text(root, "PRODUCT_URI_2A", "PRODUCT_URI") or ""
    start = _text(root, "DATATAKE_SENSING_START", "PRODUCT_START_TIME")
    return Sentinel2Product(
        id=uri.removesuffix(".SAFE") or _need(root, "Datatake", "datatakeIdentifier"),
        sensor=_sensor(_text(root, "SPACECRAFT_NAME")),
        level=level,
        baseline=_text(root, "PROCESSING_BASELINE") or "00.00",
        time=_time(start),
        relative_orbit=_whole(_text(root, "SENSING_ORBIT_NUMBER")),
        cloud_cover=_number(_text(root, "Cloud_Coverage_Assessment")),
        footprint=_footprint(_text(root, "EXT_POS_LIST")),
        images=tuple(
            (image.text or "").strip()
            for tag in ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")
            for image in root.iter(tag)
        ),
        scaling=_scaling(root, level),
    )


def read_s2_granule(data: str | bytes) -> Sentinel2Granule:
    """Read MTD_TL.xml of any baseline; raises `InputError` when it is none."""
    root = xml.parse(data)
    if not root.tag.endswith("Tile_ID"):
        raise InputError(f"no metadata of a Sentinel-2 tile: {root.tag}")
    identifier = _need(root, "TILE_ID_2A", "TILE_ID")
    name = re.match(r"(S2[A-D])_.*_T(\d\d[A-Z]{3})(?:_N(\d\d\.\d\d))?$", identifier)
    epsg = re.fullmatch(r"EPSG:(\d+)", _need(root, "HORIZONTAL_CS_CODE"))
    if name is None or epsg is None:
        raise InputError(f"metadata of a tile without its name or CRS: {identifier}")
    mean = root.find(".//Mean_Sun_Angle")
    if mean is None:
        raise InputError("metadata of a tile without the angle of the sun (Mean_Sun_Angle)")
    return Sentinel2Granule(
        id=identifier,
        sensor=_sensor(name[1]),
        level="L2A" if "Level-2A" in root.tag else "L1C",
        baseline=name[3],
        tile=name[2],
        time=_time(_text(root, "SENSING_TIME")),
        epsg=int(epsg[1]),
        placement=_placement(root),
        sun_zenith=_need_number(mean, "ZENITH_ANGLE"),
        sun_azimuth=_need_number(mean, "AZIMUTH_ANGLE"),
        sun=_angles(root.find(".//Sun_Angles_Grid")),
        cloud_cover=_number(_text(root, "CLOUDY_PIXEL_PERCENTAGE")),
        nodata_cover=_number(_text(root, "NODATA_PIXEL_PERCENTAGE")),
        masks=_masks(root),
    )


def read_tile_info(data: str | bytes) -> TileInfo:
    """Read tileInfo.json; raises `InputError` when it is none."""
    try:
        tree = json.loads(data)
        zone, band, square = (tree[key] for key in ("utmZone", "latitudeBand", "gridSquare"))
        name, seen = str(tree["productName"]), tree["timestamp"]
        cloudy, covered = tree.get("cloudyPixelPercentage"), tree.get("dataCoveragePercentage")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"no tileInfo.json: {error!r}") from error
    parts = re.match(r"(S2[A-D])_MSI(L[12][AC])_\w+?_N(\d\d)(\d\d)_", name)
    if parts is None:
        raise InputError(f"tileInfo.json of an unknown product: {name}")
    return TileInfo(
        product=name,
        sensor=_sensor(parts[1]),
        level=parts[2],
        baseline=f"{parts[3]}.{parts[4]}",
        tile=f"{int(zone):02}{band}{square}",
        time=_time(seen),
        cloud_cover=None if cloudy is None else float(cloudy),
        nodata_cover=None if covered is None else round(100 - float(covered), 6),
    )


def read_s2_clouds(data: str | bytes) -> tuple[CloudPolygon, ...]:
    """Polygons of MSK_CLOUDS.gml, the cloud mask before baseline 04.00; none: no cloud."""
    root = xml.parse(data)
    if root.tag != "Mask":
        raise InputError(f"no cloud mask of Sentinel-2: {root.tag}")
    polygons: list[CloudPolygon] = []
    for feature in root.iter("MaskFeature"):
        kind = (_text(feature, "maskType") or "").upper()
        if kind not in ("OPAQUE", "CIRRUS"):
            raise InputError(f"cloud mask with an unknown kind of cloud: {kind!r}")
        flag = Flag.CLOUD if kind == "OPAQUE" else Flag.CIRRUS
        for polygon in feature.iter("Polygon"):
            sides = [*polygon.iter("exterior"), *polygon.iter("interior")]
            if not sides:
                raise InputError("cloud mask with a polygon that is none")
            exterior, *holes = (_ring(side) for side in sides)
            polygons.append(CloudPolygon(flag=flag, exterior=exterior, holes=tuple(holes)))
    return tuple(polygons)


def scaling_of_baseline(baseline: str) -> dict[str, Scaling]:
    """Scaling where only the baseline is known (the tiles of AWS come without product metadata).

    The offset is in every product since baseline 04.00 and in none before. Copies that third
    parties made may have it applied already: `guard.check` looks at the numbers themselves.
    """
    offset = OFFSET if _baseline(baseline) >= (4, 0) else 0.0
    return {name: _band_scaling(offset, QUANTIFICATION) for name in BAND_NAMES}


def _baseline(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"N?(\d\d)\.?(\d\d)", text)
    if parts is None:
        raise InputError(f"no processing baseline: {text!r}")
    return int(parts[1]), int(parts[2])


def _band_scaling(offset: float, quantification: float) -> Scaling:
    return Scaling(
        multiply=1 / quantification,
        add=offset / quantification,
        nodata=NODATA,
        saturated=SATURATED,
    )


def _scaling(root: Element, level: str) -> dict[str, Scaling]:
    """Of every band; raises `InputError` without a quantification value."""
    prefix = "BOA_" if level == "L2A" else ""
    names = (f"{prefix}QUANTIFICATION_VALUE", f"L2A_{prefix}QUANTIFICATION_VALUE")
    quantification = _number(_text(root, *names))
    if not quantification or quantification <= 0:
        raise InputError(f"metadata without {names[0]}")
    tag = "BOA_ADD_OFFSET" if level == "L2A" else "RADIO_ADD_OFFSET"
    offsets: dict[str, float] = {}
    for element in root.iter(tag):
        band = _whole(element.get("band_id"))
        value = _number(element.text)
        if band is None or value is None or not 0 <= band < len(BAND_NAMES):
            raise InputError(f"metadata with an offset of no band: {tag} {element.attrib}")
        offsets[BAND_NAMES[band]] = value
    if offsets and len(offsets) != len(BAND_NAMES):
        raise InputError(f"metadata with offsets of only {len(offsets)} bands")
    return {name: _band_scaling(offsets.get(name, 0.0), quantification) for name in BAND_NAMES}


def _sensor(name: str | None) -> str:
    """`Sentinel-2A` or `S2A` → `sentinel-2a`."""
    found = re.fullmatch(r"(?:SENTINEL-?|S)2([ABC])", (name or "").strip().upper())
    if found is None:
        raise InputError(f"metadata of an unknown satellite: {name!r}")
    return f"sentinel-2{found[1].lower()}"


def _footprint(text: str | None) -> Ring:
    """Pairs of latitude and longitude, sometimes with a height behind each."""
    numbers = _numbers(text)
    step = 3 if len(numbers) % 3 == 0 and numbers[:2] == numbers[-3:-1] else 2
    points = tuple(
        (longitude, latitude)
        for latitude, longitude in zip(numbers[0::step], numbers[1::step], strict=False)
    )
    return points if not points or points[0] == points[-1] else (*points, points[0])


def _placement(root: Element) -> dict[int, Placement]:
    sizes = {size.get("resolution"): size for size in root.iter("Size")}
    places: dict[int, Placement] = {}
    for place in root.iter("Geoposition"):
        resolution = place.get("resolution")
        size = sizes.get(resolution)
        if resolution is None or size is None:
            raise InputError("metadata of a tile without its size")
        places[_whole(resolution) or 0] = Placement(
            left=_need_number(place, "ULX"),
            top=_need_number(place, "ULY"),
            height=round(_need_number(size, "NROWS")),
            width=round(_need_number(size, "NCOLS")),
        )
    return places


def _angles(grid: Element | None) -> AngleGrid | None:
    if grid is None:
        return None
    zenith, azimuth = grid.find("Zenith"), grid.find("Azimuth")
    if zenith is None or azimuth is None:
        return None
    return AngleGrid(
        step=_need_number(zenith, "COL_STEP"),
        zenith=tuple(_rows(zenith)),
        azimuth=tuple(_rows(azimuth)),
    )


def _rows(angles: Element) -> Iterator[tuple[float, ...]]:
    for row in angles.iter("VALUES"):
        yield tuple(_numbers(row.text))


def _masks(root: Element) -> dict[str, str]:
    """Files of masks by kind; those of single bands are left out."""
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
    numbers = _numbers(_text(place, "posList"))
    if len(numbers) < 8 or len(numbers) % 2:
        raise InputError("cloud mask with a polygon that is none")
    return tuple(zip(numbers[0::2], numbers[1::2], strict=True))


def _text(root: Element, *tags: str) -> str | None:
    """Text of the first element with one of these names, in the order of the names."""
    for tag in tags:
        element = next(root.iter(tag), None)
        if element is not None and element.text and element.text.strip():
            return element.text.strip()
    return None


def _need(root: Element, *tags: str) -> str:
    text = _text(root, *tags)
    if text is None:
        raise InputError(f"metadata without {tags[-1]}")
    return text


def _need_number(root: Element, tag: str) -> float:
    number = _number(_need(root, tag))
    if number is None or not math.isfinite(number):
        raise InputError(f"metadata with {number} in place of a number ({tag})")
    return number


def _numbers(text: str | None) -> list[float]:
    """Numbers with white space between them; NaN is allowed (angles beside the swath)."""
    try:
        return [float(number) for number in (text or "").split()]
    except ValueError as error:
        raise InputError(f"metadata with something between its numbers: {error}") from error


def _time(text: str | None) -> datetime:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise InputError(f"metadata without a time: {text!r}") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"metadata with {text!r} in place of a number") from error


def _whole(text: str | None) -> int | None:
    number = _number(text)
    if number is not None and not math.isfinite(number):
        raise InputError(f"metadata with {text!r} in place of a number")
    return None if number is None else round(number)
