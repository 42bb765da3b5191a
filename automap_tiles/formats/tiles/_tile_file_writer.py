"""The part of tile directory writers that does not depend on what the tiles contain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from automap_tiles.formats._contents import StoredFile
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._metadata import Metadata, write_summary
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.storage import listed_once

if TYPE_CHECKING:
    from automap_tiles.storage import Cleaned


class TileFileWriter:
    """The part of `Writer` that handles files without regard to their content."""

    files: TileFiles
    metadata: Metadata

    def exists(self, tile: Tile) -> bool:
        return self.files.exists(tile)

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.exists_many(tiles)

    def looking_back(self) -> Self:
        """A writer for looking up tiles that existed before this run."""
        storage = listed_once(self.files.storage)
        if storage is self.files.storage:
            return self
        return replace(self, files=replace(self.files, storage=storage))  # type: ignore[type-var]

    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.whole_many(tiles)

    def stored(self, names: Sequence[str]) -> set[str]:
        return self.files.storage.exists_many(names)

    def delete(self, tile: Tile) -> None:
        self.files.delete(tile)

    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        write_summary(self.files.storage, summary or {})
        return ()

    def clean(self) -> Cleaned:
        return self.files.storage.clean_parts()

    def fingerprint(self) -> str:
        return hashlib.sha256(self.metadata.to_json()).hexdigest()
