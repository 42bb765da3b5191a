"""Which files of an item are bands, quality layers and metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from automap_tiles.missions import Sensor, by_key
from automap_tiles.scenes.catalogue import dea
from automap_tiles.scenes.catalogue.identity import Identity
from automap_tiles.scenes.catalogue.item import Asset, BandInfo, Item, number
from automap_tiles.scenes.download.address import name_of

_NO_DATA_ROLES = frozenset({"visual", "overview", "thumbnail", "tiles", "metadata"})
_PICTURES = frozenset({"visual", "tci", "preview", "rendered_preview", "overview", "thumbnail"})
_NO_IMAGES = re.compile(r"\.(json|xml|txt|html?|jpe?g|png|yaml|yml|gml|safe)$", re.IGNORECASE)

# In the name of a file: `…_SR_B4.TIF`, `…_B8A_20m.jp2`, `B02.tif`, `…_B6_VCID_1.TIF`
_IN_NAME = re.compile(
    r"(?:^|_)(?P<band>B\d[\dA]?(?:_VCID_[12])?)(?:_(?P<size>\d\d)m)?\.\w+$", re.IGNORECASE
)
# In the key: `B02_10m`, `SR_B2.TIF`, `red-jp2`
_KEY = re.compile(r"(?:SR_)?(?P<name>.+?)(?:_(?P<size>\d\d)m)?(?:-jp2)?(?:\.TIF)?", re.IGNORECASE)
_QUALITY = re.compile(
    r"(?:^|_)(?P<layer>SCL|QA_PIXEL|QA_RADSAT|PIXEL_QA|BQA|QA60|OA_FMASK|MSK_CLASSI(?:_B00)?)"
    r"(?:_\d\dm)?(?:-jp2)?(?:\.\w+)?$",
    re.IGNORECASE,
)
_OF_OLD_SENSORS = frozenset({"landsat-4", "landsat-5", "landsat-7"})


@dataclass(frozen=True, kw_only=True)
class BandAsset:
    """A band and where it is."""

    asset: Asset
    info: BandInfo
    index: int
    """In the file, from 1."""


@dataclass(frozen=True, kw_only=True)
class QualityAsset:
    """A quality layer and where it is."""

    asset: Asset
    layer: str
    """Name in `sensors.quality_tables`."""
    indexes: tuple[int, ...]


def bands_of(item: Item, sensor: Sensor) -> dict[str, BandAsset]:
    """Bands by the mission's own name; of several files of one band the best one."""
    best: dict[str, tuple[tuple[bool, float], BandAsset]] = {}
    for asset in item.assets:
        if not _may_be_bands(asset):
            continue
        for name, found in _bands_in(asset, sensor):
            rank = _rank(asset)
            if name not in best or rank < best[name][0]:
                best[name] = (rank, found)
    return {band.name: best[band.name][1] for band in sensor.bands if band.name in best}


def quality_of(item: Item, identity: Identity) -> tuple[QualityAsset, ...]:
    """Quality layers, best first as the sensor has them, then what else there is."""
    found: dict[str, tuple[tuple[bool, float], QualityAsset]] = {}
    for asset in item.assets:
        if _NO_IMAGES.search(name_of(asset.href)):
            continue
        match = _QUALITY.search(asset.key) or _QUALITY.search(name_of(asset.href))
        if match is None:
            continue
        layer = _layer(match["layer"].upper(), identity)
        rank = _rank(asset)
        if layer not in found or rank < found[layer][0]:
            indexes = (1, 2, 3) if layer == "msk_classi" else (1,)
            found[layer] = (rank, QualityAsset(asset=asset, layer=layer, indexes=indexes))
    order = by_key(identity.sensor).quality
    known = [layer for layer in order if layer in found]
    others = [layer for layer in found if layer not in order]
    return tuple(found[layer][1] for layer in (*known, *others))


