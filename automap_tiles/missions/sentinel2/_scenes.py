"""Scenes from the files of Sentinel-2 products."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.scene import BandFile, CloudPolygon, QualityFile, Scene
from automap_tiles.missions.sentinel2._bands import BY_KEY
from automap_tiles.missions.sentinel2._baseline import OFFSET_SINCE, has_offset, is_official
from automap_tiles.missions.sentinel2._granule import (
    Sentinel2Granule,
    TileInfo,
    read_s2_clouds,
    read_s2_granule,
    read_tile_info,
)
from automap_tiles.missions.sentinel2._product import (
    Sentinel2Product,
    read_s2_product,
    scaling_of_baseline,
)
from automap_tiles.parsing import parse_json

if TYPE_CHECKING:
    from automap_tiles.missions._common.layout import ProductLayout
    from automap_tiles.missions._common.scaling import Scaling

# There was no Sentinel-2B before this day.
_FIRST_OF_B = date(2017, 3, 7)


def sentinel2_scene(layout: ProductLayout, place: ProductFiles) -> Scene:
    """The scene of one tile; raises `InputError` with the reason if it cannot be used.

    An unknown processing baseline is estimated from the date, which `estimated` in the scene's
    metadata records.
    """
    texts = {role: place.read(file) for role, file in layout.metadata.items()}
    product = read_s2_product(texts["product"]) if "product" in texts else None
    granule = read_s2_granule(texts["granule"]) if "granule" in texts else None
    tile_info = read_tile_info(texts["tile_info"]) if "tile_info" in texts else None
    if layout.family == "safe" and (product is None or granule is None):
        lost = "MTD_MSIL1C.xml or MTD_MSIL2A.xml" if product is None else "MTD_TL.xml"
        raise InputError(f"no {lost}")
    item = _stac_item(texts.get("stac"))
    scaling, estimated = _scaling(layout, product, granule or tile_info, item)
    sensor = _sensor(layout, product, granule, tile_info)
    if sensor is None:
        sensor = "sentinel-2a"
        estimated.append("sensor")
    seen = _time(layout, product, granule, tile_info, estimated)
    described = granule or tile_info
    angles = {word: place.href(file) for word, file in layout.angles.items()}
    cloud_cover = described.cloud_cover if described else None
    if cloud_cover is None and product is not None:
        cloud_cover = product.cloud_cover
    return Scene(
        id=layout.id,
        sensor=sensor,
        time=seen,
        level=_level(layout, product, granule),
        tile=layout.tile or (described.tile if described else None),
        orbit=product.relative_orbit if product else None,
        bands=_bands(layout, place, scaling, sensor),
        quality=tuple(
            QualityFile(
                layer=name,
                href=place.href(file),
                indexes=(1, 2, 3) if name == "msk_classi" else (1,),
            )
            for name, file in layout.quality.items()
        ),
        crs=None if granule is None else f"EPSG:{granule.epsg}",
        cloud_cover=cloud_cover,
        sun_elevation=None if granule is None else granule.sun_elevation,
        sun_azimuth=None if granule is None else granule.sun_azimuth,
        clouds=_clouds(texts.get("clouds"), layout, granule),
        metadata={
            **_metadata(product, described, estimated),
            **({"angles": angles} if angles else {}),
        },
    )


def _stac_item(text: bytes | None) -> Mapping[str, Any]:
    """Properties of the STAC item beside the bands."""
    if text is None:
        return {}
    try:
        properties = parse_json(text)["properties"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"not a valid STAC item: {error!r}") from error
    return properties if isinstance(properties, dict) else {}


def _scaling(
    layout: ProductLayout,
    product: Sentinel2Product | None,
    described: Sentinel2Granule | TileInfo | None,
    item: Mapping[str, Any],
) -> tuple[Mapping[str, Scaling], list[str]]:
    """Scaling by band, and which parts of it are estimated."""
    if item.get("earthsearch:boa_offset_applied") is True:
        # Earth Search removed the offset from the numbers of its GeoTIFFs.
        return scaling_of_baseline("03.99"), []
    if product is not None:
        return product.scaling, []
    baseline = (described.baseline if described else None) or layout.version
    if baseline is not None and has_offset(baseline) is not None:
        return scaling_of_baseline(baseline), []
    day = described.time.date() if described else layout.date
    if day is None:
        raise InputError("nothing says when it was seen, or how its numbers become reflectance")
    return scaling_of_baseline("04.00" if day >= OFFSET_SINCE else "02.00"), ["baseline"]


def _sensor(
    layout: ProductLayout,
    product: Sentinel2Product | None,
    granule: Sentinel2Granule | None,
    tile_info: TileInfo | None,
) -> str | None:
    for source in (granule, product, tile_info, layout):
        if source is not None and source.sensor:
            return source.sensor
    return "sentinel-2a" if layout.date and layout.date < _FIRST_OF_B else None


def _time(
    layout: ProductLayout,
    product: Sentinel2Product | None,
    granule: Sentinel2Granule | None,
    tile_info: TileInfo | None,
    estimated: list[str],
) -> datetime:
    for source in (granule, tile_info, product):
        if source is not None:
            return source.time
    if layout.date is None:
        raise InputError("nothing says when it was seen")
    estimated.append("time")
    return datetime.combine(layout.date, time(), tzinfo=UTC)


def _level(
    layout: ProductLayout, product: Sentinel2Product | None, granule: Sentinel2Granule | None
) -> str | None:
    return product.level if product else granule.level if granule else layout.level


def _bands(
    layout: ProductLayout, place: ProductFiles, scaling: Mapping[str, Scaling], sensor: str
) -> dict[str, BandFile]:
    known = {band.name for band in BY_KEY[sensor].bands}
    return {
        name: BandFile(href=place.href(file), scaling=scaling.get(name))
        for name, file in layout.bands.items()
        if name in known
    }


def _clouds(
    text: bytes | None, layout: ProductLayout, granule: Sentinel2Granule | None
) -> tuple[CloudPolygon, ...] | None:
    """Cloud polygons if the product has no better mask; () is a clear sky."""
    if text is None or layout.quality or granule is None:
        return None
    return read_s2_clouds(text)


def _metadata(
    product: Sentinel2Product | None,
    described: Sentinel2Granule | TileInfo | None,
    estimated: list[str],
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    baseline = product.baseline if product else described.baseline if described else None
    made = product.made if product else None
    names = {
        "product": product.id if product else getattr(described, "product", None),
        "baseline": baseline or None,
        "created": None if made is None else made.isoformat(),
        "datastrip": getattr(described, "datastrip", None),
        "nodata_cover": described.nodata_cover if described else None,
    }
    metadata |= {name: value for name, value in names.items() if value is not None}
    if estimated:
        metadata["estimated"] = estimated
    if "baseline" in estimated or (baseline and not is_official(baseline)):
        metadata["offset"] = {"doubtful": True}  # so that `verified` checks the numbers
    return metadata
