"""Tile matrix sets: the grids that a client can ask tiles of (OGC 17-083r4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from automap_devserver._failures import NotFound
from automap_tiles.grid import Pyramid
from automap_tiles.layers import web
from automap_tiles.layers.layer import LayerInfo

_PIXEL = 0.00028
"""Standardised rendering pixel size in metres, which defines scales (OGC 07-057r7, 6.1)."""
_DEGREE = 111319.49079327358
"""Metres per degree at the equator, by the same table: π · 6378137 / 180."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One zoom of a tile matrix set."""

    identifier: str
    scale: float
    """Scale denominator."""
    cell: float
    """Pixel size in units of the CRS."""
    corner: tuple[float, float]
    """Top left corner, in the axis order of the CRS."""
    size: int
    """Tile size, pixels."""
    rows: int
    cols: int


@dataclass(frozen=True, kw_only=True)
class TileSet:
    """A tile matrix set."""

    identifier: str
    title: str
    pyramid: Pyramid
    """Single tiles without a buffer."""
    crs: str
    """As a URN."""
    uri: str
    """The CRS as an address."""
    well_known: str | None
    """Name of the WMTS 1.0.0 scale set."""
    registered: str | None
    """Address of the registered definition, if there is one."""

    @property
    def _north_first(self) -> bool:
        """Whether the CRS has the axis order (north, east), as EPSG defines for some."""
        if self.crs.endswith("CRS84"):
            return False
        axes = [part.partition("]")[0] for part in self.pyramid.crs.to_wkt().split("AXIS[")[1:]]
        return len(axes) >= 2 and axes[-2].upper().endswith("NORTH")

    def matrices(self, last: int = web.MAX_ZOOM) -> list[Matrix]:
        """Zooms from 0 to the last."""
        unit = _DEGREE if self.pyramid.crs.is_geographic else 1.0
        edge = self.pyramid.bounds
        found = []
        for zoom in range(last + 1):
            cell = self.pyramid.pixel_size(zoom)[0]
            rows, cols = self.pyramid.matrix_shape(zoom)
            found.append(
                Matrix(
                    identifier=str(zoom),
                    scale=cell * unit / _PIXEL,
                    cell=cell,
                    corner=(edge.top, edge.left) if self._north_first else (edge.left, edge.top),
                    size=self.pyramid.tile_size,
                    rows=rows,
                    cols=cols,
                )
            )
        return found


@lru_cache(maxsize=1)
def web_mercator() -> TileSet:
    """The grid of web maps."""
    return TileSet(
        identifier="WebMercatorQuad",
        title="Web mercator",
        pyramid=web.web_pyramid(),
        crs="urn:ogc:def:crs:EPSG::3857",
        uri="http://www.opengis.net/def/crs/EPSG/0/3857",
        well_known="urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
        registered="http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
    )


@lru_cache(maxsize=1)
def world_degrees() -> TileSet:
    """The grid of longitude and latitude."""
    return TileSet(
        identifier="WorldCRS84Quad",
        title="Longitude and latitude",
        pyramid=web.geodetic_pyramid(),
        crs="urn:ogc:def:crs:OGC:1.3:CRS84",
        uri="http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        well_known="urn:ogc:def:wkss:OGC:1.0:GoogleCRS84Quad",
        registered="http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad",
    )


def tile_sets(info: LayerInfo) -> tuple[TileSet, ...]:
    """Tile matrix sets of a layer: the two global ones, and its own grid if that differs."""
    usual = (web_mercator(), world_degrees())
    if info.pyramid is None:
        return usual
    own = info.pyramid.replace(metatiling=1, pixelbuffer=0)
    if any(own == each.pyramid for each in usual):
        return usual
    code = own.crs.to_epsg()
    if code is None:  # no identifier that a client could know
        return usual
    longitude_first = own.crs == web.LON_LAT
    return (
        *usual,
        TileSet(
            identifier=f"{info.name}-grid",
            title=f"The grid of {info.title}",
            pyramid=own,
            crs=world_degrees().crs if longitude_first else f"urn:ogc:def:crs:EPSG::{code}",
            uri=(
                world_degrees().uri
                if longitude_first
                else f"http://www.opengis.net/def/crs/EPSG/0/{code}"
            ),
            well_known=None,
            registered=None,
        ),
    )


def tile_set(info: LayerInfo, identifier: str) -> TileSet:
    """A tile matrix set of a layer; raises `NotFound`."""
    found = tile_sets(info)
    for each in found:
        if each.identifier == identifier:
            return each
    known = ", ".join(each.identifier for each in found)
    raise NotFound(f"the layer {info.name} has no tiles on {identifier[:40]!r}, but on {known}")
