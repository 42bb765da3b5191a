"""STAC items as most catalogues write them: the common base of the missions' dialects."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from automap_tiles.errors import InputError
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.sensor import Sensor
from automap_tiles.missions._common.stac import (
    About,
    Asset,
    BandAsset,
    BandInfo,
    Identity,
    Item,
    QualityAsset,
    ReadFile,
    Scalings,
    number,
)

_NO_DATA_ROLES = frozenset({"visual", "overview", "thumbnail", "tiles", "metadata"})
_PICTURES = frozenset({"visual", "tci", "preview", "rendered_preview", "overview", "thumbnail"})
_NO_IMAGES = re.compile(r"\.(json|xml|txt|html?|jpe?g|png|yaml|yml|gml|safe)$", re.IGNORECASE)

# In the key: `B02_10m`, `SR_B2.TIF`, `red-jp2`
_KEY = re.compile(r"(?:SR_)?(?P<name>.+?)(?:_(?P<size>\d\d)m)?(?:-jp2)?(?:\.TIF)?", re.IGNORECASE)

CREATED = ("created", "odc:processing_datetime")
"""Properties with the production time."""


class UsualDialect(ABC):
    """Bands from asset keys, names and files; scalings from `raster:bands`.

    A mission's dialect adds how to recognise its items (`identify`), and overrides what differs.
    """

    layers: Mapping[str, str] = {}
    """Suffix of an asset's key or file name, upper case → name of the quality layer."""
    created: tuple[str, ...] = CREATED
    """Properties with the production time, most reliable first."""

    @abstractmethod
    def identify(self, item: Item) -> Identity | None:
        """As `Dialect.identify`."""

    def in_name(self, sensor: Sensor) -> re.Pattern[str]:
        """Pattern for the `band` and the `size` in metres in a file name."""
        names = sorted({name for band in sensor.bands for name in band.names}, key=len)
        words = "|".join(re.escape(name) for name in reversed(names))
        return re.compile(rf"(?:^|_)(?P<band>{words})(?:_(?P<size>\d\d)m)?\.\w+$", re.IGNORECASE)

    def layer(self, word: str, identity: Identity) -> str:
        """Name of the quality layer for a file with this suffix (`layers`)."""
        del identity
        return self.layers[word]

    def name_of(self, asset: Asset, info: BandInfo, sensor: Sensor) -> str | None:
        """The sensor's band in a single-band file; None if it is not one of its bands.

        The common name is tried last, since catalogues assign the same one to several bands.
        """
        if "temperature" in asset.roles:
            return None
        key = _KEY.fullmatch(asset.key)
        in_name = self.in_name(sensor).search(asset.name)
        return (
            find(sensor, key["name"] if key else None)
            or find(sensor, info.name)
            or find(sensor, in_name["band"] if in_name else None)
            or find(sensor, info.common)
        )

    def bands(self, item: Item, identity: Identity) -> dict[str, BandAsset]:
        """Bands by the sensor's own name; the best file where several hold the same band."""
        sensor = identity.sensor
        best: dict[str, tuple[tuple[bool, float], BandAsset]] = {}
        for asset in item.assets:
            if not _may_be_bands(asset):
                continue
            rank = self._rank(asset, sensor)
            for name, found in self._bands_in(asset, sensor):
                if name not in best or rank < best[name][0]:
                    best[name] = (rank, found)
        return {band.name: best[band.name][1] for band in sensor.bands if band.name in best}

    def quality(self, item: Item, identity: Identity) -> tuple[QualityAsset, ...]:
        """Quality layers in the sensor's order of preference, then any others."""
        if not self.layers:
            return ()
        found: dict[str, tuple[tuple[bool, float], QualityAsset]] = {}
        words = "|".join(re.escape(word) for word in sorted(self.layers, key=len, reverse=True))
        ending = re.compile(
            rf"(?:^|_)(?P<layer>{words})(?:_\d\dm)?(?:-jp2)?(?:\.\w+)?$", re.IGNORECASE
        )
        for asset in item.assets:
            if _NO_IMAGES.search(asset.name):
                continue
            match = ending.search(asset.key) or ending.search(asset.name)
            if match is None:
                continue
            layer = self.layer(match["layer"].upper(), identity)
            rank = self._rank(asset, identity.sensor)
            if layer not in found or rank < found[layer][0]:
                found[layer] = (rank, self._quality_asset(asset, layer))
        order = identity.sensor.quality
        known = [layer for layer in order if layer in found]
        others = [layer for layer in found if layer not in order]
        return tuple(found[layer][1] for layer in (*known, *others))

    def _quality_asset(self, asset: Asset, layer: str) -> QualityAsset:
        return QualityAsset(asset=asset, layer=layer, indexes=(1,))

    def about(self, item: Item, identity: Identity) -> About:
        """Metadata that most items have."""
        return About(
            cloud_cover=item.number("eo:cloud_cover", "cloud_cover"),
            sun_elevation=item.number("view:sun_elevation", "eo:sun_elevation"),
            sun_azimuth=item.number("view:sun_azimuth", "eo:sun_azimuth"),
            metadata={"product": identity.product, "created": item.text(*self.created)},
        )

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        """Scaling from `raster:bands`; raises `InputError` if it is missing."""
        del item, read
        return as_stated(reflective(identity, bands))

    def _bands_in(self, asset: Asset, sensor: Sensor) -> Iterator[tuple[str, BandAsset]]:
        if len(asset.bands) == 1:
            name = self.name_of(asset, asset.bands[0], sensor)
            if name:
                yield name, BandAsset(asset=asset, info=asset.bands[0], index=1)
            return
        for index, info in enumerate(asset.bands, start=1):
            band = find(sensor, info.name) or find(sensor, info.common)
            if band:
                yield band, BandAsset(asset=asset, info=info, index=index)

    def _rank(self, asset: Asset, sensor: Sensor) -> tuple[bool, float]:
        """Sort key, lower is better: GeoTIFF before JPEG 2000, fine before coarse."""
        is_jp2 = "jp2" in asset.type or asset.href.lower().endswith(".jp2")
        return is_jp2, self._resolution(asset, sensor) or 0.0

    def _resolution(self, asset: Asset, sensor: Sensor) -> float | None:
        """Pixel size in metres, if the item states it."""
        for found in (_KEY.fullmatch(asset.key), self.in_name(sensor).search(asset.name)):
            if found and found["size"]:
                return float(found["size"])
        raster = asset.fields.get("raster:bands")
        first = raster[0] if isinstance(raster, list) and raster else {}
        said = first.get("spatial_resolution") if isinstance(first, dict) else None
        fields = (asset.fields.get("raster:spatial_resolution"), asset.fields.get("gsd"))
        for value in (said, *fields):
            resolution = number(value)
            if resolution:
                return resolution
        return None


