"""Statistics of a spectral index over dates: computed for each date, then aggregated.

The index of a composite is something else: the median of the NDVI is not the NDVI of the medians.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._dates import Bools, SampleStack, samples_of
from automap_tiles.analysis.composites.composite import Stack, check_statistics, reduce
from automap_tiles.analysis.indices import INDICES, spectral_index

Picture: TypeAlias = np.ma.MaskedArray[Any, Any]


def index_per_date(
    name: str,
    stack: Stack,
    valid: Bools | None = None,
    *,
    places: Mapping[str, int],
    scale: float = 1.0,
) -> Picture:
    """(time, y, x) float32 index of each date, masked where one of its bands is not valid.

    `places` says where in the stack, from 0, each band of the index is; others are left alone.
    `scale` as for `spectral_index`. Raises `ValueError` for an unknown index or a missing band.
    """
    return _index(name, samples_of(stack, valid), slice(None), places, scale)


def reduce_index(
    name: str,
    stack: Stack,
    valid: Bools | None = None,
    statistics: Sequence[str] = ("median",),
    *,
    places: Mapping[str, int],
    scale: float = 1.0,
) -> dict[str, Picture]:
    """(y, x) statistics of an index over dates, by the names of `composite.reduce`.

    Block by block of rows, so the indices of all dates are never held at once.
    """
    check_statistics(statistics)
    samples = samples_of(stack, valid)
    height, width = samples.data.shape[2:]
    results: dict[str, Picture] = {}
    # at least one block, so that errors and types are the same for an empty picture
    for rows in list(samples.blocks(4)) or [slice(0, 0)]:
        block = reduce(_index(name, samples, rows, places, scale), None, statistics)
        for statistic, part in block.items():
            if statistic not in results:
                data = np.zeros((height, width), dtype=part.dtype)
                results[statistic] = np.ma.MaskedArray(data, mask=np.zeros(data.shape, dtype=bool))
            results[statistic].data[rows] = part.data
            np.ma.getmaskarray(results[statistic])[rows] = np.ma.getmaskarray(part)
    return results


def _index(
    name: str, samples: SampleStack, rows: slice, places: Mapping[str, int], scale: float
) -> Picture:
    needed = INDICES[name].bands if name in INDICES else ()
    bands = {}
    for band in needed:
        if band not in places:
            continue  # `spectral_index` says what is missing
        place = places[band]
        if not 0 <= place < samples.data.shape[1]:
            count = samples.data.shape[1]
            raise ValueError(f"{band} is at place {place}, and the stack has {count} bands from 0")
        counts = samples.valid_block(place, rows)
        data = samples.data[:, place, rows]
        bands[band] = np.ma.MaskedArray(data, mask=False if counts is None else ~counts)
    return spectral_index(name, bands, scale=scale)
