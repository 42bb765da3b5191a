"""From pixels to classes, in strips of rows: what is held in memory does not grow with the tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning import smoothing
from automap_tiles.analysis.learning.classifier import Predictor
from automap_tiles.analysis.learning.confidence.applicability import Applicability
from automap_tiles.analysis.learning.confidence.calibration import Calibration, Temperature
from automap_tiles.analysis.learning.confidence.conformal import sets_of
from automap_tiles.analysis.shapes import patches

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Picture = np.ma.MaskedArray[Any, Any]

_STRIP = 2**17
"""Pixels whose features are held at a time: 30 of them take 16 MB."""


NO_CLASS = 255
"""Size of a set without any class; 0 is no data."""


@dataclass(frozen=True, kw_only=True)
class PredictionSetRequest:
    """What a class must exceed to be in the set of a pixel."""

    temperature: Temperature
    """Of the probabilities that sets are made of."""
    quantiles: NDArray[np.float64]
    """(class,) largest scores."""


@dataclass(frozen=True, kw_only=True)
class ClassMapRequest:
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
    calibration: Calibration | None
    """Of the probabilities; None: as they are."""
    sets: PredictionSetRequest | None = None
    """None: no sets of classes."""
    applicability: Applicability | None = None
    """None: it is not asked where the model may be applied."""
    margins: tuple[int, int, int]
    """Pixels around that the features of a pixel, its smoothing, and its patch depend on."""

    @property
    def only_classes(self) -> bool:
        """Whether nothing is asked for but which class is the most probable."""
        moved = self.calibration is not None and self.calibration.moves_classes
        more = self.window or self.probabilities or self.confidence or self.sets
        return not (more or moved)


@dataclass(kw_only=True)
class Mapped:
    """Layers of the tile with its buffer, 0 where there is no class."""

    classes: Bytes
    """(y, x)."""
    confidence: Bytes | None
    """(y, x) lead of the best class, 1 to 100 per cent."""
    probabilities: Bytes | None
    """(class, y, x), 1 to 100 per cent."""
    sets: Bytes | None = None
    """(layer, y, x) how many classes are in the set, then eight of them in the bits of each."""
    applicability: Bytes | None = None
    """(2, y, x): 1 inside of the area of applicability, 2 outside; and the dissimilarity in per
    cent of the largest inside, 1 to 255."""

    @property
    def layers(self) -> list[Bytes]:
        """All that there are, (layer, y, x)."""
        single = [one[np.newaxis] for one in (self.classes, self.confidence) if one is not None]
        several = (self.probabilities, self.sets, self.applicability)
        return single + [one for one in several if one is not None]


def class_map(
    predictor: Predictor, pixels: Picture, buffer: tuple[int, int, int, int], wish: ClassMapRequest
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
    seen = _wider(decided[1], of_smoothing, shape[1])
    wanted = _Wanted(predictor, pixels, wish, seen, mapped.applicability)
    inner = slice(decided[1].start - wanted.cols.start, decided[1].stop - wanted.cols.start)
    for strip, probabilities, valid in _strips(wanted, decided[0], of_smoothing):
        place = strip, decided[1]
        shares = probabilities[..., inner]
        best = shares.argmax(axis=0)
        sets = None if wish.sets is None else _sets(shares, wish.sets)
        if wish.calibration is not None and not wish.only_classes:
            shares = wish.calibration.apply(shares)
            # rounding must not make another class the first where only the sureness changes
            best = shares.argmax(axis=0) if wish.calibration.moves_classes else best
        _decide(mapped, place, _Decided(shares, best, valid[:, inner], sets), predictor.values)
    if wish.minimum_patch > 1:
        _join_patches(mapped, wish.minimum_patch)
    _clear_outside(mapped, rows, cols)
    return mapped


@dataclass(frozen=True)
class _Wanted:
    """What is predicted."""

    predictor: Predictor
    pixels: Picture
    wish: ClassMapRequest
    cols: slice
    applicability: Bytes | None
    """Layers of the tile (2, y, x), written where pixels are predicted."""


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
    if wanted.applicability is not None and wanted.wish.applicability is not None:
        inputs = predictor.inputs(np.ascontiguousarray(data[:, valid].T))
        unlike = _unlikeness(wanted.wish.applicability, inputs)
        wanted.applicability[:, rows, wanted.cols][:, valid] = unlike
    predict = predictor.leading if wanted.wish.only_classes else predictor.probabilities
    if valid.all():  # no need to pick
        found = predict(data.reshape(len(data), -1).T)
        return found.T.reshape(-1, *valid.shape), valid
    found = predict(data[:, valid].T)
    planes = np.zeros((len(wanted.predictor.values), *valid.shape), dtype=np.float32)
    planes[:, valid] = found.T
    return planes, valid


def _unlikeness(area: Applicability, inputs: Floats) -> Bytes:
    """(2, pixel) 1 or 2, and per cent of the threshold: what is inside has 100 at most."""
    found = area.dissimilarity(inputs)
    outside = found > area.threshold
    # where all samples have a twin in another fold there is no more to be unlike by
    shares = found / area.threshold if area.threshold > 0 else np.where(outside, np.inf, 0.0)
    cents = np.clip(np.ceil(np.minimum(shares, 3.0) * 100), 1, 255)
    cents = np.where(outside, np.maximum(cents, 101), np.minimum(cents, 100))
    return np.stack([1 + outside, cents]).astype(np.uint8)


@dataclass(frozen=True)
class _Decided:
    """What is known of a strip."""

    probabilities: Floats
    """(class, y, x)."""
    best: NDArray[np.intp]
    """(y, x) place of the class."""
    valid: Bools
    """(y, x)."""
    sets: Bytes | None = None
    """(layer, y, x)."""


def _sets(shares: Floats, wish: PredictionSetRequest) -> Bytes:
    """(layer, y, x) of probabilities (class, y, x): how many are in the set, then which."""
    inside = sets_of(wish.temperature.apply(shares), wish.quantiles)
    size = inside.sum(axis=0)
    size = np.where(size == 0, NO_CLASS, np.minimum(size, NO_CLASS - 1)).astype(np.uint8)
    return np.concatenate([size[np.newaxis], np.packbits(inside, axis=0, bitorder="little")])


def _decide(mapped: Mapped, place: tuple[slice, slice], strip: _Decided, values: Bytes) -> None:
    """Write the classes of a strip, and what is said of them."""
    probabilities, best, valid = strip.probabilities, strip.best, strip.valid
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
    if mapped.sets is not None and strip.sets is not None:
        mapped.sets[:, *place] = np.where(valid, strip.sets, 0)


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


def _blank(shape: tuple[int, ...], classes: int, wish: ClassMapRequest) -> Mapped:
    return Mapped(
        classes=np.zeros(shape, dtype=np.uint8),
        confidence=np.zeros(shape, dtype=np.uint8) if wish.confidence else None,
        probabilities=np.zeros((classes, *shape), dtype=np.uint8) if wish.probabilities else None,
        sets=np.zeros((set_layers(classes), *shape), dtype=np.uint8) if wish.sets else None,
        applicability=np.zeros((2, *shape), dtype=np.uint8) if wish.applicability else None,
    )


def set_layers(classes: int) -> int:
    """How many layers the sets of so many classes take."""
    return 1 + -(-classes // 8)


def _clear_outside(mapped: Mapped, rows: slice, cols: slice) -> None:
    """Only where everything that decides has been seen is there a class."""
    outside = np.ones(mapped.classes.shape, dtype=bool)
    outside[rows, cols] = False
    for layer in mapped.layers:
        layer[:, outside] = 0


def _inside(
    shape: tuple[int, ...], buffer: tuple[int, int, int, int], margin: int
) -> tuple[slice, slice]:
    """The pixels that have all of their surroundings."""
    above, below, left, right = (min(margin, side) for side in buffer)
    return slice(above, shape[0] - below), slice(left, shape[1] - right)


def _wider(part: slice, margin: int, length: int) -> slice:
    return slice(max(0, part.start - margin), min(length, part.stop + margin))
