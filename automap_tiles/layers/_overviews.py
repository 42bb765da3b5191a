"""Overviews of on-demand processes, made from their tiles where none are stored."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles.formats.tiles import blank, paste, touched
from automap_tiles.grid import Bounds, Tile, TileIndex
from automap_tiles.layers import web
from automap_tiles.raster import overview
from automap_tiles.raster.lru import ByteLRU
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.formats.capabilities import TiledReader

DEEPEST = 5
"""Maximum zoom difference between a tile and the stored tiles it is made from: at most 4⁵ of
them."""
_AT_ONCE = 2
"""Zooms that are resampled in one step to another grid; beyond that tiles are halved zoom by zoom.
On the grid of the stored tiles they are always halved: then they equal those that a run would
store."""
_CAPACITY = 48 << 20
"""Bytes of halved tiles cached per layer."""

_Key = tuple[object, ...]
_Stored = frozenset[TileIndex]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    data: RasterArray | None
    bounds: Bounds
    """In degrees."""


class LiveOverviews:
    """Overviews of stored tiles of one zoom. Thread-safe."""

    def __init__(self, source: TiledReader, resampling: str, nodata: float | None) -> None:
        """`resampling` is the method of the run's overviews."""
        self._source = source
        self._resampling = resampling
        self._nodata = nodata
        self._kept: ByteLRU[_Kept] = ByteLRU(_CAPACITY)
        self._by_key: dict[_Key, Bounds] = {}
        self._made = 0
        self._guard = threading.Lock()

    @property
    def version(self) -> int:
        """Incremented whenever a tile below has changed."""
        return self._made

    def forget(self, bounds: Bounds | None = None) -> None:
        """Tiles have changed, in a box (degrees) or anywhere: their overviews are made again."""
        with self._guard:
            self._made += 1
            for key, box in list(self._by_key.items()):
                if bounds is None or box.overlaps(bounds):
                    self._kept.discard(key)
                    del self._by_key[key]

    def read(self, tile: Tile, bands: Sequence[int], base: int) -> RasterArray | None:
        """Pixels (band, y, x) of a tile of any grid, from stored tiles of the zoom `base`.

        None if there are none, or if they are more than `DEEPEST` zooms away.
        """
        away = base - self._source.zoom_at(tile, tile, self._source.matching)
        if away > DEEPEST:
            return None
        return self._read(tile, tuple(bands), base, away, None)

    def _read(
        self, tile: Tile, bands: tuple[int, ...], base: int, away: int, stored: _Stored | None
    ) -> RasterArray | None:
        """`stored`: tiles of the zoom `base` below an ancestor of this one; None: not looked up."""
        same = tile.pyramid.same_grid(self._source.pyramid)
        at_once = 0 if same else _AT_ONCE
        if away <= 0:
            return self._direct(tile, bands, base)
        key = (tile.pyramid, tile.index, bands, base)
        with self._guard:
            kept, made = self._kept.get(key), self._made
        if kept is not None:
            return kept.data
        if away <= at_once:
            data = self._direct(tile, bands, base)
        else:
            stored = self._stored_below(tile, base, stored)
            data = self._halved(tile, bands, base, away, stored) if stored else None
        bounds = web.lonlat_bounds(tile.bbox, tile.crs)
        with self._guard:
            # otherwise it may be made from tiles that have changed meanwhile
            if made == self._made:
                size = 512 if data is None else data.nbytes + np.ma.getmaskarray(data).nbytes
                self._kept.put(key, _Kept(data=data, bounds=bounds), size)
                self._by_key[key] = bounds
                self._drop_names()
        return data

    def _drop_names(self) -> None:
        """Remove the names of tiles that were evicted from the cache."""
        if len(self._by_key) > 2 * len(self._kept) + 64:
            known = {key: box for key, box in self._by_key.items() if self._kept.get(key)}
            self._by_key = known

    def _stored_below(self, tile: Tile, base: int, stored: _Stored | None) -> _Stored:
        """The existing tiles of the zoom `base` below a tile.

        Without this, an overview of a process with few stored tiles would look up 4⁵ missing ones.
        The storage is queried once, for the coarsest overview.
        """
        below = touched(self._source.pyramid, tile, base)
        if stored is not None:
            return stored.intersection(below)
        stamps = self._source.stamps(tile, base)
        return frozenset(index for index, stamp in zip(below, stamps, strict=True) if stamp)

    def _direct(self, tile: Tile, bands: tuple[int, ...], base: int) -> RasterArray | None:
        pixels = self._source.pixels_at(tile)
        data = pixels.read(list(bands), self._resampling, tile_directory_zoom=base)
        return None if np.ma.getmaskarray(data).all() else data

    def _halved(
        self, tile: Tile, bands: tuple[int, ...], base: int, away: int, stored: _Stored
    ) -> RasterArray | None:
        """From the four tiles below."""
        children = tile.children()
        height, width = tile.shape
        out: RasterArray | None = None
        for child in children:
            raise_if_stopped()  # an overview may need thousands of them
            data = self._read(child, bands, base, away - 1, stored)
            if data is None:
                continue
            if out is None:
                out = blank((len(bands), 2 * height, 2 * width), data.dtype, self._nodata)
            first = children[0]
            row = first.shape[0] if child.row > first.row else 0
            col = first.shape[1] if child.col > first.col else 0
            paste(out, data, row, col)
        if out is None:
            return None
        return overview.shrink(
            out,
            tile.shape,
            resampling=self._resampling,
            nodata=self._nodata,
            unit_size=tile.pyramid.tile_size,
        )
