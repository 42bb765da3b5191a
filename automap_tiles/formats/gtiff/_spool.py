"""The spool: tiles stored beside a single file until they are merged into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automap_tiles.formats._contents import Tiled
from automap_tiles.formats.tiles import RasterDirectory, blank
from automap_tiles.grid import Tile, TileIndex
from automap_tiles.storage import Storage

# Marks a tile that has become empty but is still in the file.
_GONE = ".empty"


@dataclass(frozen=True)
class Spool:
    """A folder of tiles, and of marks for removed tiles."""

    tiles: RasterDirectory

    def holds(self, index: TileIndex) -> bool:
        """Whether it contains the tile itself."""
        return self._storage.exists(self.tiles.files.key(index))

    def mark_gone(self, index: TileIndex) -> None:
        self._storage.put(self.tiles.files.key(index) + _GONE, b"")

    def unmark(self, index: TileIndex) -> None:
        self._storage.delete(self.tiles.files.key(index) + _GONE)

    def read(self, bare: Tile) -> Tiled | None:
        """A tile without buffer, an empty one if it was removed; None if there is neither."""
        found = self.tiles.read(bare)
        if found is not None:
            return found
        if self._storage.exists(self.tiles.files.key(bare.index) + _GONE):
            codec = self.tiles.codec
            return Tiled(blank((codec.count, *bare.shape), codec.dtype, self.tiles.nodata))
        return None

    def indexes(self) -> set[TileIndex]:
        """Indexes of tiles and marks."""
        names = (key.removesuffix(_GONE) for key in self._storage.list())
        return {index for index in map(self.tiles.files.layout.parse, names) if index}

    def unlisted(self, candidates: Iterable[TileIndex]) -> set[TileIndex]:
        """Those candidates that have a tile or a mark, checked one by one.

        A store may list an object only moments after it was written.
        """
        keys = {self.tiles.files.key(index): index for index in candidates}
        keys |= {f"{key}{_GONE}": index for key, index in keys.items()}
        return {keys[key] for key in self._storage.exists_many(list(keys))}

    def bare(self, index: TileIndex) -> Tile:
        """A tile without its buffer."""
        return Tile(self.tiles.pyramid.replace(pixelbuffer=0), index)

    def clear(self, known: Iterable[TileIndex]) -> None:
        """Remove everything, including objects a store does not list yet, and local folders."""
        keys = [self.tiles.files.key(index) for index in known]
        keys += [f"{key}{_GONE}" for key in keys]
        for key in {*self._storage.list(), *keys}:
            self._storage.delete(key)
        _remove_folders(self._storage)

    @property
    def _storage(self) -> Storage:
        return self.tiles.files.storage


def _remove_folders(storage: Storage) -> None:
    """Remove empty folders."""
    root = Path(storage.url(""))
    if not root.is_dir():
        return
    for folder in [*_folders_below(root), root]:
        try:
            folder.rmdir()
        except OSError:
            return


def _folders_below(root: Path) -> Iterator[Path]:
    """The deepest first."""
    folders: list[Any] = [path for path in root.rglob("*") if path.is_dir()]
    yield from sorted(folders, reverse=True)
