"""A minimum mapping unit: patches of a class map that are too small join what lies around them.

Not the sieve of GDAL, which merges again and again and so lets a pixel depend on the whole picture:
here a patch looks once at the large patches that it touches, and tiles cut with a margin have the
result of the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import MissingExtra

Classes = NDArray[np.uint8]
Labels = NDArray[np.int32]


def margin(minimum: int) -> int:
    """Pixels around a pixel that its result depends on.

    What a small patch touches is at most `minimum - 1` steps from any of its pixels, and whether
    that is of a large patch shows within as many more.
    """
    return 2 * max(0, minimum - 1)


def without_small_patches(classes: Classes, minimum: int) -> Classes:
    """A copy of the map (y, x) in which small patches have the class around them; 0 is no data.

    A patch are pixels of one class that touch along their edges. One of fewer than `minimum` pixels
    takes the class that most of its outer edges touch, of patches that are large enough; of two
    classes that are equal the lower number. One that touches no large patch stays, and so does
    0, which is not looked at.
    """
    if minimum <= 1 or not classes.size:
        return classes.copy()
    labels, count = _label(classes)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    small = sizes < minimum
    small[0] = False
    large = ~small
    large[0] = False
    winner = _winners(classes, labels, small, large)
    chosen = winner[labels]
    return np.where(chosen > 0, chosen, classes)


def _label(classes: Classes) -> tuple[Labels, int]:
    """(y, x) number of the patch of every pixel, from 1, 0 where there is no class; how many."""
    try:
        from scipy import ndimage
    except ImportError as error:
        raise MissingExtra("scipy", "classify") from error
    labels = np.zeros(classes.shape, dtype=np.int32)
    count = 0
    for value in np.unique(classes):
        if value:
            found, number = ndimage.label(classes == value)
            labels += np.where(found > 0, found + count, 0).astype(np.int32)
            count += number
    return labels, count


def _winners(
    classes: Classes, labels: Labels, small: NDArray[np.bool_], large: NDArray[np.bool_]
) -> Classes:
    """(label,) class that a small patch takes; 0 for all others."""
    votes = np.concatenate(
        [
            _votes(classes, labels, small, large, axis=axis, step=step)
            for axis in (0, 1)
            for step in (1, -1)
        ]
    )
    winners = np.zeros(len(small), dtype=np.uint8)
    if not len(votes):
        return winners
    keys, counts = np.unique(votes, return_counts=True)
    patches, values = keys // 256, keys % 256
    # the last of a patch wins: the most votes, and the lower class of equals
    order = np.lexsort((-values, counts, patches))
    winners[patches[order]] = values[order]
    return winners


def _votes(
    classes: Classes,
    labels: Labels,
    small: NDArray[np.bool_],
    large: NDArray[np.bool_],
    *,
    axis: int,
    step: int,
) -> NDArray[Any]:
    """`256 · patch + class`, once for every edge of a small patch to a large one on one side."""
    ahead, behind = (slice(1, None), slice(None, -1))[::step]
    place = (slice(None),) * axis
    own, other = labels[(*place, ahead)], labels[(*place, behind)]
    edge = small[own] & large[other]
    return own[edge].astype(np.int64) * 256 + classes[(*place, behind)][edge]
