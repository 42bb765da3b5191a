"""Scenes from the files of HLS products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.harmonized import HLS_NAME
from automap_tiles.missions._common.scene import BandFile, QualityFile, Scene
from automap_tiles.missions._common.stac import number
from automap_tiles.missions.hls._bands import SCALING
from automap_tiles.missions.hls._names import seen
from automap_tiles.missions.hls._version import FROM_ABOVE, LEVEL, check_version
from automap_tiles.parsing import parse_json

if TYPE_CHECKING:
    from automap_tiles.missions._common.layout import ProductLayout


def hls_scene(layout: ProductLayout, place: ProductFiles) -> Scene:
    """The scene of a product, from its name; cloud cover and sun come from a STAC item beside it.

    Raises `InputError` for a product without bands, a version other than 2, a name without a time,
    or an invalid item.
    """
    if not layout.bands:
        raise InputError("none of its bands is there")
    check_version(layout.version)
    said = _said(layout, place)
    name = HLS_NAME.fullmatch(layout.id)
    assert name is not None  # `find` returns no other layouts
    assert layout.sensor is not None
    return Scene(
        id=layout.id,
        sensor=layout.sensor,
        time=seen(name["seen"]),
        level=LEVEL,
        tile=layout.tile,
        bands={
            band.name: BandFile(
                href=place.href(layout.bands[band.name]),
                scaling=SCALING if band.is_reflective else None,
            )
            for band in layout.like.bands
            if band.name in layout.bands
        },
        quality=tuple(
            QualityFile(layer=layer, href=place.href(file))
            for layer, file in layout.quality.items()
        ),
        cloud_cover=number(said.get("eo:cloud_cover")),
        sun_elevation=number(said.get("view:sun_elevation")),
        sun_azimuth=number(said.get("view:sun_azimuth")),
        is_from_above=FROM_ABOVE,
        metadata={"product": layout.id},
    )


def _said(layout: ProductLayout, place: ProductFiles) -> Mapping[str, Any]:
    """Properties of the STAC item beside the bands."""
    file = layout.metadata.get("item")
    if file is None:
        return {}
    try:
        properties = parse_json(place.read(file))["properties"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"not a valid STAC item: {error!r}", file) from error
    return properties if isinstance(properties, dict) else {}
