"""True colour and NDVI of one scene of Sentinel-2."""

import numpy as np

from automap_tiles import Empty

BLUE, GREEN, RED, NIR = 1, 2, 3, 4  # bands of the scene, counted from 1


def execute(scene, *, resampling: str = "nearest"):
    """Red, green and blue reflectance and NDVI, all x 10000, as (band, y, x)."""
    if scene.is_empty():
        raise Empty
    bands = scene.read(indexes=[RED, GREEN, BLUE, NIR], resampling=resampling).astype("float32")
    red, green, blue, nir = bands
    ndvi = 10_000 * (nir - red) / (nir + red)
    return np.ma.stack([red, green, blue, ndvi])
