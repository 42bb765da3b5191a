"""Sample pixels: which pixels of a raster are samples of which class.

A polygon gives the pixels whose centre lies inside, except edge pixels: all eight neighbours must
lie inside too. A polygon too narrow for that gives all pixels whose centre lies inside; one that
contains no centre gives the pixel at its own centre, like a point. A pixel in shapes of two classes
belongs to none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from automap_tiles.analysis.learning.sample_table import Loss, Reason, added
from automap_tiles.analysis.learning.sampling import by_number, lots
from automap_tiles.errors import ConfigError, GridError
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.workflows.samples._polygons import PolygonPixels, Polygons
from automap_tiles.workflows.samples._source import SampleShapes
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels, joined
from automap_tiles.workflows.samples.picture import SourcePicture


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Pixels of known class, from north to south and west to east."""

    claims: LabelledPixels
    """Each pixel once."""
    losses: tuple[Loss, ...]
    """Without losses by thinning, limits and nodata."""
    candidates: Mapping[int, int]
    """Class -> pixels before thinning."""
    narrow: Mapping[int, int]
    """Class -> polygons that are too narrow to exclude the edge pixels."""
    edges: NDArray[np.int64]
    """Keys (see `LabelledPixels.keys`) of the edge pixels of polygons that have interior ones."""
    sizes: Mapping[int, int]
    """Group -> pixels before thinning."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on polygons whose edge could not be excluded as requested."""
        if not self.narrow:
            return ()
        return (
            Note(
                fate=Fate.REPLACED,
                subject=Subject.SAMPLES,
                reason="polygons too narrow to leave out their edge: it is taken too",
                count=sum(self.narrow.values()),
                examples=tuple(f"{count} of {value}" for value, count in self.narrow.items()),
            ),
        )

    def __len__(self) -> int:
        return len(self.claims)


@dataclass
class _Count:
    """Counts by class."""

    lost: Counter[tuple[int, Reason]] = field(default_factory=Counter)
    narrow: Counter[int] = field(default_factory=Counter)
    thinned: Counter[int] = field(default_factory=Counter)
    of_group: Counter[int] = field(default_factory=Counter)
    """Group -> pixels removed by thinning."""
    edges: list[NDArray[np.int64]] = field(default_factory=list)

    def lose(self, classes: NDArray[np.uint8], reason: Reason) -> None:
        values, counts = np.unique(classes, return_counts=True)
        for value, number in zip(values.tolist(), counts.tolist(), strict=True):
            self.lost[value, reason] += number

    def take(self, value: int, group: int, found: PolygonPixels) -> LabelledPixels:
        """Add the pixels of a polygon, and count its losses."""
        self.lost[value, Reason.OUTSIDE] += found.outside
        self.lost[value, Reason.EDGE] += found.edge
        self.lost[value, Reason.MIXED] += found.mixed
        self.narrow[value] += found.narrow
        self.thinned[value] += found.thinned
        self.of_group[group] += found.thinned
        claims = LabelledPixels.of_one(found.rows, found.cols, value, group)
        if found.outer is not None:
            self.edges.append(claims.keys()[found.outer])
        return claims


def place(
    samples: SampleShapes,
    picture: SourcePicture,
    *,
    erode: int = 1,
    per_shape: int | None = None,
    seed: int = 0,
) -> Pixels:
    """The pixels of samples on a raster.

    `erode` is the width of a polygon's edge in pixels. Of a polygon with more than `per_shape`
    pixels that number is kept, selected by seed and position. Raises `ConfigError` if no sample
    lies in the raster.
    """
    shapes = _on(samples, picture)
    areas = shapely.get_dimensions(shapes) == 2
    polygons = Polygons(picture, shapes[areas], samples.classes[areas], erode)
    count = _Count()
    parts = []
    for number, sample in enumerate(np.flatnonzero(areas)):
        value, group = int(samples.classes[sample]), int(samples.groups[sample])
        found = polygons.claims(number, per_shape, seed)
        parts.append(count.take(value, group, found))
    points = _points(samples, shapes, np.flatnonzero(~areas), picture, count)
    claims = _distinct(joined([*parts, points]), points, polygons, count)
    if not len(claims):
        raise _nothing(samples, picture, count)
    return _pixels(claims, samples, count)


