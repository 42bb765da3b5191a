"""Sources that are placed by rational polynomials (RPC), which need the height of the ground."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster.source import Georeferencing, RasterInfo

_Block = tuple[NDArray[Any], NDArray[np.bool_]]


def heights_guessed(info: RasterInfo, block: _Block) -> _Block:
    """The same pixels and mask (band, y, x); tells of those that GDAL placed as if at sea level.

    A satellite that looks 20 degrees aside shows ground at 1000 m so 360 m beside its place.
    """
    _, missing = block
    count = int(np.count_nonzero(~np.logical_and.reduce(missing)))
    if info.georeferencing is Georeferencing.RPCS and count:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="placed by rational polynomials (RPC) with the ground at a height of 0 m",
                count=count,
                examples=(info.path,),
                remedy="gdalwarp -rpc -to RPC_DEM=heights.tif places them by an elevation model",
            )
        )
    return block
