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
    """Origin of the pixels of a layer."""

    OUTPUT = "output"
    """Finished files."""
    PROCESS = "process"
    """Computed on demand."""
    INPUT = "input"
    """An input of a process."""


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
    """Metadata of a layer for a map."""

    name: str
    """URL-safe: letters, digits, `-` and `_`."""
    title: str
    kind: LayerKind
    bounds: Bounds
    """West, south, east, north in degrees; east is beyond 180 if the box crosses that meridian."""
    min_zoom: int
    """Of a web map with tiles of 256 px: coarser zooms show nothing."""
    max_zoom: int
    """Of a web map: finer zooms show enlarged pixels."""
    bands: tuple[LayerBand, ...]
    nodata: float | None
    alpha: int | None = None
    """Number of the alpha band, from 1."""
    pyramid: Pyramid | None = None
    """The layer's own tile grid; None: it has none, or one with another tile size."""
    classes: tuple[LegendEntry, ...] = ()
    styles: Mapping[str, Query] = field(default_factory=dict)
    """By name."""
    default_style: Query = field(default_factory=dict)
    computed_from: int | None = None
    """Of a process: the web map zoom from which its tiles are computed; coarser tiles are made from
    them."""

    @property
    def band_names(self) -> tuple[str, ...]:
        return tuple(band.name for band in self.bands)


class Layer(Protocol):
    """Something that can be shown on a map; thread-safe."""

    @property
    def info(self) -> LayerInfo: ...

    def version(self, tile: Tile) -> str:
        """Changes if the pixels of a tile may have changed; cheap, reads no pixels."""
        ...

    def read(
        self, tile: Tile, bands: Sequence[int], resampling: str = "nearest"
    ) -> RasterArray | None:
        """Pixels (band, y, x) of these bands (from 1) on a tile of any grid; None: no data there.

        Raises `TileFailed` if they cannot be computed, `InputError` if they cannot be read.
        """
        ...
