"""PMTiles 3: one file whose parts a browser requests by byte ranges."""

from __future__ import annotations

import importlib
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from automap_tiles.errors import MissingExtra, OutputError
from automap_tiles.grid import TileIndex
from automap_tiles.pictures.encode import ImageFormat
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.storage import open_storage
from automap_tiles.workflows.export._archive import KEY, flipped

if TYPE_CHECKING:
    from automap_tiles.workflows.export._ledger import Ledger
    from automap_tiles.workflows.export._sink import Description

_DEGREE = 10_000_000
"""Degrees are stored as integers of this fraction (specification, "Position")."""


def check_installed() -> None:
    """Raises `MissingExtra` before anything is rendered in vain."""
    _library("writer")


def _library(name: str) -> Any:
    """A module of the package pmtiles, which has no type hints."""
    try:
        return importlib.import_module(f"pmtiles.{name}")
    except ImportError as error:
        raise MissingExtra("pmtiles", "export") from error


def pack(ledger: Ledger, description: Description, out: Path) -> None:
    """Write the archive from a part file, tiles along the Hilbert curve.

    The entries of its directory are in memory, some hundred bytes per tile.
    """
    storage = open_storage(str(out.parent))
    with (
        storage.staged(out.name) as part,
        part.open("wb") as file,
        # beside the archive: the default folder for temporary files may be small
        tempfile.TemporaryFile(dir=out.parent) as pictures,
    ):
        writer = _library("writer").Writer(file)
        writer.tile_f.close()
        writer.tile_f = _Stoppable(pictures)
        for number, content in _along_the_curve(ledger):
            raise_if_stopped()
            writer.write_tile(number, content)
        writer.finalize(_header(description), _metadata(description))


class _Stoppable:
    """A file that the library copies as a whole at the end; checks for a stop at each chunk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.write, self.seek, self.close = file.write, file.seek, file.close

    def read(self, size: int = -1) -> bytes:
        raise_if_stopped()
        return self._file.read(size)


def read_metadata(path: Path) -> Mapping[str, Any]:
    """The metadata of an archive; raises `OutputError` for other files."""
    reading, tile = _library("reader"), _library("tile")
    wrong = (tile.MagicNumberNotFound, tile.SpecVersionUnsupported, ValueError, IndexError)
    try:
        with path.open("rb") as file:
            found: Mapping[str, Any] = reading.Reader(reading.MmapSource(file)).metadata()
            return found
    except wrong as error:
        raise OutputError("is not a PMTiles file of version 3", path) from error


def _along_the_curve(ledger: Ledger) -> Iterator[tuple[int, bytes]]:
    tile = _library("tile")
    places = ((index.zoom, index.col, index.row) for index in ledger.indexes(seen=True))
    for number in array("Q", sorted(tile.zxy_to_tileid(*place) for place in places)):
        zoom, x, y = tile.tileid_to_zxy(number)
        row = flipped(TileIndex(zoom, y, x))
        (content,) = ledger.database.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (zoom, x, row),
        ).fetchone()
        yield number, content


def _header(description: Description) -> dict[str, Any]:
    """Header fields that the writer does not determine itself."""
    tile = _library("tile")
    kinds = {
        ImageFormat.PNG: tile.TileType.PNG,
        ImageFormat.JPEG: tile.TileType.JPEG,
        ImageFormat.WEBP: tile.TileType.WEBP,
    }
    west, south, east, north = (round(value * _DEGREE) for value in description.box)
    lon, lat = (round(value * _DEGREE) for value in description.center)
    return {
        "tile_type": kinds[description.image],
        "tile_compression": tile.Compression.NONE,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": description.zooms[0],
        "center_lon_e7": lon,
        "center_lat_e7": lat,
    }


def _metadata(description: Description) -> dict[str, Any]:
    return {
        "name": description.title,
        "description": description.title,
        "attribution": description.attribution,
        "type": "overlay",
        "version": "1",
        KEY: description.made_of,
    }