def thinned(pixels: LabelledPixels, per_class: int | None, seed: int) -> LabelledPixels:
    """At most this number of pixels per class."""
    if per_class is None:
        return pixels
    return pixels.take(by_number(pixels.classes, per_class, lots(pixels.rows, pixels.cols, seed)))


def _pixels(claims: LabelledPixels, samples: SampleShapes, count: _Count) -> Pixels:
    values, kept = np.unique(claims.classes, return_counts=True)
    losses = [Loss(value=value, reason=why, count=n) for (value, why), n in count.lost.items()]
    losses.append(Loss(value=0, reason=Reason.EMPTY, count=samples.unlabelled))
    return Pixels(
        claims=claims,
        losses=added(losses),
        candidates={
            value: number + count.thinned[value]
            for value, number in zip(values.tolist(), kept.tolist(), strict=True)
        },
        narrow={value: number for value, number in sorted(count.narrow.items()) if number},
        edges=np.concatenate(count.edges) if count.edges else np.zeros(0, np.int64),
        sizes={
            group: number + count.of_group[group]
            for group, number in Counter(claims.groups.tolist()).items()
        },
    )


def _on(samples: SampleShapes, picture: SourcePicture) -> NDArray[np.object_]:
    """The shapes in the CRS of the raster, which may extend beyond the antimeridian."""
    from automap_tiles.vector import reproject_geometries, shifted_to_box

    moved = np.empty(len(samples), dtype=object)
    try:
        moved[:] = reproject_geometries(list(samples.shapes), samples.crs, picture.crs)
    except GridError as error:
        raise ConfigError(
            f"its samples cannot be brought into the picture's CRS: {error}",
            samples.path,
            key="--samples",
            remedy="check that the CRS of the file is the one its coordinates are in",
        ) from error
    return shifted_to_box(moved, picture.bounds, picture.crs)


def _points(
    samples: SampleShapes,
    shapes: NDArray[np.object_],
    which: NDArray[np.int64],
    picture: SourcePicture,
    count: _Count,
) -> LabelledPixels:
    """The pixels that contain points."""
    single, owner = shapely.get_parts(shapes[which], return_index=True)
    rows, cols = picture.places(shapely.get_x(single), shapely.get_y(single))
    claims = LabelledPixels(rows, cols, samples.classes[which][owner], samples.groups[which][owner])
    held = picture.holds(rows, cols)
    count.lose(claims.classes[~held], Reason.OUTSIDE)
    return claims.take(held)


def _distinct(
    claims: LabelledPixels, points: LabelledPixels, polygons: Polygons, count: _Count
) -> LabelledPixels:
    """Pixels without duplicates, and without those of two classes."""
    claims = claims.sorted()
    first = claims.starts()
    pixel = np.cumsum(first) - 1
    lowest = np.minimum.reduceat(claims.classes, np.flatnonzero(first)) if len(claims) else pixel
    highest = np.maximum.reduceat(claims.classes, np.flatnonzero(first)) if len(claims) else pixel
    mixed = (lowest != highest)[pixel] if len(claims) else np.zeros(0, bool)
    # A polygon's pixel may have been removed by thinning: therefore points are compared with the
    # polygons.
    hit = points.take(polygons.hit(points))
    if len(hit):
        mixed |= np.isin(claims.keys(), hit.keys())
    count.lose(claims.classes[mixed], Reason.MIXED)
    count.lose(claims.classes[~mixed & ~first], Reason.REPEATED)
    return claims.take(~mixed & first)


def _nothing(samples: SampleShapes, picture: SourcePicture, count: _Count) -> ConfigError:
    inside = sum(n for (_, why), n in count.lost.items() if why is not Reason.OUTSIDE)
    if inside:
        return ConfigError(
            "every pixel of its samples is claimed by two classes", samples.path, key="--samples"
        )
    from automap_tiles.vector import reproject_bounds

    box = reproject_bounds(picture.bounds, picture.crs, samples.crs)
    return ConfigError(
        "no sample lies in the picture",
        samples.path,
        key="--samples",
        found=" ".join(f"{value:.7g}" for value in shapely.total_bounds(samples.shapes)),
        remedy=f"{picture.path} has the bounds {' '.join(f'{value:.7g}' for value in box)} "
        f"in the CRS of the samples",
    )
