# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""Parameters and inputs that may depend on the zoom."""

import numpy as np


def execute(raster, *, factor, offset=0):
    data = raster.read()
    result = data.astype("float64") * factor + offset
    return np.ma.masked_array(result.astype("int32"), mask=np.ma.getmaskarray(data))
