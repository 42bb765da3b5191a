"""What to convert into what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.subset import Subset, Value


@dataclass(frozen=True, kw_only=True)
class ConvertOrder(Order):
    """What to make of what; what is not said is as in the source."""

    workflow: ClassVar[str] = "convert"

    source: str
    """Raster or vector file, tile directory or `.mapchete` file."""
    target: str
    """Folder, or a path that ends with .tif."""
    where: Subset = field(default_factory=Subset)
    """Zooms: those of the source by default, or 0 to its own resolution."""
    how: ExecutionOptions = field(default_factory=ExecutionOptions)
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