@dataclass(frozen=True, kw_only=True, eq=False)
class PlatformDialect(UsualDialect):
    """Items that name their platform and state the scaling to reflectance."""

    platforms: Mapping[str, Sensor]
    """`platform` of an item, lower case → sensor."""
    level: str | None = None
    """Level of all items."""
    layers: Mapping[str, str] = field(default_factory=dict)
    tile: tuple[str, ...] = ("grid:code",)
    """Properties with the tile id."""

    def identify(self, item: Item) -> Identity | None:
        """Recognised by the platform alone."""
        sensor = self.platforms.get(item.platform.lower())
        if sensor is None:
            return None
        orbit = item.number("sat:relative_orbit")
        return Identity(
            sensor=sensor,
            product=item.id,
            level=self.level,
            tile=item.text(*self.tile),
            orbit=None if orbit is None else int(orbit),
        )


def reflective(identity: Identity, bands: Mapping[str, BandAsset]) -> dict[str, BandAsset]:
    """The bands that hold reflectance."""
    known = identity.sensor
    return {name: band for name, band in bands.items() if known.band(name).is_reflective}


def as_stated(bands: Mapping[str, BandAsset]) -> Scalings:
    """Scaling from `raster:bands`; raises `InputError` if it is missing."""
    by_band: dict[str, Scaling] = {}
    for name, band in bands.items():
        if band.info.scale is None:
            raise InputError(f"nothing says how its numbers become reflectance ({name})")
        by_band[name] = Scaling(
            multiply=band.info.scale, add=band.info.offset or 0.0, nodata=nodata_of(band, None)
        )
    return Scalings(by_band=by_band)


def nodata_of(band: BandAsset, default: int | None) -> int | None:
    """Nodata value stated by the item."""
    said = band.info.nodata
    return default if said is None else int(said)


def find(sensor: Sensor, name: str | None) -> str | None:
    """The sensor's own name of a band; None if it has no such band."""
    band = None if not name else sensor.find(name)
    return None if band is None else band.name


def parts_of(item: Item, pattern: re.Pattern[str], *names: str) -> dict[str, str]:
    """Parts of the product, item and file names; the first name that has a part wins.

    `names`: properties that hold product names. `product` is the name from the start of the
    pattern.
    """
    texts = [*(item.text(name) or "" for name in names), item.id]
    texts.extend(asset.href for asset in item.assets)
    for text in texts:
        if found := pattern.search(text):
            parts = {key: value for key, value in found.groupdict().items() if value}
            whole = re.match(r"[\w.]+", text[found.start() :])
            if whole:
                parts["product"] = whole[0]
            parts["matched"] = found[0]
            return parts
    return {}


def unknown_satellite(platform: str) -> InputError:
    """Error for an item whose satellite the mission should know but does not."""
    return InputError(f"does not say which satellite saw it (platform: {platform[:80]!r})")


def check_named(sensor: Sensor, named: Sensor | None, platform: str) -> Sensor:
    """The sensor that the product is named for, or else that of the platform.

    Raises `InputError` if they are of different satellites: equal band numbers would then mean
    different wavelengths, and there is no way to tell which is right. Within a constellation the
    name, which the producer gave, is taken.
    """
    if named is not None and named.satellite != sensor.satellite:
        raise InputError(
            f"says two things of its satellite: platform {platform[:80]!r}, and {named.title} by "
            "the name of the product"
        )
    return named or sensor


def day_of(text: str | None, form: str = "%Y%m%d") -> date | None:
    """Date in a product name; None if there is none."""
    try:
        return None if text is None else datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _may_be_bands(asset: Asset) -> bool:
    if asset.roles & _NO_DATA_ROLES or asset.key.lower().removesuffix("-jp2") in _PICTURES:
        return False
    is_image = not asset.type or asset.type.startswith(("image/", "application/"))
    return is_image and not _NO_IMAGES.search(asset.name)
