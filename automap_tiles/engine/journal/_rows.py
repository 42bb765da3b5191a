"""Rows of the journal: runs and tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from automap_tiles.engine.events import TileStatus
from automap_tiles.grid import TileIndex

SINGLE_FILE_ZOOM = -1
"""Zoom under which the table of files has the file that a whole output was put together to."""

HASHES = ("function", "parameters", "inputs", "output")
"""Hashes that determine the pixels of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run as recorded in the journal."""

    id: int
    started: float
    """Seconds since 1970."""
    finished: float | None
    function: str
    parameters: str
    inputs: str
    output: str
    selection: str
    """Hash of zooms and area."""
    fresh_from: int
    """Rows of runs before this id are ignored by readers: this run overwrites."""
    metatiling: int
    """Metatiling of the process; tile rows and columns are those of its metatiles."""

    @property
    def hashes(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in HASHES}


class Row(NamedTuple):
    """What is known of a tile."""

    status: TileStatus
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRow:
    """Full record of one tile."""

    status: TileStatus
    run: int
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Of an output whose inputs have changed in places: what stays is as if it were of now."""

    inputs: tuple[str, ...]
    """Hashes of the inputs of earlier runs that are those of now by then."""
    stale: frozenset[TileIndex]
    """Tiles to remake."""
    gone: frozenset[TileIndex]
    """Tiles deleted because none of their inputs exist any more."""


DAMAGED = "Damaged: "
"""Prefix of the error of a written tile that was later found to be modified."""


@dataclass(frozen=True, slots=True)
class FailedTile:
    """A tile that failed, with its traceback."""

    index: TileIndex
    error: str

    @property
    def is_damaged(self) -> bool:
        """Whether it was once written, so that a file of it may exist."""
        return self.error.startswith(DAMAGED)