def metadata_of(item: Item) -> dict[str, str]:
    """Addresses of `mtl` (text before XML before JSON) and of `product` (MTD_MSI….xml)."""
    files: dict[str, tuple[int, str]] = {}
    for asset in item.assets:
        name = name_of(asset.href).upper()
        for order, ending in enumerate(("MTL.TXT", "MTL.XML", "MTL.JSON")):
            if name.endswith(ending) and order < files.get("mtl", (9, ""))[0]:
                files["mtl"] = (order, asset.href)
        if re.fullmatch(r"MTD_MSIL(1C|2A)\.XML", name) or asset.key == "product_metadata":
            files["product"] = (0, asset.href)
    return {role: href for role, (_, href) in files.items()}


def angles_of(item: Item) -> dict[str, str]:
    """Angle bands of Landsat, named as `ProductLayout.angles` names them."""
    names = {"SZA": "sun_zenith", "SAA": "sun_azimuth", "VZA": "view_zenith", "VAA": "view_azimuth"}
    found: dict[str, str] = {}
    for asset in item.assets:
        match = re.search(r"_(SZA|SAA|VZA|VAA)\.TIFF?$", name_of(asset.href), re.IGNORECASE)
        if match:
            found[names[match[1].upper()]] = asset.href
    return found


def _may_be_bands(asset: Asset) -> bool:
    if asset.roles & _NO_DATA_ROLES or asset.key.lower().removesuffix("-jp2") in _PICTURES:
        return False
    is_image = not asset.type or asset.type.startswith(("image/", "application/"))
    return is_image and not _NO_IMAGES.search(name_of(asset.href))


def _bands_in(asset: Asset, sensor: Sensor) -> Iterator[tuple[str, BandAsset]]:
    if len(asset.bands) == 1:
        name = _name(asset, asset.bands[0], sensor)
        if name:
            yield name, BandAsset(asset=asset, info=asset.bands[0], index=1)
        return
    for index, info in enumerate(asset.bands, start=1):
        band = _find(sensor, info.name) or _find(sensor, info.common)
        if band:
            yield band, BandAsset(asset=asset, info=info, index=index)


def _name(asset: Asset, info: BandInfo, sensor: Sensor) -> str | None:
    """The band's own name; catalogues give the same common name to several bands, so it is last."""
    key = _KEY.fullmatch(asset.key)
    in_name = _IN_NAME.search(name_of(asset.href))
    if re.search(r"(^|_)ST_", name_of(asset.href)) or "temperature" in asset.roles:
        return None  # surface temperature is no reflectance
    return (
        _find(sensor, dea.band(asset.key, sensor.key))
        or _find(sensor, key["name"] if key else None)
        or _find(sensor, info.name)
        or _find(sensor, in_name["band"] if in_name else None)
        or _find(sensor, info.common)
    )


def _find(sensor: Sensor, name: str | None) -> str | None:
    band = None if not name else sensor.find(name)
    return None if band is None else band.name


def _layer(name: str, identity: Identity) -> str:
    """Name of the table: Landsat 4 to 7 have tables of their own."""
    suffix = "_tm" if identity.sensor in _OF_OLD_SENSORS else ""
    if name == "BQA":
        return f"bqa_c1{suffix}" if identity.collection else "bqa_pre"
    if name in ("QA_PIXEL", "QA_RADSAT", "PIXEL_QA"):
        return f"{name.lower()}{suffix}"
    if name.lower() == dea.FMASK:
        return "dea_fmask"
    return "msk_classi" if name.startswith("MSK_CLASSI") else name.lower()


def _rank(asset: Asset) -> tuple[bool, float]:
    """The better the lower: GeoTIFF before JPEG 2000, fine before coarse."""
    is_jp2 = "jp2" in asset.type or asset.href.lower().endswith(".jp2")
    return is_jp2, resolution_of(asset) or 0.0


def resolution_of(asset: Asset) -> float | None:
    """Pixel size in metres, as far as the item says."""
    for found in (_KEY.fullmatch(asset.key), _IN_NAME.search(name_of(asset.href))):
        if found and found["size"]:
            return float(found["size"])
    raster = asset.fields.get("raster:bands")
    first = raster[0] if isinstance(raster, list) and raster else {}
    said = first.get("spatial_resolution") if isinstance(first, dict) else None
    for value in (said, asset.fields.get("raster:spatial_resolution"), asset.fields.get("gsd")):
        resolution = number(value)
        if resolution:
            return resolution
    return None
