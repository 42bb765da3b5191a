"""What can be said of objects: means, standard deviations, the class of most of their pixels.

Sums go row by row over the pixels, so that an object has the same bits in every picture that holds
all of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = np.ma.MaskedArray[Any, Any]
Labels = NDArray[np.int64]


def mean_and_std(picture: Picture, labels: Labels) -> tuple[Picture, Picture]:
    """Of every band of an object, for each of its pixels: float32 (band, y, x).

    `picture` (band, y, x), `labels` (y, x), 0 for no object. Pixels without data, masked or not
    finite, do not count, and have the mean of their object. The standard deviation is that of all
    pixels (n, not n - 1).
    """
    _, place = np.unique(labels, return_inverse=True)
    place = place.reshape(labels.shape)
    number = int(place.max(initial=0)) + 1
    means, spreads = (np.zeros(picture.shape, np.float32) for _ in range(2))
    missing = np.zeros(picture.shape, dtype=bool)
    for band, plane in enumerate(picture):
        counts = ~np.ma.getmaskarray(plane) & np.isfinite(np.ma.getdata(plane)) & (labels != 0)
        of, values = place[counts], np.ma.getdata(plane)[counts].astype(np.float64)
        count = np.bincount(of, minlength=number)
        mean = np.bincount(of, values, number) / np.maximum(count, 1)
        square = np.bincount(of, (values - mean[of]) ** 2, number) / np.maximum(count, 1)
        missing[band] = (labels == 0) | (count[place] == 0)
        means[band] = np.where(missing[band], 0, mean[place])
        spreads[band] = np.where(missing[band], 0, np.sqrt(square)[place])
    return np.ma.MaskedArray(means, mask=missing), np.ma.MaskedArray(spreads, mask=missing.copy())


def majority(classes: NDArray[np.uint8], labels: Labels) -> NDArray[np.uint8]:
    """(y, x) the class that most pixels of each object have, of equals the lowest number.

    `classes` (y, x) with 0 for none, which does not count; pixels without a class and those of no
    object stay as they are.
    """
    inside = (classes != 0) & (labels != 0)
    of, place = np.unique(labels[inside], return_inverse=True)
    votes = np.zeros((len(of), 256), dtype=np.int64)
    np.add.at(votes, (place.reshape(-1), classes[inside]), 1)
    found = classes.copy()
    if len(of):
        found[inside] = votes.argmax(axis=1).astype(np.uint8)[place.reshape(-1)]
    return found
