"""What to convert into what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.workflows._order import Order
from automap_tiles.workflows.how import How
from automap_tiles.workflows.where import Value, Where


@dataclass(frozen=True, kw_only=True)
class ConvertOrder(Order):
    """What to make of what; what is not said is as in the source."""

    workflow: ClassVar[str] = "convert"

    source: str
    """Raster or vector file, tile directory or `.mapchete` file."""
    target: str
    """Folder, or a path that ends with .tif."""
    where: Where = field(default_factory=Where)
    """Zooms: those of the source by default, or 0 to its own resolution."""
    how: How = field(default_factory=How)
    clip: str | None = None
    """Vector file; nothing outside of its features is written."""
    bands: tuple[int, ...] | None = None
    """Bands of the source, from 1; None: all."""
    pyramid: str | None = None
    """`geodetic`, `mercator` or the path of a JSON definition; a file has none of its own."""
    metatiling: int | None = None
    tile_size: int | None = None
    """Pixels."""
    format: str | None = None
    dtype: str | None = None
    nodata: float | None = None
    geometry_type: str | None = None
    creation_options: tuple[tuple[str, Value], ...] = ()
    """Name and value of options of the output's driver."""
    resampling: str = "nearest"
    scale_ratio: float = 1.0
    scale_offset: float = 0.0
    """Added before the ratio is multiplied."""
    overviews: str | None = None
    """Resampling of the overviews inside a single file; None: no overviews."""
    cog: bool = False
