"""STAC items of Landsat as written by USGS and mirrors of its catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions._common.dialect import (
    UsualDialect,
    as_stated,
    check_named,
    day_of,
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
    BandInfo,
    Identity,
    Item,
    ReadFile,
    Scalings,
)
from automap_tiles.missions.landsat._bands import BY_KEY
from automap_tiles.missions.landsat._estimate import OLI_ADD, OLI_MULTIPLY
from automap_tiles.missions.landsat._mtl import LandsatMetadata, read_mtl
from automap_tiles.missions.landsat._names import is_mss, of_generation, refuse_mss
from automap_tiles.missions.landsat._surface import SURFACE_C2

_NAME = re.compile(
    r"L[COTEM]0(?P<digit>\d)_(?P<level>L\d\w\w)_(?P<tile>\d{6})_(?P<day>\d{8})"
    r"_\d{8}_(?P<collection>\d\d)_(?P<tier>T1|T2|RT)"
)
# landsat-8, LANDSAT_8, L8, LC08
_PLATFORM = re.compile(r"(?:landsat|l[cote]?)[-_ ]?0?(?P<digit>[1-9])", re.IGNORECASE)
_PRODUCT = ("landsat:product_id",)
# In the name of a file: `…_SR_B4.TIF`, `…_B6_VCID_1.TIF`
_IN_NAME = re.compile(
    r"(?:^|_)(?P<band>B\d[\dA]?(?:_VCID_[12])?)(?:_(?P<size>\d\d)m)?\.\w+$", re.IGNORECASE
)
_ANGLES = {"SZA": "sun_zenith", "SAA": "sun_azimuth", "VZA": "view_zenith", "VAA": "view_azimuth"}
_MTL = ("MTL.TXT", "MTL.XML", "MTL.JSON")  # best first
_SATURATED = 65535


class LandsatDialect(UsualDialect):
    """Any catalogue with the files of USGS."""

    layers: Mapping[str, str] = {
        "QA_PIXEL": "qa_pixel",
        "QA_RADSAT": "qa_radsat",
        "PIXEL_QA": "pixel_qa",
        "BQA": "bqa_c1",
    }
    created = ("created", "landsat:processing_date", "odc:processing_datetime")

    def identify(self, item: Item) -> Identity | None:
        """Recognised by the platform, or else by a Collection product name."""
        if is_harmonized(item):
            return None
        _refuse_mss(item)
        sensor = _sensor(item)
        if sensor is None:
            return None
        parts = parts_of(item, _NAME, *_PRODUCT)
        tile = _path_row(item) or parts.get("tile")
        return Identity(
            sensor=sensor,
            product=parts.get("matched"),
            level=parts.get("level") or item.text("landsat:correction"),
            tile=tile,
            orbit=int(tile[:3]) if tile else None,
            collection=parts.get("collection") or item.text("landsat:collection_number"),
            tier=parts.get("tier") or item.text("landsat:collection_category"),
            day=day_of(parts.get("day")),
        )

    def in_name(self, sensor: Sensor) -> re.Pattern[str]:
        del sensor
        return _IN_NAME

    def layer(self, word: str, identity: Identity) -> str:
        """Quality layer; Landsat 4 to 7 have their own tables."""
        if word == "BQA" and not identity.collection:
            return "bqa_pre"
        return of_generation(self.layers[word], identity.sensor.key)

    def name_of(self, asset: Asset, info: BandInfo, sensor: Sensor) -> str | None:
        """Band name; excludes surface temperature, whose files end with a band name too."""
        if re.search(r"(^|_)ST_", asset.name):
            return None
        return super().name_of(asset, info, sensor)

    def about(self, item: Item, identity: Identity) -> About:
        usual = super().about(item, identity)
        mtl = _mtl(item)
        own = {
            "product": identity.product,
            "collection": identity.collection,
            "tier": identity.tier,
            "created": usual.metadata["created"],
            "angles": _angles(item) or None,
            "files": None if mtl is None else {"mtl": mtl.href},
        }
        return replace(usual, metadata=own)

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        own = reflective(identity, bands)
        if (identity.level or "").upper().startswith("L2"):
            return _surface(item, identity, own, read)
        return _top_of_atmosphere(item, identity, own, read)


def _sensor(item: Item) -> Sensor | None:
    platform = item.platform
    found = _PLATFORM.fullmatch(platform)
    digit = parts_of(item, _NAME, *_PRODUCT).get("digit")
    if found:
        sensor = BY_KEY.get(f"landsat-{found['digit']}")
        named = BY_KEY.get(f"landsat-{digit}")
        return None if sensor is None else check_named(sensor, named, platform)
    says_landsat = "landsat" in platform.lower()
    if platform and not says_landsat:
        return None
    if digit is None and says_landsat:
        raise unknown_satellite(platform)
    return BY_KEY.get(f"landsat-{digit}")


def _refuse_mss(item: Item) -> None:
    """Raise `InputError` for a scene of the multispectral scanner, by name or instrument.

    Other missions' satellites may carry an instrument of that name.
    """
    said = item.first("instruments", "eo:instrument", "instrument")
    instruments = said if isinstance(said, list) else [said]
    names = [*(item.text(name) or "" for name in _PRODUCT), item.id]
    named = next((name for name in names if is_mss(name)), None)
    is_mss_said = any(str(each).lower() == "mss" for each in instruments)
    if named is not None or (is_mss_said and _may_be_landsat(item.platform)):
        platform = re.search(r"\d", item.text("platform", "eo:platform") or named or "")
        raise refuse_mss(platform[0] if platform else "1 to 5")


def _may_be_landsat(platform: str) -> bool:
    """Whether the platform may be Landsat, i.e. does not clearly name another mission."""
    is_written = _PLATFORM.fullmatch(platform) is not None or "landsat" in platform.lower()
    return not platform or is_written


def _path_row(item: Item) -> str | None:
    path = item.number("landsat:wrs_path", "eo:wrs_path")
    row = item.number("landsat:wrs_row", "eo:wrs_row")
    return None if path is None or row is None else f"{int(path):03}{int(row):03}"


def _mtl(item: Item) -> Asset | None:
    """The metadata file: text before XML before JSON."""
    ranked = [
        (order, number, asset)
        for number, asset in enumerate(item.assets)
        for order, ending in enumerate(_MTL)
        if asset.name.upper().endswith(ending)
    ]
    return min(ranked, key=lambda each: each[:2])[2] if ranked else None


def _angles(item: Item) -> dict[str, str]:
    """Angle bands, with the keys of `ProductLayout.angles`."""
    found: dict[str, str] = {}
    for asset in item.assets:
        match = re.search(r"_(SZA|SAA|VZA|VAA)\.TIFF?$", asset.name, re.IGNORECASE)
        if match:
            found[_ANGLES[match[1].upper()]] = asset.href
    return found


def _surface(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    mtl = _mtl(item)
    if mtl is not None and mtl.is_here:
        return _of_metadata(read_mtl(read(mtl.href)), bands)
    if identity.collection not in ("02", "2"):
        return as_stated(bands)
    wrong: list[str] = []
    for name, band in bands.items():
        scale, offset = band.info.scale, band.info.offset
        if scale is not None and not _same(scale, offset, SURFACE_C2):
            wrong.append(f"{name}: scale {scale:g}, offset {offset}")
    # The documentation of Collection 2 gives one scaling for all scenes; an item with another one
    # is wrong.
    notes = {"scaling": {"documented": [2.75e-5, -0.2], "stated otherwise": wrong}} if wrong else {}
    return Scalings(by_band=dict.fromkeys(bands, SURFACE_C2), notes=notes)


def _top_of_atmosphere(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    mtl = _mtl(item)
    reason = "it has no MTL file"
    if mtl is not None:
        try:
            return _of_metadata(read_mtl(read(mtl.href)), bands)
        except AutomapError as error:
            reason = str(error)
    sun = item.number("view:sun_elevation", "eo:sun_elevation")
    # Third-party products derived from Landsat state no USGS level.
    is_level_1 = bool(identity.collection) and (identity.level or "").upper().startswith("L1")
    is_oli = identity.sensor.key in ("landsat-8", "landsat-9")
    if sun is None or not is_oli or not is_level_1:
        raise InputError(f"nothing says how its numbers become reflectance: {reason}")
    scaling = Scaling(
        multiply=OLI_MULTIPLY, add=OLI_ADD, sun_elevation=sun, nodata=0, saturated=_SATURATED
    )
    # LSDS-1574: the same coefficients for every scene of Landsat 8 and 9; the item states the sun.
    return Scalings(
        by_band=dict.fromkeys(bands, scaling), notes={"scaling": {"documented": [2e-5, -0.1]}}
    )


def _of_metadata(found: LandsatMetadata, bands: Mapping[str, BandAsset]) -> Scalings:
    by_band = {name: found.scaling[name] for name in bands if name in found.scaling}
    if not by_band:
        raise InputError("its MTL file has no numbers for reflectance")
    return Scalings(by_band=by_band)


def _same(scale: float, offset: float | None, scaling: Scaling) -> bool:
    return abs(scale / scaling.multiply - 1) < 1e-6 and abs((offset or 0) - scaling.add) < 1e-6
