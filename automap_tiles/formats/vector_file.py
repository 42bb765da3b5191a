"""Features of a vector file, as an input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles import raster, vector
from automap_tiles.formats._contents import Feature, OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._locate import Located, locate
from automap_tiles.formats._options import Options
from automap_tiles.formats._outline import outline_in
from automap_tiles.formats._overlap import pieces
from automap_tiles.formats._spec import InputSpec
from automap_tiles.formats._vector_tile import FeatureTile, shifted
from automap_tiles.formats.context import OpenContext
from automap_tiles.grid import Bounds, Pyramid, Tile
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry


FORMAT = FormatInfo(
    name="vector_file",
    summary="features of GeoJSON, GeoPackage, Shapefile or FlatGeobuf",
    kind=OutputKind.VECTOR,
    extensions=("shp", "geojson", "json", "gpkg", "fgb"),
    endings=("gpkg",),
    reader=f"{__name__}:open_reader",
)


def open_reader(spec: InputSpec, context: OpenContext) -> VectorFile:
    """Reader of a vector file; raises `InputError` if it is missing."""
    options = Options(spec)
    options.without_effect("gdal_options", "they are for pixels; features are read without any")
    options.finish()
    return VectorFile(where=locate(spec, context.base), pyramid=context.pyramid)


@dataclass(frozen=True, kw_only=True)
class VectorFile:
    """A vector file; small ones are read once per process."""

    where: Located
    pyramid: Pyramid

    kind = OutputKind.VECTOR

    @property
    def path(self) -> str:
        return self.where.path

    def footprint(self, crs: CRS) -> BaseGeometry:
        return _footprint(self.where.url, self.where.fingerprint(), crs, self.pyramid)

    def fingerprint(self) -> str:
        return self.where.fingerprint()

    def earlier_fingerprint(self) -> str | None:
        return self.where.earlier_fingerprint()

    def at(self, tile: Tile) -> FeatureTile:
        return FeatureTile(tile, self)

    def features(
        self, tile: Tile, bounds: Bounds, *, clip: bool, validity_check: bool
    ) -> list[Feature]:
        """Features in a box around a tile, in its CRS."""
        world = tile.pyramid.bounds if tile.pyramid.is_global else None
        return [
            shifted(feature, shift)
            for part, shift in pieces(bounds, tile)
            for feature in vector.read_features(
                self.where.url,
                part,
                tile.crs,
                clip=clip,
                validity_check=validity_check,
                world=world,
            )
        ]


_looked_at: set[tuple[str, object]] = set()
"""Files, with their stamps, whose features without geometry have been reported."""


def tell_unplaced(path: str) -> None:
    """Note the number of features without geometry, once per version of the file.

    Checks all features. Raises `InputError`.
    """
    key = (str(Path(path).absolute()), raster.file_stamp(path))
    if key in _looked_at:
        return
    _looked_at.add(key)
    if count := vector.count_unplaced(path):
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.FEATURES,
                count=count,
                examples=(path,),
                reason="they have no geometry, so they lie on no tile",
            )
        )


@lru_cache(maxsize=256)
def _footprint(url: str, _stamp: str, crs: CRS, pyramid: Pyramid) -> BaseGeometry:
    """Densified bounding box of the features; the stamp is part of the cache key."""
    import shapely

    info = vector.describe(url)
    if info.bounds is None:
        return shapely.GeometryCollection()
    if vector.is_small(url):
        tell_unplaced(url)
    left, bottom, right, top = info.bounds
    if left == right or bottom == top:  # a single point, or a line along an axis
        box = shapely.box(*info.bounds).buffer(1e-9 * max(abs(left), abs(top), 1.0))
    else:
        box = shapely.box(*info.bounds)
    longest = max(right - left, top - bottom, 1e-9)
    return outline_in(crs, box, info.crs, segment=longest / 64, pyramid=pyramid, url=url)
