"""The order of an export, and the appearance of its tiles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Literal

from automap_tiles.errors import ConfigError
from automap_tiles.layers.layer import Query
from automap_tiles.pictures.encode import ImageFormat
from automap_tiles.workflows._bounds import Count, Zooms, all_zooms
from automap_tiles.workflows._order import Order


class Container(Enum):
    """Container of the tiles."""

    XYZ = "xyz"
    """A folder, one file per tile: `{z}/{x}/{y}.png`."""
    PMTILES = "pmtiles"
    """One file that a browser reads by byte ranges (PMTiles 3)."""
    MBTILES = "mbtiles"
    """One SQLite file, for desktop and mobile programs (MBTiles 1.3)."""


@dataclass(frozen=True, kw_only=True)
class ExportSpec:
    """An export with all defaults of its order resolved."""

    source: str
    """Raster, tile directory or `.mapchete` file, which stands for its output."""
    out: Path
    """Folder or file."""
    container: Container
    image: ImageFormat = ImageFormat.PNG
    style: Query = field(default_factory=dict)
    """Query parameters as in the preview; empty: `style_name`, or the default style."""
    style_name: str | None = None
    """One of the named styles of the process file."""
    zooms: tuple[int, int] | None = None
    """First and last; None: from 0 to that of the source."""
    resampling: str = "nearest"
    title: str | None = None
    attribution: str = ""
    """Attribution of the data; plain text."""
    page: bool = False
    """Whether to write an HTML page that shows the map."""
    base_map: str | None = None
    """URL template of XYZ tiles for the base map of that page; None: none."""
    georeference: bool = False
    """Whether to write georeferencing beside each tile of a folder."""
    stac: bool = False
    """Whether to write a STAC item and catalogue."""
    time: str | None = None
    """Of the STAC item: ISO 8601, or an interval with a slash; None: from the scenes of the source,
    if it records them."""
    workers: int | None = None
    """Processes; None: the number of processors."""
    overwrite: bool = False
    """Replace an export of another appearance."""

    def __post_init__(self) -> None:
        # `Path` collapses two slashes to one
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/|/vsi", str(self.out)):
            raise ConfigError(
                "an export is written to this machine",
                key="--output",
                found=str(self.out),
                remedy="a local path; copy it to where it is served from",
            )
        if self.page and self.container is Container.MBTILES:
            raise ConfigError(
                "no browser can read MBTiles", key="--html", remedy="--format xyz or pmtiles"
            )
        if self.georeference and self.container is not Container.XYZ:
            raise ConfigError(
                "is for pictures in a folder", key="--georeference", remedy="--format xyz"
            )
        if self.style and self.style_name is not None:
            raise ConfigError("cannot stand beside --style", key="--style-name")


_CONTAINERS = tuple(each.value for each in Container)
_ARCHIVES = (Container.PMTILES.value, Container.MBTILES.value)
"""Single-file containers, whose suffix is their name."""


@dataclass(frozen=True, kw_only=True)
class ExportOrder(Order):
    """Write tiles for web maps without a server."""

    workflow: ClassVar[str] = "export"

    source: str
    """Raster, tile directory or `.mapchete` file, which stands for its output."""
    output: str
    """Folder, or a file that ends with `.pmtiles` or `.mbtiles`; local."""
    format: Literal["xyz", "pmtiles", "mbtiles"] | None = None
    """None: by the suffix of the output, else `xyz`, a folder of images."""
    image: Literal["png", "jpg", "webp"] = "png"
    """Image format; `jpg` is white where there is no data."""
    style: tuple[tuple[str, str], ...] = ()
    """Query parameters as in the preview: `("rescale", "0,3000")`."""
    style_name: str | None = None
    """A named style of the process file; excludes `style`."""
    zooms: Zooms | None = None
    """One, or the first and the last; None: 0 to that of the source."""
    resampling: str = "nearest"
    title: str | None = None
    """None: name of the source."""
    attribution: str = ""
    """Attribution of the data."""
    page: bool = False
    """A page that shows the map."""
    base_map: str | None = None
    """URL template of XYZ tiles for the base map of that page."""
    georeference: bool = False
    """Write georeferencing beside each tile of a folder (world file, and CRS for GDAL)."""
    stac: bool = False
    """A STAC item and catalogue."""
    time: str | None = None
    """Of the STAC item, ISO 8601, or an interval with a slash; None: from the scenes."""
    workers: Count | None = None
    """Processes; None: the number of cores."""
    overwrite: bool = False
    """Replace an export of another appearance."""


def _check_said(order: ExportOrder) -> None:
    """Raise `ConfigError` for options of a page or STAC item that is not requested."""
    for name, said, other, is_wanted in (
        ("--base-map", order.base_map, "--html", order.page),
        ("--time", order.time, "--stac", order.stac),
    ):
        if said and not is_wanted:
            raise ConfigError(
                f"says nothing without {other}", key=name, found=said, remedy=f"{other} beside it"
            )


def spec_of(order: ExportOrder) -> ExportSpec:
    """The export of an order; raises `ConfigError` for contradictory options."""
    style: dict[str, tuple[str, ...]] = {}
    for key, value in order.style:
        style[key] = (*style.get(key, ()), value)
    ending = Path(order.output).suffix.lower().removeprefix(".")
    container = order.format or (ending if ending in _CONTAINERS else "xyz")
    if ending in _ARCHIVES and ending != container:
        raise ConfigError(
            f"is another format than the name of the output says ({ending})",
            key="--format",
            found=container,
            remedy=f"a name without .{ending}, or --format {ending}",
        )
    _check_said(order)
    zooms = None if order.zooms is None else all_zooms(order.zooms)
    return ExportSpec(
        source=order.source,
        out=Path(order.output),
        container=Container(container),
        image=ImageFormat(order.image),
        style=style,
        style_name=order.style_name,
        zooms=None if zooms is None else (zooms[0], zooms[-1]),
        resampling=order.resampling,
        title=order.title,
        attribution=order.attribution,
        page=order.page,
        base_map=order.base_map,
        georeference=order.georeference,
        stac=order.stac,
        time=order.time,
        workers=order.workers,
        overwrite=order.overwrite,
    )


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything that determines the images besides the pixels of the source."""

    source: str
    """Absolute if it is a local path."""
    query: Mapping[str, tuple[str, ...]]
    """The style as query parameters."""
    image: ImageFormat
    resampling: str
    zooms: tuple[int, int]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "style": {key: list(values) for key, values in sorted(self.query.items())},
            "image": self.image.value,
            "resampling": self.resampling,
            "zooms": list(self.zooms),
        }
