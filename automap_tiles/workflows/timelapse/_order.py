"""The order of a time-lapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from automap_tiles.workflows._bounds import Percent
from automap_tiles.workflows._order import Order

Clouds = Literal["drop", "fill", "keep"]


@dataclass(frozen=True, kw_only=True)
class TimelapseOrder(Order):
    """Show a place over time."""

    workflow: ClassVar[str] = "timelapse"

    input: str
    """Folder or archive of products, or of prepared scenes; STAC file or API; or rasters with
    dates in their names, as a pattern with `*`."""
    output: str
    """File to write: `….gif`, `….webp` or `….avif`."""
    boundary: str | None = None
    """Vector file: the bounding box of its shapes is displayed; None: the extent of the dates."""
    bands: tuple[str, ...] = ("red", "green", "blue")
    """Three bands, or one in grey; of rasters their descriptions or numbers."""
    satellites: tuple[str, ...] | None = None
    """As in `composite`; None: all available ones, which must be of one satellite."""
    time: str | None = None
    """`FROM/TO`: days, months or years; None: all."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """Mask flags that count as hidden."""
    dilation: Annotated[float, Ge(0.0), Le(10_000.0)] = 50.0
    """Metres by which the mask is dilated: the edges of clouds are bright as well."""
    max_cloud_cover: Percent | None = None
    """Of a scene."""
    clouds: Clouds = "drop"
    """Display of dates less hidden than `hidden`: unchanged (`drop`), or filled from the previous
    date (`fill`). `keep` displays every date unchanged."""
    hidden: Percent = 40.0
    """Dates with a larger percentage of masked pixels or nodata are omitted."""
    coregister: bool = False
    """Coregister the dates."""
    brdf: bool = False
    """Correct reflectance to nadir view."""
    stretch: tuple[float, float] | None = None
    """Values for black and white, in reflectance (for rasters as stored); None: 2nd and 98th
    percentile of all clear pixels of all dates, per band."""
    size: Annotated[int, Ge(64), Le(4096)] = 600
    """Maximum number of pixels along the longer side; small places are enlarged by integer
    factors."""
    seconds: Annotated[float, Ge(0.02), Le(60.0)] = 0.5
    """Display time of each date."""
    caption: bool = True
    """Draw the date, a scale bar and the attribution."""
    attribution: str | None = None
    """Attribution of the data; None: as required by the satellite's agency."""
