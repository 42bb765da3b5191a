"""Read-ahead: which source pixels the next tiles need, so that their blocks stay in the cache.

Code that processes an area tile by tile knows which tiles come next; readers query which blocks
these will share. This only affects caching, not results.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache

from affine import Affine
from rasterio.crs import CRS

from automap_tiles.grid import Grid, Pyramid, Tile, TileIndex
from automap_tiles.raster.kernel_window import Window, kernel_window


class _Coming(threading.local):
    """The registered tiles, per thread."""

    def __init__(self) -> None:
        self.pyramid: Pyramid | None = None
        self.indexes: Sequence[TileIndex] = ()
        self.windows: dict[tuple[CRS, Affine], tuple[Window, ...]] = {}


_coming = _Coming()


def expect_tiles(pyramid: Pyramid, indexes: Sequence[TileIndex]) -> None:
    """Register the tiles that this thread will process after the current one."""
    _coming.pyramid, _coming.indexes = pyramid, indexes
    _coming.windows.clear()


def expected_windows(crs: CRS | None, transform: Affine) -> tuple[Window, ...]:
    """Return the windows of a source that the registered tiles will read, as far as known."""
    if crs is None or _coming.pyramid is None or not _coming.indexes:
        return ()
    key = crs, transform
    found = _coming.windows.get(key)
    if found is None:
        grids = [Tile(_coming.pyramid, index).grid for index in _coming.indexes]
        around = [_around(crs, transform, grid) for grid in grids]
        found = _coming.windows[key] = tuple(each for each in around if each is not None)
    return found


@lru_cache(256)
def _around(crs: CRS, transform: Affine, grid: Grid) -> Window | None:
    return kernel_window(crs, transform, grid)
