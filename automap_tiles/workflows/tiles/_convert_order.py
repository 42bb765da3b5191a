"""The order of a conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.subset import Subset, Value


@dataclass(frozen=True, kw_only=True)
class ConvertOrder(Order):
    """Convert a source; options that are not given are taken from it."""

    workflow: ClassVar[str] = "convert"

    source: str
    """Raster or vector file, tile directory or `.mapchete` file."""
    target: str
    """Folder, or a path that ends with .tif."""
    where: Subset = field(default_factory=Subset)
    """Zooms: by default those of the source, or 0 to its own resolution."""
    how: ExecutionOptions = field(default_factory=ExecutionOptions)
    clip: str | None = None
    """Vector file; pixels and features outside its features are not written."""
    bands: tuple[int, ...] | None = None
    """Bands of the source, from 1; None: all."""
    pyramid: str | None = None
    """`geodetic`, `mercator` or the path of a JSON definition; files have no default."""
    metatiling: int | None = None
    tile_size: int | None = None
    """Pixels."""
    format: str | None = None
    dtype: str | None = None
    nodata: float | None = None
    geometry_type: str | None = None
    creation_options: tuple[tuple[str, Value], ...] = ()
    """Names and values of the output driver's options."""
    resampling: str = "nearest"
    scale_ratio: float = 1.0
    scale_offset: float = 0.0
    """Added before multiplication by the ratio."""
    overviews: str | None = None
    """Resampling of the overviews in a single file; None: no overviews."""
    cog: bool = False
