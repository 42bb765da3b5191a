"""Metadata of Sentinel-2 products: MTD_MSIL1C.xml and MTD_MSIL2A.xml of any baseline.

The offsets introduced with processing baseline 04.00 are read per band from the metadata, never
inferred from a date: older scenes have been reprocessed with newer baselines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from automap_tiles.errors import InputError
from automap_tiles.missions._common import xml
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.scene import Ring
from automap_tiles.missions.sentinel2._bands import BAND_NAMES
from automap_tiles.missions.sentinel2._baseline import has_offset
from automap_tiles.missions.sentinel2._elements import (
    need,
    number,
    numbers,
    sensor_of,
    text_of,
    utc,
    whole,
)

NODATA = 0
SATURATED = 65535
QUANTIFICATION = 10000.0
OFFSET = -1000.0
"""Offset of all bands since processing baseline 04.00."""


@dataclass(frozen=True, kw_only=True)
class Sentinel2Product:
    """Content of MTD_MSIL1C.xml or MTD_MSIL2A.xml."""

    id: str
    """`S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126`."""
    sensor: str
    """Sensor key: `sentinel-2b`."""
    level: str
    """`L1C` or `L2A`."""
    baseline: str
    """Processing baseline: `04.00`."""
    time: datetime
    """Start of the datatake, UTC; the granule has the time of the tile itself."""
    made: datetime | None = None
    """Production time, UTC."""
    relative_orbit: int | None
    cloud_cover: float | None
    """Per cent."""
    footprint: Ring
    """(longitude, latitude) of the data outline, a closed ring."""
    images: tuple[str, ...]
    """Paths in the product, without file extension."""
    scaling: Mapping[str, Scaling]
    """Scaling of every band by name (`B8A`)."""

    @property
    def surface(self) -> bool:
        """Whether it holds surface rather than top-of-atmosphere reflectance."""
        return self.level == "L2A"


def read_s2_product(data: str | bytes) -> Sentinel2Product:
    """Parse MTD_MSIL1C.xml or MTD_MSIL2A.xml of any baseline.

    Raises `InputError` if it is invalid, or lacks data needed for reflectance.
    """
    root = xml.parse(data)
    if "User_Product" not in root.tag:
        raise InputError(f"not the metadata of a Sentinel-2 product: {root.tag}")
    level = "L2A" if "Level-2A" in root.tag else "L1C"
    uri = text_of(root, "PRODUCT_URI_2A", "PRODUCT_URI") or ""
    start = text_of(root, "DATATAKE_SENSING_START", "PRODUCT_START_TIME")
    made = text_of(root, "GENERATION_TIME")
    return Sentinel2Product(
        id=uri.removesuffix(".SAFE") or need(root, "Datatake", "datatakeIdentifier"),
        sensor=sensor_of(text_of(root, "SPACECRAFT_NAME")),
        level=level,
        baseline=text_of(root, "PROCESSING_BASELINE") or "00.00",
        time=utc(start),
        made=None if made is None else utc(made),
        relative_orbit=whole(text_of(root, "SENSING_ORBIT_NUMBER")),
        cloud_cover=number(text_of(root, "Cloud_Coverage_Assessment")),
        footprint=_footprint(text_of(root, "EXT_POS_LIST")),
        images=tuple(
            (image.text or "").strip()
            for tag in ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")
            for image in root.iter(tag)
        ),
        scaling=_scaling(root, level),
    )


def scaling_of_baseline(baseline: str) -> dict[str, Scaling]:
    """Scaling where only the baseline is known (AWS tiles come without product metadata).

    The offset is in every product since baseline 04.00 and in none before; an unclear baseline
    (`_baseline`) counts as without. Third-party copies may have applied it already: `guard.check`
    looks at the numbers themselves.
    """
    offset = OFFSET if has_offset(baseline) else 0.0
    return {name: _band_scaling(offset, QUANTIFICATION) for name in BAND_NAMES}


def _band_scaling(offset: float, quantification: float) -> Scaling:
    return Scaling(
        multiply=1 / quantification,
        add=offset / quantification,
        nodata=NODATA,
        saturated=SATURATED,
    )


def _scaling(root: Element, level: str) -> dict[str, Scaling]:
    """Scaling of every band; raises `InputError` without a quantification value."""
    prefix = "BOA_" if level == "L2A" else ""
    names = (f"{prefix}QUANTIFICATION_VALUE", f"L2A_{prefix}QUANTIFICATION_VALUE")
    quantification = number(text_of(root, *names))
    if not quantification or quantification <= 0:
        raise InputError(f"metadata without {names[0]}")
    tag = "BOA_ADD_OFFSET" if level == "L2A" else "RADIO_ADD_OFFSET"
    offsets: dict[str, float] = {}
    for element in root.iter(tag):
        band = whole(element.get("band_id"))
        value = number(element.text)
        if band is None or value is None or not 0 <= band < len(BAND_NAMES):
            raise InputError(f"metadata with an offset of no band: {tag} {element.attrib}")
        offsets[BAND_NAMES[band]] = value
    if offsets and len(offsets) != len(BAND_NAMES):
        raise InputError(f"metadata with offsets of only {len(offsets)} bands")
    return {name: _band_scaling(offsets.get(name, 0.0), quantification) for name in BAND_NAMES}


def _footprint(text: str | None) -> Ring:
    """Pairs of latitude and longitude, sometimes each followed by a height."""
    values = numbers(text)
    step = 3 if len(values) % 3 == 0 and values[:2] == values[-3:-1] else 2
    points = tuple(
        (longitude, latitude)
        for latitude, longitude in zip(values[0::step], values[1::step], strict=False)
    )
    return points if not points or points[0] == points[-1] else (*points, points[0])
