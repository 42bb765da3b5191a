"""Work in threads is not disturbed by filters of warnings."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from rasterio.errors import NotGeoreferencedWarning

from automap_tiles import raster
from automap_tiles.grid import Pyramid
from automap_tiles.vector import burn

# A small one, so that the threads change the filters as often as they can.
TILE = Pyramid.from_grid("geodetic", tile_size=16).tile(3, 2, 2)


def test_burning_and_decoding_in_threads() -> None:
    """rasterio's own changes of the filters would get mixed up within a second."""
    shape = TILE.bbox.buffer(-5)
    picture = raster.encode_png(np.ones((3, 16, 16), "uint8"))

    def work(number: int) -> bool:
        raster.decode(picture)
        return bool(burn([shape], TILE).any())

    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1500)))
    others = [entry for entry in warnings.filters if entry[2] is not NotGeoreferencedWarning]
    assert others == [entry for entry in before if entry[2] is not NotGeoreferencedWarning]
