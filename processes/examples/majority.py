"""A map of classes without specks."""

import numpy as np
from scipy import ndimage

from automap_tiles import Empty


def pixelbuffer(size: int = 3) -> int:
    """Pixels around a tile that its result depends on."""
    return size // 2


def execute(classes, *, size: int = 3):
    """The class that most pixels of a window of `size` have; the lower one of two alike."""
    if classes.is_empty():
        raise Empty
    found = classes.read(1)
    window = np.ones((size, size), "int64")
    values = np.unique(found.compressed())
    votes = [
        ndimage.convolve((found.filled(0) == value).astype("int64"), window, mode="constant")
        for value in values
    ]
    return np.ma.masked_array(values[np.argmax(votes, axis=0)], np.ma.getmaskarray(found))
