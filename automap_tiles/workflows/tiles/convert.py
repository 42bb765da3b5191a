"""Turning a file or tile directory into tiles or a single file."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.commands.convert import Conversion, conversion_config
from automap_tiles.engine.check import CheckReport
from automap_tiles.engine.check import check as check_process
from automap_tiles.runtime.process import Process
from automap_tiles.workflows.events import Event
from automap_tiles.workflows.how import How
from automap_tiles.workflows.order import NEVER, Order, StopToken
from automap_tiles.workflows.places import open_narrowed
from automap_tiles.workflows.running import carry_out
from automap_tiles.workflows.telling import telling_first
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


def check(order: ConvertOrder) -> CheckReport:
    """Count what would be made; nothing is written.

    Raises `ConfigError` when the source does not tell what the order leaves open, or they
    contradict each other; `InputError` when the source is missing or cannot be read.
    """
    return check_process(_process(order))


def run(order: ConvertOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Make the tiles; items are `TileResult`s, the outcome is a `Summary`.

    Raises what `check` does, and `OutputBusy`, `OutputMismatch`, `ProcessChanged` or `OutputError`
    before the first tile.
    """
    process = yield from telling_first(lambda: _process(order))
    yield from carry_out(process, order.how, stop=stop)


def _process(order: ConvertOrder) -> Process:
    """The built-in process `convert` for this source and target."""
    conversion = Conversion(
        source=order.source,
        target=order.target,
        zooms=order.where.zooms,
        clip=order.clip,
        bands=order.bands,
        pyramid=order.pyramid,
        metatiling=order.metatiling,
        tile_size=order.tile_size,
        format=order.format,
        dtype=order.dtype,
        nodata=order.nodata,
        geometry_type=order.geometry_type,
        creation_options=dict(order.creation_options),
        resampling=order.resampling,
        scale_ratio=order.scale_ratio,
        scale_offset=order.scale_offset,
        overviews=order.overviews,
        cog=order.cog,
    )
    return open_narrowed(conversion_config(conversion), order.where)
