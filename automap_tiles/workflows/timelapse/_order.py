"""What shall be shown, and how."""

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
    """Vector file: the box around all its shapes is shown; None: all that the dates reach."""
    bands: tuple[str, ...] = ("red", "green", "blue")
    """Three bands, or one in grey; of rasters their descriptions or numbers."""
    satellites: tuple[str, ...] | None = None
    """As in `composite`; None: all that are there, which must be one."""
    time: str | None = None
    """`FROM/TO`: days, months or years; None: all."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """What counts as hidden."""
    dilation: Annotated[float, Ge(0.0), Le(10_000.0)] = 50.0
    """Metres by which what is hidden is widened: the rims of clouds are bright as well."""
    max_cloud_cover: Percent | None = None
    """Of a scene."""
    clouds: Clouds = "drop"
    """Of dates of which less than `hidden` is hidden: as it was (`drop`), or what the date before
    showed in place of what is hidden (`fill`). `keep` shows every date as it was."""
    hidden: Percent = 40.0
    """Dates of which more is hidden or without data are left out."""
    coregister: bool = False
    """Bring the dates onto each other."""
    brdf: bool = False
    """Reflectance as seen from straight above."""
    stretch: tuple[float, float] | None = None
    """Values that become black and white, in reflectance (of rasters as they are stored); None: 2
    and 98 per cent of all clear pixels of all dates, for each band."""
    size: Annotated[int, Ge(64), Le(4096)] = 600
    """Pixels along the longer side, at most; small places are shown larger by whole factors."""
    seconds: Annotated[float, Ge(0.02), Le(60.0)] = 0.5
    """That each date is shown for."""
    caption: bool = True
    """Draw the date, a scale bar and whose data it is."""
    attribution: str | None = None
    """Whose data it is; None: what the satellite's agency asks for."""
