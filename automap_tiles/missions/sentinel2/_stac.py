"""STAC items of Sentinel-2 as written by Earth Search, the Planetary Computer and others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.dialect import (
    UsualDialect,
    check_named,
    day_of,
    nodata_of,
    parts_of,
    reflective,
    unknown_satellite,
)
from automap_tiles.missions._common.harmonized import is_harmonized
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.sensor import Sensor
from automap_tiles.missions._common.stac import (
    About,
    Asset,
    BandAsset,
    Identity,
    Item,
    QualityAsset,
    ReadFile,
    Scalings,
)
from automap_tiles.missions.sentinel2._bands import BY_KEY
from automap_tiles.missions.sentinel2._baseline import parse_baseline
from automap_tiles.missions.sentinel2._offset import weigh
from automap_tiles.missions.sentinel2._product import read_s2_product
from automap_tiles.missions.sentinel2._quality import MSK_CLASSI

# S2B_MSIL2A_20190629T212529_N0212_R043_T06VVN_20201006T080531; some leave the baseline out
_NAME = re.compile(
    r"S2(?P<letter>[A-D])_MSI(?P<level>L1C|L2A)_(?P<day>\d{8})T\d{6}(?:_N(?P<baseline>\d{4}))?"
    r"(?:_R(?P<orbit>\d{3}))?(?:_T(?P<tile>\d{2}[A-Z]{3}))?"
)
# S2A_33TWL_20230815_0_L2A, S2B_T33TWL_20230815T100031_L2A
_SHORT_NAME = re.compile(
    r"S2(?P<letter>[A-D])_T?(?P<tile>\d{1,2}[A-Z]{3})_(?P<day>\d{8})(?:T\d{6})?(?:_\d+)?_(?P<level>L1C|L2A)"
)
# Sentinel-2B, sentinel2b, S2B, 2B
_PLATFORM = re.compile(r"(?:sentinel|s)?[-_ ]?(?P<sensor>2[a-d])", re.IGNORECASE)
# Not Sentinel-1A or Sentinel-5P, which belong to other missions.
_MENTIONED = re.compile(r"sentinel(?![-_ ]?[013-9])|\bs2\b", re.IGNORECASE)
_PRODUCT = ("s2:product_uri", "s2:product_id", "sentinel:product_id")
# In the name of a file: `…_B8A_20m.jp2`, `B02.tif`
_IN_NAME = re.compile(r"(?:^|_)(?P<band>B\d[\dA]?)(?:_(?P<size>\d\d)m)?\.\w+$", re.IGNORECASE)
_FILES = re.compile(r"\.(tiff?|jp2)$", re.IGNORECASE)
_SCALE = 1e-4
_LARGEST_SCALE = 0.01
"""ESA's numbers are reflectance × 10000; a larger scale is an error of the item."""
_SATURATED = 65535


class Sentinel2Dialect(UsualDialect):
    """Any catalogue with ESA's products or GeoTIFFs derived from them."""

    layers: Mapping[str, str] = {
        "SCL": "scl",
        "QA60": "qa60",
        "MSK_CLASSI": "msk_classi",
        "MSK_CLASSI_B00": "msk_classi",
    }
    created = ("s2:generation_time", "created", "odc:processing_datetime")

    def identify(self, item: Item) -> Identity | None:
        """Recognised by the platform, or else by product names."""
        if is_harmonized(item):
            return None
        sensor = _sensor(item)
        if sensor is None:
            return None
        _refuse_arrays(item)
        named = parts_of(item, _NAME, *_PRODUCT)
        product = named.get("product", "").removesuffix(".SAFE") or None
        parts = named or parts_of(item, _SHORT_NAME, *_PRODUCT)
        return Identity(
            sensor=sensor,
            product=product,
            level=parts.get("level") or _level(item),
            tile=_mgrs(item) or _padded(parts.get("tile")),
            orbit=_orbit(item, parts),
            baseline=_baseline(item, parts),
            day=day_of(parts.get("day")),
        )

    def in_name(self, sensor: Sensor) -> re.Pattern[str]:
        del sensor
        return _IN_NAME

    def _quality_asset(self, asset: Asset, layer: str) -> QualityAsset:
        bands = MSK_CLASSI.bands if layer == MSK_CLASSI.name else 1
        return QualityAsset(asset=asset, layer=layer, indexes=tuple(range(1, bands + 1)))

    def about(self, item: Item, identity: Identity) -> About:
        usual = super().about(item, identity)
        cover, sun = usual.cloud_cover, usual.sun_elevation
        zenith = item.number("s2:mean_solar_zenith")
        azimuth = item.number("view:sun_azimuth", "eo:sun_azimuth", "s2:mean_solar_azimuth")
        product, granule = _product_file(item), _granule_file(item)
        own = {
            "estimated": _contradicted(item, identity),
            "product": identity.product,
            "datastrip": item.text("s2:datastrip_id", "sentinel:datastrip_id"),
            "baseline": identity.baseline,
            "nodata_cover": item.number("s2:nodata_pixel_percentage"),
            "created": usual.metadata["created"],
            "files": None if product is None else {"product": product.href},
            "angles": None if granule is None else {"granule": granule.href},
        }
        return replace(
            usual,
            cloud_cover=item.number("s2:cloudy_pixel_percentage") if cover is None else cover,
            sun_elevation=90 - zenith if sun is None and zenith is not None else sun,
            sun_azimuth=azimuth,
            metadata=own,
        )

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        product = _product_file(item)
        said = None
        if product is not None and product.is_here:
            said = read_s2_product(read(product.href))
        baseline = said.baseline if said else identity.baseline
        by_band: dict[str, Scaling] = {}
        notes: dict[str, Any] = {}
        for name, band in reflective(identity, bands).items():
            scale = band.info.scale or _SCALE
            if not 0 < scale <= _LARGEST_SCALE:
                raise InputError(f"says a scale of {scale:g} of {name}: no reflectance comes of it")
            offset = weigh(item, baseline, band.info.offset, scale)
            if said is not None and not offset.applied:
                by_band[name] = said.scaling[name]
                continue
            by_band[name] = Scaling(
                multiply=scale,
                add=offset.value * scale,
                nodata=nodata_of(band, 0),
                saturated=_SATURATED,
            )
            if not notes or offset.doubtful:
                notes = {"offset": offset.as_metadata()}
        if baseline:
            notes["baseline"] = baseline
        return Scalings(by_band=by_band, notes=notes)


