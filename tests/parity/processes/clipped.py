# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""Raster inside polygons; the number of features is a band of its own."""

import numpy as np


def execute(raster, shapes, *, all_touched=False, invert=False):
    if raster.is_empty() or shapes.is_empty():
        return "empty"
    data = raster.read()
    outside = shapes.read_as_raster_mask(
        band_count=data.shape[0], all_touched=all_touched, invert=invert
    )
    count = np.full((1, *data.shape[1:]), len(shapes.read()), dtype=data.dtype)
    result = np.ma.masked_array(data, mask=np.ma.getmaskarray(data) | outside)
    return np.ma.concatenate([result, count])
