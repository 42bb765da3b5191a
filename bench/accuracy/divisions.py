"""Whole polygons held out, over and over, and how well their pixels are classified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.workflows.samples import Extraction, extract, look_at, read_samples
from bench.accuracy.sets import DataSet

DIVISIONS = 20
_MOST_LEARNT = 10
"""Polygons of a class; where a set has more, they are held out: the truth is known the better."""


@dataclass(frozen=True)
class Division:
    """Polygons to learn from and polygons held out, by their place in the file."""

    number: int
    learnt: NDArray[np.int64]
    held_out: NDArray[np.int64]


def pixels(data: DataSet) -> SampleTable:
    """All pixels of the polygons with the bands of the picture."""
    picture = look_at(data.picture)
    samples = read_samples(data.polygons, class_field="class")
    wanted = Extraction(per_class=None, erode=0)
    return extract(samples, picture, Recipe(bands=picture.bands), wanted)


def divisions(table: SampleTable, number: int = DIVISIONS) -> Iterator[Division]:
    """A third of the polygons of each class held out, the thirds of a deal one after the other.

    So every polygon is held out about as often as any other. Two of a class stay at least: the
    classes of R, for one, are then all learnt from as they are in the figures that these are
    compared with.
    """
    groups, first = np.unique(table.groups, return_index=True)
    classes = table.classes[first]
    for place in range(number):
        random, third = np.random.default_rng(place // 3), place % 3
        held_out: list[int] = []
        for value in np.unique(classes):
            members = random.permutation(groups[classes == value])
            kept = np.arange(len(members)) % 3 != third
            kept[np.flatnonzero(kept)[_MOST_LEARNT:]] = False
            kept[: max(0, 2 - int(kept.sum()))] = True
            if len(members) > 2:
                held_out += members[~kept].tolist()
        learnt = np.setdiff1d(groups, held_out)
        yield Division(place, learnt, np.array(sorted(held_out), dtype=np.int64))
