"""From pixels to classes, in strips of rows: what is held in memory does not grow with the tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.analysis.learning import smoothing
from automap_tiles.analysis.learning.classifier.predict import Predictor
from automap_tiles.analysis.shapes import patches

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Picture = np.ma.MaskedArray[Any, Any]

_STRIP = 2**17
"""Pixels whose features are held at a time: 30 of them take 16 MB."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    window: int | None
    """Of the smoothing; None: none."""
    smoothness: float
    minimum_patch: int
    probabilities: bool
    confidence: bool
    units: Sequence[tuple[float, float]]
    """(scale, offset) of each band: a stored value times the scale plus the offset is reflectance,
    or whatever else the model was trained on."""
    margins: tuple[int, int, int]
    """Pixels around that the features of a pixel, its smoothing, and its patch depend on."""

    @property
    def only_classes(self) -> bool:
        """Whether nothing is asked for but which class is the most probable."""
        return self.window is None and not self.probabilities and not self.confidence


@dataclass(kw_only=True)
class Mapped:
    """Layers of the tile with its buffer, 0 where there is no class."""

    classes: Bytes
    """(y, x)."""
    confidence: Bytes | None
    """(y, x) lead of the best class, 1 to 100 per cent."""
    probabilities: Bytes | None
    """(class, y, x), 1 to 100 per cent."""


def class_map(
    predictor: Predictor, pixels: Picture, buffer: tuple[int, int, int, int], wish: Wish
) -> Mapped:
    """Classes of the picture (band, y, x), whose bands are those that the recipe needs.

    `buffer` is how far the picture reaches beyond the tile above, below, left and right. The
    outermost pixels, which lack their surroundings, get no class; where the picture ends at the
    edge of the pyramid they have all there is.
    """
    shape = pixels.shape[1:]
    mapped = _blank(shape, len(predictor.values), wish)
    _, of_smoothing, of_patches = wish.margins
    rows, cols = _inside(shape, buffer, sum(wish.margins))
    decided = _wider(rows, of_patches, shape[0]), _wider(cols, of_patches, shape[1])
    wanted = _Wanted(predictor, pixels, wish, _wider(decided[1], of_smoothing, shape[1]))
    inner = slice(decided[1].start - wanted.cols.start, decided[1].stop - wanted.cols.start)
    for strip, probabilities, valid in _strips(wanted, decided[0], of_smoothing):
        place = strip, decided[1]
        _decide(mapped, place, probabilities[..., inner], valid[:, inner], predictor.values)
    if wish.minimum_patch > 1:
        _join_patches(mapped, wish.minimum_patch)
    _clear_outside(mapped, rows, cols)
    return mapped


@dataclass(frozen=True)
class _Wanted:
    """What is predicted."""

    predictor: Predictor
    pixels: Picture
    wish: Wish
    cols: slice


