"""Results of an export: the check, a tile, the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automap_tiles.grid import TileIndex
from automap_tiles.workflows.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedTile:
    """A tile of the web map."""

    index: TileIndex
    is_empty: bool
    """Whether there is nothing to see on it: then it is omitted."""

    def to_json(self) -> Json:
        return {"tile": list(self.index), "empty": self.is_empty}


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What would be exported."""

    source: str
    output: str
    tiles: int
    """Including existing ones."""
    zooms: tuple[int, int]
    style: Mapping[str, tuple[str, ...]]

    def to_json(self) -> Json:
        return {
            "source": self.source,
            "output": self.output,
            "tiles": self.tiles,
            "zooms": list(self.zooms),
            "style": {key: list(values) for key, values in self.style.items()},
        }


@dataclass(kw_only=True)
class ExportOutcome:
    """Result of an export."""

    painted: int = 0
    """Newly rendered tiles."""
    empty: int = 0
    """Tiles with nothing to see."""
    unchanged: int = 0
    """Tiles that existed already."""
    pictures: dict[int, int] = field(default_factory=dict)
    """By zoom, including existing ones."""
    style: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """As query parameters."""
    files: list[Path] = field(default_factory=list)
    """The tiles, and the files beside them."""
    is_new: bool = True
    """Whether there was anything to do."""
    stopped: bool = False
    """Whether tiles remain to be rendered."""

    def to_json(self) -> Json:
        return {
            "painted": self.painted,
            "empty": self.empty,
            "unchanged": self.unchanged,
            "pictures": {str(zoom): count for zoom, count in self.pictures.items()},
            "style": {key: list(values) for key, values in self.style.items()},
            "files": [str(path) for path in self.files],
            "new": self.is_new,
            "stopped": self.stopped,
        }
