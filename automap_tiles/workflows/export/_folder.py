"""A folder of tiles: `{z}/{x}/{y}.png`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.engine.journal import lock_path, place_of
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.storage import open_storage
from automap_tiles.workflows.export._georeference import georeference, side_keys
from automap_tiles.workflows.export._ledger import Ledger

if TYPE_CHECKING:
    from automap_tiles.grid import TileIndex
    from automap_tiles.pictures.encode import ImageFormat
    from automap_tiles.workflows.export._sink import Description, Holder

LEDGER = ".export.sqlite"
"""Suffix of the ledger file beside the folder: the published folder contains only the tiles."""
TILEJSON = "tilejson.json"


class FolderSink:
    """Tiles as files; see `Sink`."""

    def __init__(self, root: Path, image: ImageFormat, *, georeferenced: bool = False) -> None:
        """`georeferenced`: each tile has a world file and its CRS beside it.

        Raises `ConfigError` for a folder that contains other files.
        """
        self._root = root
        self._georeferenced = georeferenced
        self._image = image
        ledger = root.with_name(root.name + LEDGER)
        _take_out(root / LEDGER, ledger)
        if not ledger.exists() and root.exists() and (not root.is_dir() or _has_files(root)):
            raise ConfigError(
                "is there and is not an export", root, key="--output", remedy="another folder"
            )
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot be made: {error.strerror}", root) from error
        self._storage = open_storage(str(root))
        self._ledger = Ledger(ledger)

    def __len__(self) -> int:
        return len(self._ledger)

    def earlier_look(self) -> Mapping[str, Any] | None:
        return self._ledger.look

    def finished(self) -> Mapping[str, Any] | None:
        return None

    def forget_part(self) -> None:
        """A folder has none."""

    def begin(self, look: Mapping[str, Any], *, anew: bool) -> None:
        if anew:
            image = (self._ledger.look or look)["image"]
            for index in self._ledger.indexes():
                self._remove(index, image)
        self._ledger.begin(look)

    def has(self, index: TileIndex, version: str) -> bool:
        found = self._ledger.version(index)
        if found is None or found[0] != version:
            return False
        return not found[1] or self._storage.exists(self._key(index))

    def put(self, index: TileIndex, version: str, content: bytes | None) -> None:
        if content is not None:
            self._storage.put(self._key(index), content)
        elif (found := self._ledger.version(index)) is not None and found[1]:
            self._storage.delete(self._key(index))
            self._place_no_more(index, self._image.value)
        self._ledger.note(index, version, seen=content is not None)

    def keep_only(self, plan: Holder) -> None:
        for index in self._ledger.indexes():
            if not plan.holds(index):
                self._remove(index, self._image.value)

    def counts(self) -> dict[int, int]:
        return self._ledger.counts()

    def finish(self, description: Description) -> Path:
        text = json.dumps(_tilejson(description), indent=1, ensure_ascii=False)
        self._storage.put(TILEJSON, text.encode())
        if self._georeferenced:
            self._place_all()
        self._storage.clean_parts()
        return self._root

    def close(self) -> None:
        self._ledger.close()

    def _key(self, index: TileIndex, ending: str | None = None) -> str:
        return f"{index.zoom}/{index.col}/{index.row}.{ending or self._image.value}"

    def _remove(self, index: TileIndex, ending: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._storage.delete(self._key(index, ending))
        self._place_no_more(index, ending)
        self._ledger.forget(index)

    def _place_all(self) -> None:
        """Write the georeferencing beside each tile; existing ones are correct."""
        for index in self._ledger.indexes():
            found = self._ledger.version(index)
            if found is None or not found[1]:
                continue
            for key, text in georeference(index, self._key(index)).items():
                if not self._storage.exists(key):
                    self._storage.put(key, text.encode())

    def _place_no_more(self, index: TileIndex, ending: str) -> None:
        for key in side_keys(self._key(index, ending)):
            with contextlib.suppress(FileNotFoundError):
                self._storage.delete(key)


def _has_files(root: Path) -> bool:
    """Whether a folder contains anything besides its lock."""
    lock = lock_path(place_of(str(root)).path)
    return any(path.name != lock.name for path in root.iterdir())


def _take_out(inside: Path, ledger: Path) -> None:
    """Move the ledger that an earlier version kept inside the folder."""
    if inside.is_file() and not ledger.exists():
        try:
            inside.replace(ledger)
        except OSError as error:
            raise OutputError(f"cannot be moved: {error.strerror}", inside) from error


def _tilejson(description: Description) -> dict[str, object]:
    """TileJSON 3.0.0; the URL of the tiles is relative to this file."""
    return {
        "tilejson": "3.0.0",
        "name": description.title,
        "attribution": description.attribution,
        "scheme": "xyz",
        "tiles": [f"{{z}}/{{x}}/{{y}}.{description.image.value}"],
        "minzoom": description.zooms[0],
        "maxzoom": description.zooms[1],
        "bounds": list(description.box),
        "center": [*description.center, description.zooms[0]],
        "vector_layers": [],  # none; the published schema requires the key
    }
