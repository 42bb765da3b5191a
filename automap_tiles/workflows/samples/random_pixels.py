"""A random sample of pixels of a raster, read tile by tile."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import numpy as np
import shapely
from numpy.typing import NDArray

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.notes import Notes, Subject
from automap_tiles.stopping import NEVER, StopToken
from automap_tiles.workflows.events import Event, Noted
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.samples._source import SampleShapes
from automap_tiles.workflows.samples.extraction import Extraction, Sampling, sampled
from automap_tiles.workflows.samples.picture import SourcePicture


def random_pixels(
    picture: SourcePicture,
    recipe: Recipe,
    number: int,
    *,
    seed: int = 0,
    how: ExecutionOptions | None = None,
    stop: StopToken = NEVER,
    notes: Notes | None = None,
) -> Generator[Event, None, SampleTable]:
    """Features of at most this number of pixels, with equal probability; all are of class 1.

    They are read tile by tile, so memory is that of a tile and of the table, and the same seed
    gives the same pixels. Pixels without data are not part of the sample, and not reported. Raises
    as `sampled` does.
    """
    rows, cols = _places(picture, number, seed)
    sampling = Sampling(
        samples=SampleShapes(
            path=picture.path,
            class_field="",
            crs=picture.crs,
            shapes=shapely.points(*picture.centres(rows, cols)),
            classes=np.ones(len(rows), dtype=np.uint8),
            groups=np.zeros(len(rows), dtype=np.int64),
        ),
        picture=picture,
        recipe=recipe,
        wanted=Extraction(erode=0),
        how=how or ExecutionOptions(),
    )
    told = Notes()
    events = sampled(sampling, stop=stop, notes=told)
    with contextlib.closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                table: SampleTable = end.value
                break
            if not isinstance(event, Noted) or event.note.subject is not Subject.SAMPLES:
                yield event
    if notes is not None:
        notes.extend(note for note in told.grouped() if note.subject is not Subject.SAMPLES)
    return table


def _places(
    picture: SourcePicture, number: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of distinct pixels within the raster's bounds."""
    rows, cols = picture.window
    total = len(rows) * len(cols)
    if total <= number:
        found = np.arange(total)
    else:
        # a few are drawn twice
        random, found = np.random.default_rng(seed), np.zeros(0, dtype=np.int64)
        while len(found) < number:
            more = random.integers(0, total, 2 * (number - len(found)))
            found = np.concatenate([found, more])
            _, first = np.unique(found, return_index=True)
            found = found[np.sort(first)]
        found = np.sort(found[:number])
    return rows.start + found // len(cols), cols.start + found % len(cols)
