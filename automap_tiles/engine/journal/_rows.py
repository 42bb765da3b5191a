"""Rows of the journal: runs and tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from automap_tiles.engine.events import TileStatus
from automap_tiles.grid import TileIndex

SINGLE_FILE_ZOOM = -1
"""Zoom under which the table of files has the file that a whole output was put together to."""

HASHES = ("function", "parameters", "inputs", "output")
"""What decides on the pixels of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run as the journal remembers it."""

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
    """Rows of earlier runs do not count for those who look: this run overwrites."""
    metatiling: int
    """Of the process; rows and columns of the tiles count its metatiles."""

    @property
    def hashes(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in HASHES}


class Row(NamedTuple):
    """What is known of a tile."""

    status: TileStatus
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRow:
    """All that is known of one tile."""

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
    """Tiles that are to be made anew."""
    gone: frozenset[TileIndex]
    """Tiles that were deleted, as there is nothing any more to make them of."""


DAMAGED = "Damaged: "
"""What the error of a tile begins with that was written, and found to be another one since."""


@dataclass(frozen=True, slots=True)
class FailedTile:
    """A tile that failed, with its traceback."""

    index: TileIndex
    error: str

    @property
    def is_damaged(self) -> bool:
        """Whether it was written once: a file of it may be there."""
        return self.error.startswith(DAMAGED)