def _refuse_arrays(item: Item) -> None:
    """Raise `InputError` if bands are Zarr arrays, which cannot be downloaded as files."""
    arrays = [asset for asset in item.assets if re.search(r"\.zarr(/|$)", asset.href)]
    files = [asset for asset in item.assets if _FILES.search(asset.name)]
    if arrays and not files:
        raise InputError(
            "its bands are arrays of a Zarr store (EOPF), which is read as a folder, an archive or "
            "an address of an object store (-i s3://…), not from a catalogue"
        )


def _sensor(item: Item) -> Sensor | None:
    platform = item.platform
    found = _PLATFORM.fullmatch(platform)
    parts = parts_of(item, _NAME, *_PRODUCT) or parts_of(item, _SHORT_NAME, *_PRODUCT)
    letter = parts.get("letter")
    if found:
        sensor = BY_KEY.get(f"sentinel-{found['sensor'].lower()}")
        named = BY_KEY.get(f"sentinel-2{(letter or '').lower()}")
        return None if sensor is None else check_named(sensor, named, platform)
    is_mentioned = _MENTIONED.search(platform) is not None
    if platform and not is_mentioned:
        return None
    if letter is None and is_mentioned:
        raise unknown_satellite(platform)
    return None if letter is None else BY_KEY.get(f"sentinel-2{letter.lower()}")


def _contradicted(item: Item, identity: Identity) -> list[str] | None:
    """Where the platform is another satellite of the constellation than the product is named for.

    The name is the producer's own; platforms are what a catalogue has made of it.
    """
    found = _PLATFORM.fullmatch(item.platform)
    is_other = found is not None and f"sentinel-{found['sensor'].lower()}" != identity.sensor.key
    return ["platform"] if is_other else None


def _product_file(item: Item) -> Asset | None:
    """The product metadata (MTD_MSI….xml); the last one found."""
    found = [
        asset
        for asset in item.assets
        if re.fullmatch(r"MTD_MSIL(1C|2A)\.XML", asset.name.upper())
        or asset.key == "product_metadata"
    ]
    return found[-1] if found else None


def _granule_file(item: Item) -> Asset | None:
    """The tile metadata (MTD_TL.xml)."""
    named = [asset for asset in item.assets if asset.name.upper() == "MTD_TL.XML"]
    keyed = [
        asset for asset in item.assets if asset.key in ("granule_metadata", "granule-metadata")
    ]
    return next(iter(named or keyed), None)


def _mgrs(item: Item) -> str | None:
    whole = item.text("s2:mgrs_tile", "grid:code", "tileId", "odc:region_code")
    found = re.fullmatch(r"(?:MGRS-)?T?(\d{1,2}[A-Z]{3})", (whole or "").upper())
    if found:
        return _padded(found[1])
    zone = item.number("mgrs:utm_zone", "sentinel:utm_zone")
    band = item.text("mgrs:latitude_band", "sentinel:latitude_band")
    square = item.text("mgrs:grid_square", "sentinel:grid_square")
    return None if zone is None or not band or not square else f"{int(zone):02}{band}{square}"


def _padded(tile: str | None) -> str | None:
    return f"{tile:0>5}" if tile else None


def _level(item: Item) -> str | None:
    said = " ".join(
        filter(None, (item.text("s2:product_type", "processing:level"), item.collection))
    )
    found = re.search(r"(?:MSI|L|-l)(1C|2A)\b", said, re.IGNORECASE)
    return f"L{found[1].upper()}" if found else None


def _orbit(item: Item, parts: Mapping[str, str]) -> int | None:
    said = item.number("sat:relative_orbit")
    orbit = parts.get("orbit") if said is None else said
    return None if orbit is None else int(orbit)


def _baseline(item: Item, parts: Mapping[str, str]) -> str | None:
    said = item.text("s2:processing_baseline", "processing:version", "sentinel:processing_baseline")
    for text in (said, parts.get("baseline")):
        parsed = parse_baseline(text or "")
        if parsed is not None:
            return f"{parsed[0]:02}.{parsed[1]:02}"
    return None
