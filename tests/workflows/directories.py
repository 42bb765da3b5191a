"""Small tile directories, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal
from automap_tiles.formats.tiles import Metadata, write_metadata
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.storage import open_storage

MakeDirectory = Callable[..., Path]
HASHES = {"function": "f1", "parameters": "p1", "inputs": "i1", "output": "o1"}


@pytest.fixture
def make_directory(tmp_path: Path) -> MakeDirectory:
    """A function that writes a tile directory: every pixel of a tile is 100 × row + col + 1."""

    def make(
        name: str,
        indexes: Iterable[tuple[int, int, int]],
        *,
        grid: str = "geodetic",
        metatiling: int = 1,
        pixelbuffer: int = 0,
        empty: Iterable[tuple[int, int, int]] = (),
    ) -> Path:
        pyramid = Pyramid.from_grid(grid, metatiling=metatiling, pixelbuffer=pixelbuffer)
        folder = tmp_path / name
        folder.mkdir()
        options = {"bands": 1, "dtype": "uint16", "nodata": 0}
        metadata = Metadata(pyramid=pyramid, format="GTiff", options=options)
        write_metadata(open_storage(folder), metadata)
        written = [TileIndex(*index) for index in indexes]
        for index in written:
            _write(folder, pyramid.tile(*index))
        _write_journal(folder, written, [TileIndex(*index) for index in empty], metatiling)
        return folder

    return make


def _write(folder: Path, tile: Tile) -> None:
    path = folder / f"{tile.zoom}/{tile.row}/{tile.col}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff",
        "count": 1,
        "dtype": "uint16",
        "nodata": 0,
        "height": tile.height,
        "width": tile.width,
        "crs": tile.crs,
        "transform": tile.transform,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.full(tile.shape, 100 * tile.row + tile.col + 1, np.uint16), 1)


def _write_journal(
    folder: Path, written: list[TileIndex], empty: list[TileIndex], metatiling: int
) -> None:
    with Journal.open(folder / JOURNAL_NAME) as journal:
        run = journal.start_run(HASHES, "all", fresh_from=0, metatiling=metatiling)
        states = [(index, TileStatus.WRITTEN) for index in written]
        states += [(index, TileStatus.EMPTY) for index in empty]
        journal.record(
            run,
            [
                TileResult(index=index, status=status, seconds=0.5, worker="w")
                for index, status in states
            ],
        )
        journal.finish_run(run)
