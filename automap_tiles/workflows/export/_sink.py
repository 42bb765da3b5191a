"""Where pictures go: the same promises for folders and archives."""

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
    """What is told about a finished export."""

    title: str
    attribution: str
    bounds: Bounds
    """Degrees; east may be beyond 180."""
    zooms: tuple[int, int]
    """First and last that have a picture."""
    image: ImageFormat
    legend: Sequence[LegendEntry]
    look: Mapping[str, Any]
    fingerprint: str
    """Of the source."""

    @property
    def made_of(self) -> dict[str, Any]:
        """What tells whether an archive is up to date."""
        return {
            "look": dict(self.look),
            "source": self.fingerprint,
            "pictures": list(self.zooms),
        }

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north within ±180; the whole width where they run over 180."""
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
    """A place for pictures, used by one process."""

    def __len__(self) -> int:
        """Tiles that are noted, those without a picture too."""
        ...

    def earlier_look(self) -> Mapping[str, Any] | None:
        """Of the pictures that are there already; None: there are none."""
        ...

    def finished(self) -> Mapping[str, Any] | None:
        """`Description.made_of` of an archive that is whole; None: there is none."""
        ...

    def forget_part(self) -> None:
        """Remove what an archive that is whole was made in."""
        ...

    def begin(self, look: Mapping[str, Any], *, anew: bool) -> None:
        """Take pictures from now on; `anew` drops those that are there."""
        ...

    def has(self, index: TileIndex, version: str) -> bool:
        """Whether a tile is there already, made of these pixels."""
        ...

    def put(self, index: TileIndex, version: str, content: bytes | None) -> None:
        """Keep a picture; None: note that there is nothing to see."""
        ...

    def keep_only(self, plan: Holder) -> None:
        """Remove the tiles that do not belong to the export any more."""
        ...

    def counts(self) -> dict[int, int]:
        """Pictures by zoom."""
        ...

    def finish(self, description: Description) -> Path:
        """Put the whole in its place; where it is."""
        ...

    def close(self) -> None:
        """Let go of everything; what is done is kept for the next time."""
        ...


class Holder(Protocol):
    """What tells which tiles belong to an export."""

    def holds(self, index: TileIndex) -> bool: ...
