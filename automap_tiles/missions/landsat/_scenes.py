"""Scenes from the files of Landsat products."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.outlines import center, grid_of
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.scene import BandFile, QualityFile, Scene
from automap_tiles.missions.landsat import _estimate
from automap_tiles.missions.landsat._bands import BY_KEY
from automap_tiles.missions.landsat._mtl import LandsatMetadata, read_mtl
from automap_tiles.missions.landsat._names import is_mss, refuse_mss
from automap_tiles.missions.landsat._surface import SURFACE_C2, SURFACE_OLD

if TYPE_CHECKING:
    from automap_tiles.missions._common.layout import ProductLayout


def landsat_scene(layout: ProductLayout, place: ProductFiles) -> Scene:
    """The scene of a product; raises `InputError` with the reason if it cannot be used.

    Without an MTL file, or without coefficients in it, the scaling of surface products and of level
    1 of Landsat 8 and 9 is estimated (`_estimate`), which `estimated` in the scene's metadata
    records.
    """
    if is_mss(layout.id):
        raise refuse_mss(layout.id[2:].lstrip("0")[:1])
    mtl = layout.metadata.get("mtl")
    if mtl is not None:
        return _with_metadata(layout, place, read_mtl(place.read(mtl)))
    return _without_metadata(layout, place)


def _with_metadata(layout: ProductLayout, place: ProductFiles, found: LandsatMetadata) -> Scene:
    return Scene(
        id=layout.id if layout.sensor else found.id,
        sensor=found.sensor,
        time=found.time,
        level=found.level,
        tile=None if found.path is None or found.row is None else f"{found.path:03}{found.row:03}",
        orbit=found.path,
        bands=_bands(layout, place, found.scaling, found.sensor),
        quality=_quality(layout, place),
        crs=None if found.epsg is None else f"EPSG:{found.epsg}",
        cloud_cover=found.cloud_cover,
        sun_elevation=found.sun_elevation,
        sun_azimuth=found.sun_azimuth,
        metadata={
            "collection": found.collection,
            "tier": found.tier,
            "product": found.id,
            **({} if found.processed is None else {"created": found.processed.isoformat()}),
            **_angles(layout, place),
        },
    )


def _without_metadata(layout: ProductLayout, place: ProductFiles) -> Scene:
    if layout.sensor is None or layout.date is None:
        raise InputError("no MTL file, and no name that says which satellite saw it when")
    if not layout.bands:
        raise InputError("no bands")
    # Only the MTL file states the time of day.
    day = layout.date
    reference = grid_of(place.href(next(iter(layout.bands.values()))))
    longitude, latitude = center(reference)
    seen = datetime.combine(day, time(), tzinfo=UTC)
    estimated = ["time"]
    if layout.sensor in ("landsat-8", "landsat-9"):
        seen = _estimate.overpass(day, longitude, latitude)
    is_surface = (layout.level or "").startswith(("SR", "L2"))
    scaling = _surface(layout) if is_surface else None
    if scaling is None:
        if layout.sensor not in ("landsat-8", "landsat-9"):
            raise InputError("no MTL file, without which its numbers cannot become reflectance")
        scaling = _estimate.oli_scaling(day, longitude, latitude)
        estimated.append("sun_elevation")
    path = layout.tile[:3] if layout.tile else None
    reflective = {band.name: scaling for band in BY_KEY[layout.sensor].bands if band.is_reflective}
    return Scene(
        id=layout.id,
        sensor=layout.sensor,
        time=seen,
        level=layout.level,
        tile=layout.tile,
        orbit=int(path) if path and path.isdigit() else None,
        bands=_bands(layout, place, reflective, layout.sensor),
        quality=_quality(layout, place),
        sun_elevation=scaling.sun_elevation,
        metadata={"estimated": estimated},
    )


def _surface(layout: ProductLayout) -> Scaling:
    is_collection_2 = layout.version == "02" and (layout.level or "").startswith("L2")
    return SURFACE_C2 if is_collection_2 else SURFACE_OLD


def _bands(
    layout: ProductLayout, place: ProductFiles, scaling: Mapping[str, Scaling], sensor: str
) -> dict[str, BandFile]:
    """Files of the sensor's bands; on-demand surface reflectance has its own scaling."""
    known = {band.name for band in BY_KEY[sensor].bands}
    is_old_surface = layout.level == "SR"
    bands: dict[str, BandFile] = {}
    for name, file in layout.bands.items():
        own = scaling.get(name)
        if is_old_surface and own is not None:
            own = SURFACE_OLD
        if name in known:
            bands[name] = BandFile(href=place.href(file), scaling=own)
    if not bands:
        raise InputError("no bands that its satellite has")
    return bands


def _quality(layout: ProductLayout, place: ProductFiles) -> tuple[QualityFile, ...]:
    return tuple(
        QualityFile(layer=name, href=place.href(file)) for name, file in layout.quality.items()
    )


def _angles(layout: ProductLayout, place: ProductFiles) -> dict[str, Any]:
    """Hrefs of the angle bands, if the product has them."""
    angles = {name: place.href(file) for name, file in layout.angles.items()}
    return {"angles": angles} if angles else {}
