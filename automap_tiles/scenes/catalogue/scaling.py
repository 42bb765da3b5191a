"""How the numbers of an item's bands become reflectance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import Scaling, by_key
from automap_tiles.missions.landsat.estimate import OLI_ADD, OLI_MULTIPLY
from automap_tiles.missions.landsat.mtl import LandsatMetadata, read_mtl
from automap_tiles.missions.sentinel2.product import read_s2_product
from automap_tiles.scenes.catalogue import dea
from automap_tiles.scenes.catalogue.assets import BandAsset, metadata_of
from automap_tiles.scenes.catalogue.identity import Identity
from automap_tiles.scenes.catalogue.item import Item
from automap_tiles.scenes.catalogue.offset import weigh
from automap_tiles.scenes.download.address import kind_of

ReadFile = Callable[[str], bytes]
"""Reads a metadata file by its address; raises `InputError`."""

SURFACE_C2 = Scaling(multiply=2.75e-5, add=-0.2, nodata=0)
"""Landsat Collection 2 level 2, every scene of every satellite (LSDS-1618, LSDS-1619)."""

_SENTINEL_SCALE = 1e-4
_SATURATED = 65535


@dataclass(frozen=True, kw_only=True)
class Scalings:
    """By band, and what is worth telling of them."""

    by_band: Mapping[str, Scaling]
    notes: Mapping[str, Any] = field(default_factory=dict)
    """For `Scene.metadata`."""


def scalings(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    """Of every reflective band.

    Metadata files are read where the item itself does not suffice, and where they lie on this
    machine. Raises `InputError` when nothing says how the numbers become reflectance.
    """
    reflective = {name: band for name, band in bands.items() if _is_reflective(identity, name)}
    if dea.is_ard(item):
        return Scalings(by_band=dict.fromkeys(reflective, dea.SCALING))
    if identity.sensor.startswith("sentinel-2"):
        return _sentinel(item, identity, reflective, read)
    if identity.sensor.startswith("landsat-"):
        if (identity.level or "").upper().startswith("L2"):
            return _surface(item, identity, reflective, read)
        return _top_of_atmosphere(item, identity, reflective, read)
    return _as_stated(reflective)


def _is_reflective(identity: Identity, name: str) -> bool:
    common = by_key(identity.sensor).band(name).common or ""
    return not common.startswith("lwir") and "VCID" not in name


def _sentinel(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    product = metadata_of(item).get("product")
    said = None
    if product is not None and _is_here(product):
        said = read_s2_product(read(product))
    baseline = said.baseline if said else identity.baseline
    by_band: dict[str, Scaling] = {}
    notes: dict[str, Any] = {}
    for name, band in bands.items():
        scale = band.info.scale or _SENTINEL_SCALE
        offset = weigh(item, baseline, band.info.offset, scale)
        if said is not None and not offset.applied:
            by_band[name] = said.scaling[name]
            continue
        by_band[name] = Scaling(
            multiply=scale,
            add=offset.value * scale,
            nodata=_nodata(band, 0),
            saturated=_SATURATED,
        )
        if not notes or offset.doubtful:
            notes = {"offset": offset.as_metadata()}
    if baseline:
        notes["baseline"] = baseline
    return Scalings(by_band=by_band, notes=notes)


def _surface(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    mtl = metadata_of(item).get("mtl")
    if mtl is not None and _is_here(mtl):
        return _of_metadata(read_mtl(read(mtl)), bands)
    if identity.collection not in ("02", "2"):
        return _as_stated(bands)
    wrong: list[str] = []
    for name, band in bands.items():
        scale, offset = band.info.scale, band.info.offset
        if scale is not None and not _same(scale, offset, SURFACE_C2):
            wrong.append(f"{name}: scale {scale:g}, offset {offset}")
    # The documents of Collection 2 give one scaling for all; another one in an item is an error.
    notes = {"scaling": {"documented": [2.75e-5, -0.2], "stated otherwise": wrong}} if wrong else {}
    return Scalings(by_band=dict.fromkeys(bands, SURFACE_C2), notes=notes)


def _top_of_atmosphere(
    item: Item, identity: Identity, bands: Mapping[str, BandAsset], read: ReadFile
) -> Scalings:
    mtl = metadata_of(item).get("mtl")
    reason = "it has no MTL file"
    if mtl is not None:
        try:
            return _of_metadata(read_mtl(read(mtl)), bands)
        except AutomapError as error:
            reason = str(error)
    sun = item.number("view:sun_elevation", "eo:sun_elevation")
    # Products that others make of the satellite's scenes name no level of USGS.
    is_level_1 = bool(identity.collection) and (identity.level or "").upper().startswith("L1")
    if sun is None or identity.sensor not in ("landsat-8", "landsat-9") or not is_level_1:
        raise InputError(f"nothing says how its numbers become reflectance: {reason}")
    scaling = Scaling(
        multiply=OLI_MULTIPLY, add=OLI_ADD, sun_elevation=sun, nodata=0, saturated=_SATURATED
    )
    # LSDS-1574: the same numbers in every scene of Landsat 8 and 9; the item knows the sun.
    return Scalings(
        by_band=dict.fromkeys(bands, scaling), notes={"scaling": {"documented": [2e-5, -0.1]}}
    )


def _of_metadata(found: LandsatMetadata, bands: Mapping[str, BandAsset]) -> Scalings:
    by_band = {name: found.scaling[name] for name in bands if name in found.scaling}
    if not by_band:
        raise InputError("its MTL file has no numbers for reflectance")
    return Scalings(by_band=by_band)


def _as_stated(bands: Mapping[str, BandAsset]) -> Scalings:
    """Of other products: what `raster:bands` says, and nothing without it."""
    by_band: dict[str, Scaling] = {}
    for name, band in bands.items():
        if band.info.scale is None:
            raise InputError(f"nothing says how its numbers become reflectance ({name})")
        by_band[name] = Scaling(
            multiply=band.info.scale, add=band.info.offset or 0.0, nodata=_nodata(band, None)
        )
    return Scalings(by_band=by_band)


def _same(scale: float, offset: float | None, scaling: Scaling) -> bool:
    return abs(scale / scaling.multiply - 1) < 1e-6 and abs((offset or 0) - scaling.add) < 1e-6


def _nodata(band: BandAsset, default: int | None) -> int | None:
    said = band.info.nodata
    return default if said is None else int(said)


def _is_here(href: str) -> bool:
    return kind_of(href) == "file"
