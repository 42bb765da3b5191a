"""The files of an output to verify, and their journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from automap_tiles.engine.journal import (
    Journal,
    JournalLocation,
    JournalReader,
    has_journal,
    place_of,
)
from automap_tiles.errors import ConfigError
from automap_tiles.formats import is_single_file
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.formats.tiles import TileFiles
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.runtime import open_process
from automap_tiles.runtime.steps import stages
from automap_tiles.storage import Storage, open_storage
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, open_stored_tiles


@dataclass(frozen=True, kw_only=True)
class Target:
    """An output; see `open_target`."""

    path: str
    storage: Storage
    prefix: str
    """Prefix of the keys of stored files: the name of a single file."""
    process_pyramid: Pyramid | None
    """Pyramid of the journal's tiles; None: unknown, for a single file without a process."""
    journal: JournalLocation
    directory: StoredTiles | None
    """None for a single file."""
    steps: tuple[str, ...] = ()
    """Stored steps of the process: outputs of their own."""

    def name(self, key: str) -> str:
        """The key of a stored file in the storage."""
        return f"{self.prefix}{key}"

    def keys_of(self, tile: TileIndex) -> list[str]:
        """The files that a process tile may have."""
        if self.directory is None:
            return [""]
        files = TileFiles(self.storage, self.directory.layout, self.directory.pyramid)
        cuts = files.cuts(Tile(self.directory.process_pyramid, tile))
        return [files.key(cut.tile.index) for cut in cuts]

    def there(self) -> Iterator[tuple[TileIndex, str]]:
        """All existing tile files: process tile and key."""
        if self.directory is None:
            return
        for key in self.storage.list():
            index = self.directory.layout.parse(key)
            if index is not None:
                yield self.directory.owner(index), key


def open_target(path: str) -> Target:
    """An output by its folder, its file or the `.mapchete` file that writes it.

    Raises `ConfigError` if there is no output, or no journal to compare it with.
    """
    target = _found(path)
    if not has_journal(target.journal):
        raise ConfigError(
            "there is no journal: nothing is known of what was written",
            file=path,
            remedy="give the .mapchete file that wrote it, or run it again",
        )
    return target


def _found(path: str) -> Target:
    if is_process_file(path):
        process = open_process(path)
        steps = tuple(step.writer.path for step in stages(process))
        if is_single_file(process.writer.path):
            found = _single(process.writer.path, process.pyramid, process.config_path)
            return replace(found, steps=steps)
        return replace(_of_directory(open_stored_tiles(path)), steps=steps)
    if is_single_file(path):
        return _single(path, None, None)
    return _of_directory(open_stored_tiles(path))


def _single(path: str, pyramid: Pyramid | None, config: Path | None) -> Target:
    folder, _, name = path.rpartition("/")
    return Target(
        path=path,
        storage=open_storage(folder or "."),
        prefix=name,
        process_pyramid=pyramid,
        journal=place_of(path, config),
        directory=None,
    )


def _of_directory(directory: StoredTiles) -> Target:
    return Target(
        path=directory.path,
        storage=directory.storage,
        prefix="",
        process_pyramid=directory.process_pyramid,
        journal=directory.place,
        directory=directory,
    )


def read_journal(target: Target) -> JournalReader:
    """Open the journal of a target read-only."""
    return Journal.open_readonly(target.journal)
