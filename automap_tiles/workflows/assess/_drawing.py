"""Design of a reference sample for a map: size, allocation to classes, positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier import LandClass, land_classes
from automap_tiles.analysis.learning.design import (
    EXPECTED_ACCURACY,
    LEAST,
    MINIMUM,
    Allocation,
    allocate,
    sample_size,
)
from automap_tiles.analysis.learning.sampling import lots
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.workflows.assess._areas import pixel_areas
from automap_tiles.workflows.assess._class_map import ClassMap, Strata, count, moved, open_map
from automap_tiles.workflows.assess._reference import open_model, training_keys
from automap_tiles.workflows.assess.design_record import (
    DesignRecord,
    record_beside,
    write_record,
)
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels, joined
from automap_tiles.workflows.samples.points_file import check_points_name, write_points_file


@dataclass(frozen=True, kw_only=True)
class DesignRequest:
    """The requested sample design."""

    target: float = 0.01
    """Target standard error of the overall accuracy."""
    size: int | None = None
    """The number of points, in place of a target error."""
    expected: Mapping[int, float] = field(default_factory=dict)
    """Class number -> expected user's accuracy."""
    allocation: Allocation = Allocation.COMPROMISE
    minimum: int | None = None
    """Smallest number of points per class."""
    model: str | None = None
    """The model that made the map: its training samples are not drawn."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A designed sample."""

    classes: tuple[LandClass, ...]
    strata: Strata
    expected: tuple[float, ...]
    numbers: tuple[int, ...]
    """Points per class."""
    needed: int | None
    """Points needed for the target; None if a size was given."""
    record: DesignRecord
    """The points, in the order of their lots, so that classes are mixed."""


def draw(path: str, wish: DesignRequest, band: int = 1) -> Drawn:
    """Design a sample for a map and draw its points.

    Within a class, every square metre has the same probability. Raises `ConfigError`.
    """
    classes = open_map(path, band)
    model = open_model(wish.model)
    strata = count(classes)
    unknown = [value for value in wish.expected if value not in strata.values]
    if unknown:
        raise ConfigError("is not a class of the map", path, key="--expect", found=unknown[0])
    expected = tuple(wish.expected.get(value, EXPECTED_ACCURACY) for value in strata.values)
    try:
        needed = None
        if wish.size is None:
            needed = sample_size(strata.shares, expected, wish.target, sum(strata.pixels))
        numbers = allocate(
            strata.shares,
            wish.size or needed or 1,
            wish.allocation,
            _minimum(wish, strata, path),
            strata.pixels,
        )
    except ValueError as error:
        raise ConfigError(str(error), path, key="--design") from error
    trained = np.zeros(0, np.int64) if model is None else training_keys(model, classes.picture)
    claims = _drawn(classes, dict(zip(strata.values, numbers, strict=True)), wish.seed, trained)
    x, y = _lon_lat(classes, claims)
    names = (
        classes.names
        if model is None
        else {**{one.value: one.name for one in model.classes}, **classes.names}
    )
    drawn = tuple(int((claims.classes == value).sum()) for value in strata.values)
    found = land_classes(strata.values, names, classes.colours)
    _tell_fewer(found, drawn, numbers, wish)
    return Drawn(
        classes=found,
        strata=strata,
        expected=expected,
        numbers=drawn,
        needed=needed,
        record=DesignRecord(map=path, band=band, strata=strata, x=x, y=y, classes=claims.classes),
    )


def _minimum(wish: DesignRequest, strata: Strata, path: str) -> int | None:
    """Smallest number of points per class; the default gives way to a given size.

    Raises `ConfigError` if a given minimum exceeds it.
    """
    if wish.size is None:
        return wish.minimum
    classes = len(strata.values)
    if wish.minimum is not None:
        least = sum(min(wish.minimum, pixels) for pixels in strata.pixels)
        if least > wish.size:
            raise ConfigError(
                f"{wish.minimum} points of each of {classes} classes are {least}",
                path,
                key="--size",
                found=wish.size,
                remedy=f"--size {least}, or a smaller --minimum",
            )
        return wish.minimum
    usual = MINIMUM if wish.allocation is Allocation.COMPROMISE else LEAST
    possible = min(usual, wish.size // classes)
    if possible < usual:
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.OPTIONS,
                reason=f"the usual minimum of {usual} points a class is {possible}, so that the "
                f"sample has {wish.size}",
                remedy=f"--size {usual * classes} has room for it",
            )
        )
    return possible


def _tell_fewer(
    classes: Sequence[LandClass], drawn: Sequence[int], planned: Sequence[int], wish: DesignRequest
) -> None:
    """Note classes without a point, and points for which the map has no pixels."""
    bare = [one.name for one, number in zip(classes, drawn, strict=True) if not number]
    if bare:
        tell(
            Note.of(
                bare,
                fate=Fate.LOST,
                subject=Subject.CLASSES,
                reason="they have no point: nothing will be known of them",
                remedy="more points (--size), or a --minimum for each class",
            )
        )
    missing = max(wish.size or 0, sum(planned)) - sum(drawn)
    if missing > 0:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.REFERENCE_POINTS,
                reason="the map has not so many pixels that no training sample lies in",
                count=missing,
            )
        )


def write_points(drawn: Drawn, path: Path) -> None:
    """Write the points with an empty column for the true class.

    The mapped class is left out on purpose, so that it does not bias the interpreter. It is kept in
    the record beside the points.
    """
    check_points_name(path)
    write_record(drawn.record, record_beside(path))
    write_points_file(path, drawn.record.x, drawn.record.y)


def _drawn(
    classes: ClassMap, numbers: Mapping[int, int], seed: int, trained: NDArray[np.int64]
) -> LabelledPixels:
    """The pixels with the lowest lots of each class, weighted by area.

    Source: Efraimidis & Spirakis, Weighted random sampling with a reservoir, Information Processing
    Letters 97 (2006).
    """
    kept, keys = LabelledPixels.none(), np.zeros(0)
    for tile, values in classes.tiles():
        wanted = [value for value, number in numbers.items() if number]
        rows, cols = np.nonzero(np.isin(values, wanted))
        areas = pixel_areas(tile.grid)[rows]
        top, left = tile.pixel_offset
        here = LabelledPixels(
            rows + top, cols + left, values[rows, cols], np.zeros(len(rows), np.int64)
        )
        fresh = ~np.isin(here.keys(), trained)
        here, areas = here.take(fresh), areas[fresh]
        lot = (lots(here.rows, here.cols, seed).astype(np.float64) + 0.5) / 2.0**64
        keys = np.concatenate([keys, -np.log(lot) / areas])
        kept = joined([kept, here])
        best = _lowest(kept.classes, keys, numbers)
        kept, keys = kept.take(best), keys[best]
    return kept.take(np.argsort(lots(kept.rows, kept.cols, seed), kind="stable"))


def _lowest(
    values: NDArray[np.uint8], keys: NDArray[np.float64], numbers: Mapping[int, int]
) -> NDArray[np.int64]:
    chosen = []
    for value, number in numbers.items():
        own = np.flatnonzero(values == value)
        chosen.append(own[np.argsort(keys[own], kind="stable")[:number]])
    return np.concatenate(chosen)


def _lon_lat(
    classes: ClassMap, claims: LabelledPixels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from rasterio.crs import CRS

    x, y = classes.picture.centres(claims.rows, claims.cols)
    return moved(x, y, classes.picture.crs, CRS.from_epsg(4326))
