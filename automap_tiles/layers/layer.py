"""The interface of map layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.grid import Bounds, Pyramid, Tile

Query = Mapping[str, Sequence[str]]
"""A style as query parameters."""


class LayerKind(Enum):
    """What the pixels of a layer are."""

    OUTPUT = "output"
    """Finished files."""
    PROCESS = "process"
    """Computed where one looks."""
    INPUT = "input"
    """What a process reads."""


@dataclass(frozen=True, kw_only=True)
class LayerBand:
    """One band of a layer."""

    name: str
    dtype: str
    scale: float = 1.0
    """value = number · scale + offset."""
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """One entry of a legend."""

    value: int
    name: str
    color: str
    """`#rrggbb`."""


@dataclass(frozen=True, kw_only=True)
class LayerInfo:
    """A layer as it is told to a map."""

    name: str
    """URL-safe: letters, digits, `-` and `_`."""
    title: str
    kind: LayerKind
    bounds: Bounds
    """West, south, east, north in degrees; east is beyond 180 where it runs over that meridian."""
    min_zoom: int
    """Of a web map, tiles of 256 px: coarser ones show nothing."""
    max_zoom: int
    """Of a web map: finer ones show enlarged pixels."""
    bands: tuple[LayerBand, ...]
    nodata: float | None
    alpha: int | None = None
    """Number of the alpha band, from 1."""
    pyramid: Pyramid | None = None
    """The layer's own grid of tiles; None: it has none, or that of another tile size."""
    classes: tuple[LegendEntry, ...] = ()
    styles: Mapping[str, Query] = field(default_factory=dict)
    """By name."""
    default_style: Query = field(default_factory=dict)
    computed_from: int | None = None
    """Of a process: the zoom of a web map from which on its tiles are computed; coarser pictures
    are made of them."""

    @property
    def band_names(self) -> tuple[str, ...]:
        return tuple(band.name for band in self.bands)


class Layer(Protocol):
    """Something that can be shown on a map; thread-safe."""

    @property
    def info(self) -> LayerInfo: ...

    def version(self, tile: Tile) -> str:
        """Changes when the pixels of a tile may have changed; cheap, reads no pixels."""
        ...

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        """Pixels (band, y, x) of these bands (from 1) on a tile of any grid; None: nothing there.

        Raises `TileFailed` when they cannot be made, `InputError` when they cannot be read.
        """
        ...