def _strips(wanted: _Wanted, rows: slice, around: int) -> Iterator[tuple[slice, Floats, Bools]]:
    """Rows from north to south, probabilities (class, y, x) and where there are any (y, x).

    Rows around a strip that smoothing looks at are predicted once and kept for the next.
    """
    wish, height = wanted.wish, wanted.pixels.shape[1]
    step = max(1, _STRIP // (wanted.cols.stop - wanted.cols.start), 2 * sum(wish.margins))
    held: tuple[slice, Floats, Bools] | None = None
    for top in range(rows.start, rows.stop, step):
        strip = slice(top, min(top + step, rows.stop))
        needed = _wider(strip, around, height)
        held = _continued(wanted, held, needed)
        _, probabilities, valid = held
        if wish.window is not None:
            probabilities = smoothing.smooth(
                probabilities, valid, window=wish.window, smoothness=wish.smoothness
            )
        inner = slice(strip.start - needed.start, strip.stop - needed.start)
        yield strip, probabilities[:, inner], valid[inner]


def _continued(
    wanted: _Wanted, held: tuple[slice, Floats, Bools] | None, needed: slice
) -> tuple[slice, Floats, Bools]:
    """The needed rows: those that are held already, and the new ones below."""
    if held is None or held[0].stop <= needed.start:
        return needed, *_predicted(wanted, needed)
    before, probabilities, valid = held
    if needed.stop <= before.stop:
        kept = slice(needed.start - before.start, needed.stop - before.start)
        return needed, probabilities[:, kept], valid[kept]
    more, more_valid = _predicted(wanted, slice(before.stop, needed.stop))
    kept = slice(needed.start - before.start, None)
    joined = np.concatenate([probabilities[:, kept], more], axis=1)
    return needed, joined, np.concatenate([valid[kept], more_valid])


def _predicted(wanted: _Wanted, rows: slice) -> tuple[Floats, Bools]:
    """Probabilities (class, y, x) of these rows, 0 where there is no data; and where there is."""
    recipe, margin = wanted.predictor.model.recipe, wanted.wish.margins[0]
    height, width = wanted.pixels.shape[1:]
    near, beside = _wider(rows, margin, height), _wider(wanted.cols, margin, width)
    features = recipe.compute(
        wanted.pixels[:, near, beside],
        recipe.needs,
        units=wanted.wish.units,
    )
    own = (
        slice(rows.start - near.start, rows.stop - near.start),
        slice(wanted.cols.start - beside.start, wanted.cols.stop - beside.start),
    )
    valid = features.valid[own]
    data = features.data[:, *own]
    predictor = wanted.predictor
    predict = predictor.leading if wanted.wish.only_classes else predictor.probabilities
    if valid.all():  # no need to pick
        found = predict(data.reshape(len(data), -1).T)
        return found.T.reshape(-1, *valid.shape), valid
    found = predict(data[:, valid].T)
    planes = np.zeros((len(wanted.predictor.values), *valid.shape), dtype=np.float32)
    planes[:, valid] = found.T
    return planes, valid


def _decide(
    mapped: Mapped,
    place: tuple[slice, slice],
    probabilities: Floats,
    valid: Bools,
    values: Bytes,
) -> None:
    """Write the classes of a strip, and what is said of them."""
    best = probabilities.argmax(axis=0)
    mapped.classes[place] = np.where(valid, values[best], 0)
    if mapped.confidence is not None:
        highest = np.partition(probabilities, -2, axis=0)[-2:]
        lead = _per_cent(highest[1] - highest[0])
        mapped.confidence[place] = np.where(valid, lead, 0)
    if mapped.probabilities is not None:
        shares = _per_cent(probabilities)
        # the class has the highest number also where rounding would make two of them equal
        winner = np.maximum(np.take_along_axis(shares, best[np.newaxis], axis=0), 2)
        np.minimum(shares, winner - 1, out=shares)
        np.put_along_axis(shares, best[np.newaxis], winner, axis=0)
        mapped.probabilities[:, *place] = np.where(valid, shares, 0)


def _per_cent(shares: Floats) -> Bytes:
    """1 to 100; less than one is 1, because 0 means no data."""
    whole: Bytes = np.floor(shares * np.float32(100) + np.float32(0.5)).astype(np.uint8)
    return np.maximum(whole, 1, out=whole)


def _join_patches(mapped: Mapped, minimum: int) -> None:
    """Small patches take the class around them; the pixel itself then says little for it."""
    joined = patches.without_small_patches(mapped.classes, minimum)
    if mapped.confidence is not None:
        mapped.confidence[joined != mapped.classes] = 1
    mapped.classes = joined


def _blank(shape: tuple[int, ...], classes: int, wish: Wish) -> Mapped:
    return Mapped(
        classes=np.zeros(shape, dtype=np.uint8),
        confidence=np.zeros(shape, dtype=np.uint8) if wish.confidence else None,
        probabilities=np.zeros((classes, *shape), dtype=np.uint8) if wish.probabilities else None,
    )


def _clear_outside(mapped: Mapped, rows: slice, cols: slice) -> None:
    """Only where everything that decides has been seen is there a class."""
    outside = np.ones(mapped.classes.shape, dtype=bool)
    outside[rows, cols] = False
    for layer in (mapped.classes, mapped.confidence, mapped.probabilities):
        if layer is not None:
            layer[..., outside] = 0


def _inside(
    shape: tuple[int, ...], buffer: tuple[int, int, int, int], margin: int
) -> tuple[slice, slice]:
    """The pixels that have all of their surroundings."""
    above, below, left, right = (min(margin, side) for side in buffer)
    return slice(above, shape[0] - below), slice(left, shape[1] - right)


def _wider(part: slice, margin: int, length: int) -> slice:
    return slice(max(0, part.start - margin), min(length, part.stop + margin))
