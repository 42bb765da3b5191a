"""Conversion of STAC items to scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions import (
    About,
    Asset,
    BandAsset,
    BandFile,
    Dialect,
    Identity,
    Item,
    QualityAsset,
    QualityFile,
    ReadFile,
    Scene,
    number,
    recognise,
)
from automap_tiles.scenes.download.address import kind_of

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from automap_tiles.grid import Grid

_LARGEST_PIXEL = 1000.0  # metres; anything larger is a coordinate in the wrong place


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """A scene as far as its item alone describes it: enough to decide whether it is wanted."""

    item: Item
    dialect: Dialect
    identity: Identity
    bands: Mapping[str, BandAsset]
    scene: Scene
    """Without scaling."""


def sketch(item: Item, access: str | None = None) -> Sketch:
    """Raises `InputError` with the reason if the item cannot be used."""
    dialect, identity = recognise(item)
    if identity.day is not None and abs(identity.day - item.time.date()) > timedelta(days=1):
        raise InputError(
            f"says two things of its time: {item.time.date()}, and {identity.day} by its name"
        )
    bands = dialect.bands(item, identity)
    if not bands:
        raise InputError(f"has no bands that its satellite has{refused(item)}")
    quality = dialect.quality(item, identity)
    scene = _scene(item, identity, bands, quality, dialect.about(item, identity), access)
    return Sketch(item=item, dialect=dialect, identity=identity, bands=bands, scene=scene)


def refused(item: Item) -> str:
    """Text on files of the item that were left out, to explain missing data."""
    if not item.refused:
        return ""
    names = ", ".join(item.refused[:3])
    return f"; a catalogue far away must not name such addresses: those of {names}"


def to_scene(drawn: Sketch, read: ReadFile) -> Scene:
    """The scene with its scaling, from metadata files if the item lacks it.

    Raises `InputError` with the reason if it cannot be used.
    """
    scaled = drawn.dialect.scalings(drawn.item, drawn.identity, drawn.bands, read)
    if not scaled.by_band:
        raise InputError("has no bands of reflectance")
    bands = {
        name: replace(file, scaling=scaled.by_band.get(name))
        for name, file in drawn.scene.bands.items()
    }
    metadata = {**drawn.scene.metadata, **scaled.notes}
    return replace(drawn.scene, bands=bands, metadata=metadata)


def _scene(
    item: Item,
    identity: Identity,
    bands: Mapping[str, BandAsset],
    quality: Sequence[QualityAsset],
    about: About,
    access: str | None,
) -> Scene:
    crs = _crs(item, {})
    metadata = {"stac_collection": item.collection or None, **about.metadata}
    return Scene(
        id=item.id,
        sensor=identity.sensor.key,
        time=item.time,
        level=identity.level,
        tile=identity.tile,
        orbit=identity.orbit,
        footprint=item.footprint,
        crs=crs or next(filter(None, (_crs(item, b.asset.fields) for b in bands.values())), None),
        cloud_cover=about.cloud_cover,
        sun_elevation=about.sun_elevation,
        sun_azimuth=about.sun_azimuth,
        access=access,
        is_from_above=about.from_above,
        bands={name: _band_file(item, band) for name, band in bands.items()},
        quality=tuple(_quality_file(item, found) for found in quality),
        metadata={name: value for name, value in metadata.items() if value is not None},
    )


def _band_file(item: Item, band: BandAsset) -> BandFile:
    return BandFile(
        href=band.asset.href,
        index=band.index,
        grid=_grid(item, band.asset),
        size=_size(band.asset),
        checksum=_checksum(band.asset),
    )


def _quality_file(item: Item, found: QualityAsset) -> QualityFile:
    return QualityFile(
        layer=found.layer,
        href=found.asset.href,
        indexes=found.indexes,
        grid=_grid(item, found.asset),
        size=_size(found.asset),
        checksum=_checksum(found.asset),
    )


def _crs(item: Item, asset: Mapping[str, Any]) -> str | None:
    for fields in (asset, item.properties):
        code = fields.get("proj:code")
        if isinstance(code, str) and code:
            return code
        epsg = number(fields.get("proj:epsg"))
        if epsg:
            return f"EPSG:{int(epsg)}"
    return None


def _grid(item: Item, asset: Asset) -> Grid | None:
    """Grid of a remote file as stated by the item; local files are opened instead."""
    from affine import Affine

    from automap_tiles.grid import Grid

    if kind_of(asset.href) == "file":
        return None
    transform = _numbers(asset, item, "proj:transform")
    shape = _numbers(asset, item, "proj:shape")
    code = _crs(item, asset.fields)
    if len(transform) < 6 or len(shape) != 2 or code is None:
        return None
    affine = Affine(*transform[:6])
    # Some items use the order of GDAL's geotransform, with a coordinate in the first place.
    is_north_up = affine.b == affine.d == 0 and 0 < affine.a <= _LARGEST_PIXEL and affine.e < 0
    if not is_north_up or min(shape) < 1:
        return None
    crs = _known_crs(code)
    return None if crs is None else Grid(crs, affine, (int(shape[0]), int(shape[1])))


@lru_cache(maxsize=256)
def _known_crs(code: str) -> CRS | None:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    from automap_tiles.raster import ensure_env

    ensure_env()  # otherwise PROJ prints a message for an unknown code
    try:
        return CRS.from_user_input(code)
    except CRSError:
        return None


def _numbers(asset: Asset, item: Item, name: str) -> tuple[float, ...]:
    value = asset.fields.get(name) or item.properties.get(name)
    if not isinstance(value, list):
        return ()
    found = tuple(number(one) for one in value)
    return tuple(one for one in found if one is not None) if None not in found else ()


def _size(asset: Asset) -> int | None:
    size = number(asset.fields.get("file:size"))
    return int(size) if size else None


def _checksum(asset: Asset) -> str | None:
    found = asset.fields.get("file:checksum") or asset.fields.get("checksum:multihash")
    return str(found) if found else None
