"""What is wanted of an export, and how its pictures look."""

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
    """What the tiles are kept in."""

    XYZ = "xyz"
    """A folder, one file per tile: `{z}/{x}/{y}.png`."""
    PMTILES = "pmtiles"
    """One file that a browser reads in parts (PMTiles 3)."""
    MBTILES = "mbtiles"
    """One SQLite file, for programs (MBTiles 1.3)."""


@dataclass(frozen=True, kw_only=True)
class ExportSpec:
    """An export with all that its order leaves open filled in."""

    source: str
    """Raster, tile directory or `.mapchete` file, whose output is meant."""
    out: Path
    """Folder or file."""
    container: Container
    image: ImageFormat = ImageFormat.PNG
    style: Query = field(default_factory=dict)
    """Query parameters as those of the preview; empty: `style_name`, or the usual look."""
    style_name: str | None = None
    """One of the styles that the process file names."""
    zooms: tuple[int, int] | None = None
    """First and last; None: from 0 to that of the source."""
    resampling: str = "nearest"
    title: str | None = None
    attribution: str = ""
    """Whose map it is; plain text."""
    page: bool = False
    """Whether to write an HTML page that shows the map."""
    base_map: str | None = None
    """Address of XYZ tiles below the map on that page; None: none."""
    georeference: bool = False
    """Whether to say beside each picture of a folder where it lies."""
    stac: bool = False
    """Whether to write a STAC item and catalogue."""
    time: str | None = None
    """Of the STAC item: ISO 8601, or two with a slash between; None: those of the scenes that the
    source was made of, where it says them."""
    workers: int | None = None
    """Processes; None: as many as there are processors."""
    overwrite: bool = False
    """Replace an export of other looks."""

    def __post_init__(self) -> None:
        # `Path` leaves one slash of two
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
"""Those that are one file, whose ending is their name."""


@dataclass(frozen=True, kw_only=True)
class ExportOrder(Order):
    """Write tiles for web maps without a server."""

    workflow: ClassVar[str] = "export"

    source: str
    """Raster, tile directory or `.mapchete` file, whose output is meant."""
    output: str
    """Folder, or a file that ends with `.pmtiles` or `.mbtiles`; of this machine."""
    format: Literal["xyz", "pmtiles", "mbtiles"] | None = None
    """None: by the ending of the output, else `xyz`, a folder of pictures."""
    image: Literal["png", "jpg", "webp"] = "png"
    """What a tile is; `jpg` is white where there is no data."""
    style: tuple[tuple[str, str], ...] = ()
    """Query parameters as those of the preview: `("rescale", "0,3000")`."""
    style_name: str | None = None
    """A style that the process file names; goes with no `style`."""
    zooms: Zooms | None = None
    """One, or the first and the last; None: 0 to that of the source."""
    resampling: str = "nearest"
    title: str | None = None
    """None: name of the source."""
    attribution: str = ""
    """Whose map it is."""
    page: bool = False
    """A page that shows the map."""
    base_map: str | None = None
    """Address of XYZ tiles below the map on that page."""
    georeference: bool = False
    """Say beside each picture of a folder where it lies (world file, and CRS for GDAL)."""
    stac: bool = False
    """A STAC item and catalogue."""
    time: str | None = None
    """Of the STAC item, ISO 8601, or two with a slash; None: of the scenes."""
    workers: Count | None = None
    """Processes; as many as there are cores when None."""
    overwrite: bool = False
    """Replace an export that looks otherwise."""


def _check_said(order: ExportOrder) -> None:
    """Raise `ConfigError` for what is said of a page or an item that nobody asks for."""
    for name, said, other, is_wanted in (
        ("--base-map", order.base_map, "--html", order.page),
        ("--time", order.time, "--stac", order.stac),
    ):
        if said and not is_wanted:
            raise ConfigError(
                f"says nothing without {other}", key=name, found=said, remedy=f"{other} beside it"
            )


def spec_of(order: ExportOrder) -> ExportSpec:
    """The export that an order asks for; raises `ConfigError` where its words contradict."""
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
    """All that decides on the pictures besides the pixels of the source."""

    source: str
    """Absolute, where it is a path of this machine."""
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
