"""A stored tile directory: its pyramid and format, its tiles, its journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from automap_tiles.engine.journal import JournalLocation, JournalReader, has_journal, place_of
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import OutputKind
from automap_tiles.formats.capabilities import RasterLook
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.formats.tiles import (
    Decoder,
    Metadata,
    TileFiles,
    decoder_of,
    features_codec_of,
    read_metadata,
)
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.grid.cover import clip_to_pyramid
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import Storage, TileLayout, open_storage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Tiles tested against an area together.
_GROUP = 1024

# As in grid.cover: tiles that only share an edge with the area do not count.
_SHRINK = 1e-9


@dataclass(frozen=True, kw_only=True)
class TileSelection:
    """A selection of tiles of a directory."""

    zooms: tuple[int, ...] | None = None
    """None: all."""
    area: BaseGeometry | None = None
    """In the CRS of the pyramid; None: everywhere."""

    @property
    def is_everything(self) -> bool:
        return self.zooms is None and self.area is None

    def pick(self, pyramid: Pyramid, indexes: Iterable[TileIndex]) -> Iterator[TileIndex]:
        """The selected tiles."""
        wanted = (index for index in indexes if self.zooms is None or index.zoom in self.zooms)
        if self.area is None:
            yield from wanted
            return
        area = clip_to_pyramid(pyramid, self.area)
        shapely.prepare(area)
        while group := list(islice(wanted, _GROUP)):
            hits = shapely.intersects(area, _boxes(pyramid, group))
            yield from (index for index, hit in zip(group, hits, strict=True) if hit)


@dataclass(frozen=True, kw_only=True)
class StoredTiles:
    """A folder, or object prefix, of tiles with a `metadata.json`."""

    storage: Storage
    layout: TileLayout
    metadata: Metadata
    """Format and its options, and the pyramid of the tiles."""
    process_pyramid: Pyramid
    """The pyramid of the journal's rows; that of the tiles if unknown."""
    place: JournalLocation
    """Of the journal."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """Of the process file by which it was opened: other stored steps -> path."""

    @property
    def path(self) -> str:
        return self.storage.root

    @property
    def pyramid(self) -> Pyramid:
        return self.metadata.pyramid

    @property
    def files(self) -> TileFiles:
        return TileFiles(storage=self.storage, layout=self.layout, pyramid=self.pyramid)

    @property
    def opens_in_gdal(self) -> bool:
        """Whether GDAL opens a tile by its path."""
        return self.metadata.info is None or self.metadata.info.opens_in_gdal

    def look(self, index: TileIndex) -> RasterLook:
        """Metadata of a stored raster tile."""
        return self._decoder.look(self.files, index)

    def probe(self, key: str) -> None:
        """Read a tile's file completely; raises `InputError` or GDAL's error if that fails."""
        index = self.layout.parse(key)
        if index is None:
            raise InputError("is not the file of a tile", self.storage.url(key))
        if self.metadata.kind is OutputKind.RASTER:
            self._decoder.probe(self.files, index)
        else:
            metadata = self.metadata
            codec = features_codec_of(metadata.info, metadata.options, self.path)
            codec.decode(self.storage.get(key))

    def report_steps(self, command: str) -> None:
        """Note that the other stored steps of the process are not affected by this command."""
        if self.steps:
            tell(
                Note(
                    fate=Fate.IGNORED,
                    subject=Subject.STEPS,
                    reason="stored steps are outputs of their own, only the result is meant",
                    count=len(self.steps),
                    examples=tuple(f"{name}: {path}" for name, path in self.steps.items()),
                    remedy=f"name such a folder to {command} its tiles",
                )
            )

    @property
    def _decoder(self) -> Decoder:
        return decoder_of(self.metadata.info, self.metadata.options, self.path)

    def existing(self, selection: TileSelection) -> list[TileIndex]:
        """The selected existing tiles, by zoom, row and column.

        A tile is selected if the process tile that contains it is.
        """
        found = filter(None, map(self.layout.parse, self._keys(selection)))
        by_owner: dict[TileIndex, list[TileIndex]] = {}
        for index in found:
            by_owner.setdefault(self.owner(index), []).append(index)
        owners = selection.pick(self.process_pyramid, by_owner)
        return sorted(index for owner in owners for index in by_owner[owner])

    def there(self, tiles: Sequence[TileIndex]) -> set[TileIndex]:
        """Those tiles that exist."""
        keys = {self.layout.key(index): index for index in tiles}
        return {keys[key] for key in self.storage.exists_many(list(keys))}

    def _keys(self, selection: TileSelection) -> Iterator[str]:
        if selection.zooms is not None and self.layout.schema.startswith("{zoom}/"):
            for zoom in selection.zooms:
                yield from self.storage.list(f"{zoom}/")
        else:
            yield from self.storage.list()

    def owner(self, index: TileIndex) -> TileIndex:
        """The process tile that contains a tile."""
        ours, theirs = self.pyramid.metatiling, self.process_pyramid.metatiling
        return TileIndex(index.zoom, index.row * ours // theirs, index.col * ours // theirs)

    def tile(self, index: TileIndex) -> Tile:
        return Tile(self.pyramid, index)


def open_stored_tiles(path: str) -> StoredTiles:
    """A tile directory by its path, or by the `.mapchete` file that writes it.

    Raises
    ------
    ConfigError
        There is no tile directory.

    """
    if is_process_file(path):
        return _of_process(path)
    return _open(path, process_pyramid=None, config=None)


def _of_process(path: str) -> StoredTiles:
    from automap_tiles.runtime.open import resolve_process, stored_steps

    file = Path(path).absolute()
    process = resolve_process(file)  # its inputs need not exist
    pyramid = process.pyramid or process.writer.pyramid
    found = _open(process.writer.path, process_pyramid=pyramid, config=file)
    return replace(found, steps=stored_steps(file))


def _open(path: str, *, process_pyramid: Pyramid | None, config: Path | None) -> StoredTiles:
    storage = open_storage(path)
    try:
        metadata = read_metadata(storage)
    except FileNotFoundError as error:
        raise ConfigError(
            "is no tile directory: there is no metadata.json",
            file=path,
            remedy="give the output folder of a process, or the .mapchete file that writes it",
        ) from error
    if not metadata.is_known:
        raise ConfigError(
            "no package that is installed knows this format of tiles",
            file=path,
            found=metadata.format,
            remedy="install the one that wrote them",
        )
    place = place_of(path, config)
    return StoredTiles(
        storage=storage,
        layout=metadata.layout,
        metadata=metadata,
        process_pyramid=process_pyramid or _journalled_pyramid(metadata.pyramid, place),
        place=place,
    )


def _journalled_pyramid(pyramid: Pyramid, place: JournalLocation) -> Pyramid:
    """The pyramid of the rows of a journal; that of the tiles if there is none."""
    if not has_journal(place):
        return pyramid
    with JournalReader.at(place) as journal:
        last = journal.last_run()
    return pyramid if last is None else pyramid.replace(metatiling=last.metatiling)


def _boxes(pyramid: Pyramid, indexes: list[TileIndex]) -> np.ndarray:
    """Bounds of tiles without their buffer, slightly shrunk."""
    bare = pyramid.replace(pixelbuffer=0)
    left, bottom, right, top = np.array([Tile(bare, index).bounds for index in indexes]).T
    dx, dy = (right - left) * _SHRINK, (top - bottom) * _SHRINK
    boxes: np.ndarray = shapely.box(left + dx, bottom + dy, right - dx, top - dy)
    return boxes
