"""Destinations of tiles: the same guarantees for folders and archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from automap_tiles.layers.layer import LegendEntry

if TYPE_CHECKING:
    from automap_tiles.grid import Bounds, TileIndex
    from automap_tiles.pictures.encode import ImageFormat


@dataclass(frozen=True, kw_only=True)
class Description:
    """Description of a finished export."""

    title: str
    attribution: str
    bounds: Bounds
    """Degrees; east may be beyond 180."""
    zooms: tuple[int, int]
    """First and last that have an image."""
    image: ImageFormat
    legend: Sequence[LegendEntry]
    look: Mapping[str, Any]
    fingerprint: str
    """Of the source."""

    @property
    def made_of(self) -> dict[str, Any]:
        """Determines whether an archive is up to date."""
        return {
            "look": dict(self.look),
            "source": self.fingerprint,
            "pictures": list(self.zooms),
        }

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north within ±180; the full width if they cross 180."""
        west, south, east, north = self.bounds
        if east > 180 or west < -180:
            west, east = -180.0, 180.0
        return west, south, east, north

    @property
    def center(self) -> tuple[float, float]:
        """Longitude and latitude."""
        west, south, east, north = self.bounds
        return ((west + east) / 2 + 180) % 360 - 180, (south + north) / 2


class Sink(Protocol):
    """A destination for tiles, used by one process."""

    def __len__(self) -> int:
        """Number of recorded tiles, including empty ones."""
        ...

    def earlier_look(self) -> Mapping[str, Any] | None:
        """Appearance of the existing tiles; None: there are none."""
        ...

    def finished(self) -> Mapping[str, Any] | None:
        """`Description.made_of` of a complete archive; None: there is none."""
        ...

    def forget_part(self) -> None:
        """Remove the part file of a complete archive."""
        ...

    def begin(self, look: Mapping[str, Any], *, anew: bool) -> None:
        """Accept tiles from now on; `anew` discards the existing ones."""
        ...

    def has(self, index: TileIndex, version: str) -> bool:
        """Whether a tile exists already, made from these pixels."""
        ...

    def put(self, index: TileIndex, version: str, content: bytes | None) -> None:
        """Store a tile; None: record that there is nothing to see."""
        ...

    def keep_only(self, plan: Holder) -> None:
        """Remove the tiles that no longer belong to the export."""
        ...

    def counts(self) -> dict[int, int]:
        """Images by zoom."""
        ...

    def finish(self, description: Description) -> Path:
        """Move the result into place; returns its path."""
        ...

    def close(self) -> None:
        """Close all files; completed tiles are kept for the next time."""
        ...


class Holder(Protocol):
    """Decides which tiles belong to an export."""

    def holds(self, index: TileIndex) -> bool: ...
