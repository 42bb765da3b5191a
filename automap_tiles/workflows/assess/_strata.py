"""A reference sample whose strata are not the classes of the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from automap_tiles.analysis.learning.stratified import StratifiedSample
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.workflows.assess._class_map import ClassMap, Strata, at, count, moved, open_map
from automap_tiles.workflows.assess._reference import (
    Reference,
    ReferenceRequest,
    names_of,
    samples_of,
    trained_on,
)
from automap_tiles.workflows.assess.design_record import read_record, record_beside

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from automap_tiles.analysis.learning.classifier import Model
    from automap_tiles.workflows.samples import SampleShapes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SampleStrata:
    """Strata of a sample."""

    source: str
    """The map whose classes they are."""
    strata: Strata
    at: Callable[[Floats, Floats, CRS], NDArray[np.uint8]]
    """Strata of points by x, y and CRS; 0 where there is none."""


@dataclass(frozen=True, kw_only=True)
class DrawnPoints:
    """Points of a reference with their strata; lists are in the order of the points."""

    drawn_in: SampleStrata
    strata: NDArray[np.uint8]
    """Class number of the stratum; never 0."""
    mapped: NDArray[np.uint8]
    """Mapped class; 0: none."""
    truth: NDArray[np.uint8]
    names: dict[int, str]
    training: int | None
    """Points left out because they lie in training pixels; None: unknown."""
    notes: tuple[Note, ...]

    def sample(self) -> StratifiedSample:
        """Input of the estimators."""
        strata = self.drawn_in.strata
        places = {value: place for place, value in enumerate(strata.values)}
        return StratifiedSample(
            strata=np.array([places[value] for value in self.strata.tolist()], dtype=np.intp),
            mapped=self.mapped,
            truth=self.truth,
            sizes=np.array(strata.pixels, dtype=np.float64),
            weights=np.array(strata.shares),
        )

    def are_classes_of(self, mapped: Strata) -> bool:
        """Whether the strata are the classes of the map itself."""
        same = self.drawn_in.strata.values == mapped.values
        same = same and self.drawn_in.strata.pixels == mapped.pixels
        return same and bool((self.strata == self.mapped).all())


def drawn_points(
    wish: ReferenceRequest, classes: ClassMap, model: Model | None
) -> DrawnPoints | None:
    """The points of a reference with their strata and mapped classes.

    Strata come from the order, or from the record beside the reference; None if there is none, or
    if it belongs to other points. Points without a mapped class are kept, as they tell how much of
    their stratum the map covers. Raises `ConfigError`.
    """
    drawn_in = _beside(wish) if wish.strata is None else _said(wish.strata)
    if drawn_in is None:
        return None
    names = names_of(classes, model)
    samples = samples_of(wish, names)
    others = _others(samples)
    if others and wish.strata is None:
        return None
    if others:
        raise ConfigError(
            "holds shapes that were not drawn one by one, so they lie in no stratum",
            wish.path,
            key="REFERENCE",
            found=", ".join(others),
            remedy="points; or leave out --strata",
        )
    x, y = shapely.get_coordinates(samples.shapes).T
    strata = drawn_in.at(x, y, samples.crs)
    if not strata.any() and wish.strata is None:
        return None
    kept = strata > 0
    training = None
    if model is not None:
        rows, cols = _pixels(classes, x, y, samples.crs)
        trained = trained_on(rows, cols, wish, classes.picture, model)
        training = int((trained & kept).sum())
        kept &= ~trained
    _check_strata(drawn_in, strata[kept], wish)
    return DrawnPoints(
        drawn_in=drawn_in,
        strata=strata[kept],
        mapped=_classes_at(classes, x, y, samples.crs)[kept],
        truth=samples.classes[kept],
        names={**samples.names, **names},
        training=training,
        notes=tuple(_notes(samples, strata, drawn_in)),
    )


def reference_of(drawn: DrawnPoints) -> Reference:
    """The points where the map has a class."""
    known = drawn.mapped > 0
    return Reference(
        mapped=drawn.mapped[known],
        truth=drawn.truth[known],
        losses=(),
        training=drawn.training,
        several=0,
        names=drawn.names,
        notes=drawn.notes,
    )


def _beside(wish: ReferenceRequest) -> SampleStrata | None:
    record = record_beside(wish.path)
    return _of_record(record) if record.is_file() else None


def _said(strata: str) -> SampleStrata:
    if strata.endswith(".json"):
        return _of_record(Path(strata))
    classes = open_map(strata)

    def look(x: Floats, y: Floats, crs: CRS) -> NDArray[np.uint8]:
        return _classes_at(classes, x, y, crs)

    return SampleStrata(source=strata, strata=count(classes), at=look)


def _check_strata(drawn_in: SampleStrata, found: NDArray[np.uint8], wish: ReferenceRequest) -> None:
    """Raise `ConfigError` for an unknown stratum."""
    strata = drawn_in.strata
    seen = set(found.tolist())
    pairs = zip(strata.values, strata.shares, strict=True)
    bare = {value: share for value, share in pairs if value not in seen}
    if bare:
        raise ConfigError(
            f"no point lies in {len(bare)} of {len(strata.values)} strata, the classes of "
            f"{drawn_in.source}: nothing is known of {sum(bare.values()):.1%} of the area",
            wish.path,
            key="REFERENCE",
            found=f"none in class {', '.join(map(str, bare))}",
            remedy="points there too; or a map as --strata that the points were drawn from",
        )


def _of_record(path: Path) -> SampleStrata:
    from rasterio.crs import CRS

    record, lon_lat = read_record(path), CRS.from_epsg(4326)

    def look(x: Floats, y: Floats, crs: CRS) -> NDArray[np.uint8]:
        return record.strata_at(*moved(x, y, crs, lon_lat))

    return SampleStrata(source=record.map, strata=record.strata, at=look)


def _others(samples: SampleShapes) -> list[str]:
    """Types of shapes that are not points."""
    return sorted({str(shape.geom_type) for shape in samples.shapes} - {"Point"})


def _pixels(
    classes: ClassMap, x: Floats, y: Floats, crs: CRS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return classes.picture.places(*moved(x, y, crs, classes.picture.crs))


def _classes_at(classes: ClassMap, x: Floats, y: Floats, crs: CRS) -> NDArray[np.uint8]:
    return at(classes, *_pixels(classes, x, y, crs))


def _notes(
    samples: SampleShapes, strata: NDArray[np.uint8], drawn_in: SampleStrata
) -> Iterator[Note]:
    yield from samples.notes
    strange = int((strata == 0).sum())
    if strange:
        yield Note(
            fate=Fate.LOST,
            subject=Subject.REFERENCE_POINTS,
            reason=f"they were not drawn in the classes of {drawn_in.source}",
            count=strange,
            remedy="without its record (.design.json) beside the reference all points are taken "
            "for drawn in the classes of the map",
        )
