"""Sample shapes: points or polygons from any vector file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError, InputError, MissingCrs
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.scenes.select import Period
from automap_tiles.workflows.samples._classes import ClassList, Numbered, numbered
from automap_tiles.workflows.samples._fields import KEY, missing_field
from automap_tiles.workflows.samples.table import read_points

if TYPE_CHECKING:
    from rasterio.crs import CRS

_TABLES = (".csv", ".tsv", ".txt")
_POINTS = (int(shapely.GeometryType.POINT), int(shapely.GeometryType.MULTIPOINT))
_POLYGONS = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON))


@dataclass(frozen=True, kw_only=True)
class SampleShapes:
    """Shapes of known class, as in their file."""

    path: str
    class_field: str
    """The field, or column of a year, that contains the classes."""
    crs: CRS
    shapes: NDArray[np.object_]
    """(sample,) points, multipoints, polygons or multipolygons."""
    classes: NDArray[np.uint8]
    """(sample,) 1 to 255."""
    groups: NDArray[np.int64]
    """(sample,) index in the file, from 0."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Number of a class -> its name, if any."""
    colours: Mapping[int, str] = field(default_factory=dict)
    """Number of a class -> `#rrggbb`, if given in a class file."""
    unlabelled: int = 0
    """Shapes omitted because they have no class, or one that is not requested."""
    unlisted: tuple[str, ...] = ()
    """Labels that are not in the class file."""
    notes: tuple[Note, ...] = ()
    """What was omitted from the file, and whether another year was used."""

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def counts(self) -> dict[int, int]:
        """Number of a class -> its number of shapes, ascending."""
        values, counts = np.unique(self.classes, return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))


def read_samples(
    path: str | Path,
    *,
    class_field: str | None = None,
    year: int | None = None,
    period: Period | None = None,
    classes: ClassList | None = None,
) -> SampleShapes:
    """Read a CSV file of points, or points and polygons of any vector file.

    A CSV has X, Y in EPSG:4326 and columns of years: `class_field`, the year nearest to `year` or
    to the `period`, or the only one is used. Other files require `class_field` unless they have a
    single field. `classes` assigns other numbers to the classes, or omits some.

    Raises `ConfigError` that names file, field and remedy.
    """
    if Path(path).suffix.lower() in _TABLES:
        return _of_table(path, class_field, year, period, classes)
    return _of_features(path, class_field, classes)


def _of_table(
    path: str | Path,
    class_field: str | None,
    year: int | None,
    period: Period | None,
    classes: ClassList | None,
) -> SampleShapes:
    from rasterio.crs import CRS

    points = read_points(path, class_field=class_field, year=year, period=period)
    found = numbered(points.labels, ConfigError("", path, key=points.field), classes)
    shapes = shapely.points(points.x, points.y)
    samples = _labelled(path, points.field, CRS.from_epsg(4326), shapes, found)
    if points.nearest_to is None:
        return samples
    note = Note(
        fate=Fate.GUESSED,
        subject=Subject.SAMPLES,
        reason=f"their classes are those of {points.field}, the year nearest to "
        f"{points.nearest_to}",
        count=len(samples),
        remedy="--class-field says which column holds the classes",
    )
    return replace(samples, notes=(*samples.notes, note))


def _of_features(
    path: str | Path, class_field: str | None, classes: ClassList | None
) -> SampleShapes:
    from automap_tiles import vector

    try:
        info = vector.describe(str(path))
        features = vector.read_features(str(path), None, info.crs, clip=False)
    except InputError as error:
        raise ConfigError(error.message, path, key="--samples", remedy=_remedy(error)) from error
    fields = list(info.properties)
    if class_field is None and len(fields) == 1:
        class_field = fields[0]
    if class_field is None or class_field not in fields:
        raise missing_field(path, class_field, fields)
    if not features:
        raise ConfigError("holds no samples", path, key="--samples")
    labels = [feature["properties"][class_field] for feature in features]
    found = numbered(labels, ConfigError("", path, key=f"{KEY} {class_field}"), classes)
    shapes = np.empty(len(features), dtype=object)
    shapes[:] = [_usable(vector.to_shape(feature), path) for feature in features]
    samples = _labelled(path, class_field, info.crs, shapes, found)
    nowhere = info.count - len(features)
    if nowhere <= 0:
        return samples
    return replace(
        samples,
        unlabelled=samples.unlabelled + nowhere,
        notes=(*samples.notes, _lost(nowhere, "they have no place")),
    )


def _remedy(error: InputError) -> str | None:
    if isinstance(error, MissingCrs):
        return "save it with a coordinate reference system, such as EPSG:4326"
    return None


def _usable(shape: Any, path: str | Path) -> Any:
    """The points or polygons of a shape; repairing one may leave lines and points as well."""
    kind = int(shapely.get_type_id(shape))
    if kind in (*_POINTS, *_POLYGONS):
        return shape
    parts = shapely.get_parts(shape)
    polygons = parts[np.isin(shapely.get_type_id(parts), _POLYGONS)]
    if len(polygons):
        return shapely.union_all(polygons)
    raise ConfigError(
        "samples are points or polygons",
        path,
        key="--samples",
        found=shape.geom_type,
        remedy="turn lines into polygons (a buffer) or points",
    )


def _labelled(
    path: str | Path, name: str, crs: CRS, shapes: NDArray[np.object_], found: Numbered
) -> SampleShapes:
    values = np.array(found.values, dtype=np.int64)
    kept = np.flatnonzero((values > 0) & ~shapely.is_empty(shapes))
    if not kept.size:
        raise ConfigError("no sample has a class and a place", path, key="--samples")
    return SampleShapes(
        path=str(path),
        class_field=name,
        crs=crs,
        shapes=shapes[kept],
        classes=values[kept].astype(np.uint8),
        groups=kept.astype(np.int64),
        names=found.names,
        colours=found.colours,
        unlabelled=len(values) - len(kept),
        unlisted=found.unlisted,
        notes=tuple(_left_out(found, values, shapely.is_empty(shapes))),
    )


def _left_out(
    found: Numbered, values: NDArray[np.int64], nowhere: NDArray[np.bool_]
) -> Iterator[Note]:
    """Notes on the samples that are not used."""
    without = np.array(found.without_class, dtype=bool)
    for which, reason, examples, remedy in (
        (without, "they have no class", found.missing, None),
        (
            ~without & (values == 0),
            "their class is not in the file of classes",
            found.unlisted,
            "a line for each in the file of classes, where they are to be used",
        ),
        ((values > 0) & nowhere, "they have no place", (), None),
    ):
        if which.any():
            yield _lost(int(which.sum()), reason, examples, remedy)


def _lost(count: int, reason: str, examples: Sequence[str] = (), remedy: str | None = None) -> Note:
    return Note(
        fate=Fate.LOST,
        subject=Subject.SAMPLES,
        reason=reason,
        count=count,
        examples=tuple(text for text in examples if text)[:3],
        remedy=remedy,
    )
