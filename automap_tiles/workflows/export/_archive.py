"""A single-file archive of tiles: rendered into a part file beside it, which can be resumed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import OutputError
from automap_tiles.workflows.export._ledger import Ledger

if TYPE_CHECKING:
    from automap_tiles.grid import TileIndex
    from automap_tiles.workflows.export._sink import Description, Holder

KEY = "automap"
"""Key of an archive's metadata that describes its source, as JSON."""

# The table of MBTiles 1.3, in the part file and in the archive.
TILES = """
CREATE TABLE IF NOT EXISTS {} (
    zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB
)
"""
INDEX = "CREATE UNIQUE INDEX IF NOT EXISTS {} ON tiles (zoom_level, tile_column, tile_row)"

Pack = Callable[[Ledger, "Description", Path], None]
"""Makes the archive from a part file, atomically."""


class ArchiveSink:
    """Tiles in one file; see `Sink`."""

    def __init__(
        self, out: Path, pack: Pack, metadata: Callable[[Path], Mapping[str, Any]]
    ) -> None:
        self._out = out
        self._pack = pack
        self._metadata = metadata
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot be made: {error.strerror}", out.parent) from error
        self._part = out.with_name(f".{out.name}.part")
        self._opened: Ledger | None = None

    def __len__(self) -> int:
        return len(self._ledger)

    def earlier_look(self) -> Mapping[str, Any] | None:
        return self._ledger.look

    def finished(self) -> Mapping[str, Any] | None:
        """Raises `OutputError` for a file that is not such an archive."""
        if not self._out.exists():
            return None
        found = self._metadata(self._out).get(KEY, {})
        made_of: Mapping[str, Any] = json.loads(found) if isinstance(found, str) else found
        return made_of

    def forget_part(self) -> None:
        """Remove the part file of a complete archive, left by a killed export."""
        self.close()
        self._opened = None
        self._part.unlink(missing_ok=True)

    def begin(self, look: Mapping[str, Any], *, anew: bool) -> None:
        if anew or self._ledger.look != look:
            self._restart()
        self._ledger.begin(look)

    def has(self, index: TileIndex, version: str) -> bool:
        found = self._ledger.version(index)
        return found is not None and found[0] == version

    def put(self, index: TileIndex, version: str, content: bytes | None) -> None:
        place = index.zoom, index.col, flipped(index)
        if content is None:
            self._ledger.database.execute(
                "DELETE FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?", place
            )
        else:
            self._ledger.database.execute(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)", (*place, content)
            )
        self._ledger.note(index, version, seen=content is not None)

    def keep_only(self, plan: Holder) -> None:
        for index in self._ledger.indexes():
            if not plan.holds(index):
                self.put(index, "", None)
                self._ledger.forget(index)

    def counts(self) -> dict[int, int]:
        return self._ledger.counts()

    def finish(self, description: Description) -> Path:
        self._ledger.commit()
        self._pack(self._ledger, description, self._out)
        self._ledger.close()
        self._opened = None
        with contextlib.suppress(FileNotFoundError):
            self._part.unlink()
        return self._out

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _ledger(self) -> Ledger:
        """Ledger in the part file, created when first needed."""
        if self._opened is None:
            self._opened = Ledger(self._part)
            self._opened.database.execute(TILES.format("tiles"))
            self._opened.database.execute(INDEX.format("tile_index"))
        return self._opened

    def _restart(self) -> None:
        self._ledger.database.execute("DELETE FROM tiles")
        self._ledger.database.execute("DELETE FROM painted")


def flipped(index: TileIndex) -> int:
    """Row number of MBTiles, counted from the south (TMS)."""
    return int(2**index.zoom - 1 - index.row)


def settle(part: Path, out: Path) -> None:
    """Move a finished file into place; raises `OutputError`."""
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", out) from error
