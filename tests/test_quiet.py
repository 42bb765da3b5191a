"""Filters of warnings stay whole between threads."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

from automap_tiles.grid import Pyramid
from automap_tiles.vector import burn


def test_burning_in_threads_leaves_the_filters_as_they_were() -> None:
    """Without the guard rasterio's own changes of the filters get mixed up within a second."""
    tile = Pyramid.from_grid("geodetic").tile(3, 2, 2)
    shape = tile.bbox.buffer(-5)
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        masks = list(pool.map(lambda _: burn([shape], tile), range(1500)))
    assert all(mask.any() for mask in masks)
    assert list(warnings.filters) == before
