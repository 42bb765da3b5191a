"""The workflows `assess` and `assess design`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from automap_tiles.analysis.learning.design import Allocation
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Note, Notes
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._bounds import Count, SmallShare, Whole
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.assess._assessment import Assessment, assess
from automap_tiles.workflows.assess._class_map import open_map
from automap_tiles.workflows.assess._drawing import (
    DesignRequest,
    Drawn,
    draw,
    write_points,
)
from automap_tiles.workflows.assess._reference import ReferenceRequest, open_model
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.report import check_name, write_assessment
from automap_tiles.workflows.samples.points_file import check_points_name

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class AssessOrder(Order):
    """Estimate the accuracy of a class map from a reference sample."""

    workflow: ClassVar[str] = "assess"

    map: str
    """File or tile directory of classes."""
    reference: str
    """Points or polygons of true classes: any vector file, or a CSV with X, Y."""
    band: Count = 1
    """Of the map, with the classes."""
    class_field: str | None = None
    """Field of the reference that contains the class."""
    year: int | None = None
    """Of a CSV: the column of the nearest year."""
    classes: str | None = None
    """CSV or YAML file with the numbers of the reference's classes in the map."""
    training: str | None = None
    """The model that made the map: none of its training samples may be a reference."""
    drop_training: bool = False
    """Omit training samples instead; requires `training`."""
    strata: str | None = None
    """The map that the reference was drawn from, or the record of its design; None: the record
    beside the reference, otherwise the map itself."""
    report: str | None = None
    """Report file, `.html` or `.json`."""


@dataclass(frozen=True, kw_only=True)
class DesignOrder(Order):
    """Draw the points of a reference sample for a map."""

    workflow: ClassVar[str] = "design"

    map: str
    """File or tile directory of classes."""
    out: str
    """File of the points, `.csv` or `.geojson`."""
    band: Count = 1
    """Of the map, with the classes."""
    target_se: SmallShare = 0.01
    """Target standard error of the overall accuracy."""
    size: Count | None = None
    """Number of points, in place of a target error."""
    expect: tuple[tuple[Count, float], ...] = ()
    """Class number and expected user's accuracy; 0.8 for the others."""
    allocation: Literal["compromise", "proportional", "equal"] = "compromise"
    """Allocation of points to classes; compromise: a minimum for rare classes."""
    minimum: Whole | None = None
    """Minimum number of points per class; None: 50 for compromise, else 2."""
    training: str | None = None
    """The model that made the map: its training samples are not drawn."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class MapReport:
    """Properties of the map, known before it is read."""

    map: str
    classes: dict[int, str]
    """Number and name of the classes that the map names."""
    size: tuple[int, int]
    """Rows and columns."""
    writes: str | None

    def to_json(self) -> Json:
        return {
            "map": self.map,
            "classes": {str(value): name for value, name in self.classes.items()},
            "rows": self.size[0],
            "cols": self.size[1],
            "writes": self.writes,
        }


@dataclass(frozen=True, kw_only=True)
class AssessOutcome:
    """Outcome of an assessment."""

    assessment: Assessment | None
    """None if it was stopped."""
    report: str | None
    notes: tuple[Note, ...] = ()

    def to_json(self) -> Json:
        return {
            **({} if self.assessment is None else self.assessment.to_dict()),
            "report": self.report,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.assessment is None,
        }


@dataclass(frozen=True, kw_only=True)
class DesignOutcome:
    """Outcome of a sample design."""

    drawn: Drawn | None
    """None if it was stopped."""
    out: str | None
    notes: tuple[Note, ...] = ()

    def to_json(self) -> Json:
        drawn = self.drawn
        points = {} if drawn is None else zip(drawn.classes, drawn.numbers, strict=True)
        return {
            "points": {str(one.value): number for one, number in points},
            "needed": None if drawn is None else drawn.needed,
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
            "stopped": drawn is None,
        }


def check(order: AssessOrder | DesignOrder) -> MapReport:
    """Look at the map without reading pixels. Raises `ConfigError`, `InputError`."""
    _check(order)
    found = open_map(order.map, order.band)
    open_model(order.training)
    rows, cols = found.picture.window
    writes = order.report if isinstance(order, AssessOrder) else order.out
    return MapReport(
        map=order.map,
        classes=dict(found.names),
        size=(len(rows), len(cols)),
        writes=writes,
    )


def run(order: AssessOrder | DesignOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Assess or design; the outcome is an `AssessOutcome` or a `DesignOutcome`.

    Nothing is written if it is stopped. Raises `ConfigError`, `InputError`, `OutputError`.
    """
    _check(order)
    yield Started(facts={"map": order.map})
    notes = Notes()
    if isinstance(order, AssessOrder):
        wish = _reference(order)
        found = yield from _or_none(lambda: assess(order.map, wish, order.band), stop, notes)
        if found is not None and order.report is not None:
            write_assessment(found.to_dict(), Path(order.report))
        report = None if found is None else order.report
        yield Finished(
            outcome=AssessOutcome(assessment=found, report=report, notes=notes.grouped())
        )
        return
    design = _design(order)
    drawn = yield from _or_none(lambda: draw(order.map, design, order.band), stop, notes)
    if drawn is not None:
        write_points(drawn, Path(order.out))
    out = None if drawn is None else order.out
    yield Finished(outcome=DesignOutcome(drawn=drawn, out=out, notes=notes.grouped()))


def _or_none(
    work: Callable[[], _Result], stop: StopToken, notes: Notes
) -> Generator[Event, None, _Result | None]:
    try:
        return (yield from run_in_background(lambda _: work(), stop=stop, notes=notes))
    except Stopped:
        return None


def _check(order: AssessOrder | DesignOrder) -> None:
    """Raise `ConfigError` before anything is read."""
    if isinstance(order, DesignOrder):
        check_points_name(Path(order.out))
        return
    if order.report is not None:
        check_name(Path(order.report))
    if order.drop_training and order.training is None:
        raise ConfigError("needs the model", key="drop_training", remedy="training")


def _reference(order: AssessOrder) -> ReferenceRequest:
    return ReferenceRequest(
        path=order.reference,
        class_field=order.class_field,
        year=order.year,
        classes=order.classes,
        model=order.training,
        drop_training=order.drop_training,
        strata=order.strata,
    )


def _design(order: DesignOrder) -> DesignRequest:
    for value, accuracy in order.expect:
        if not 0 <= accuracy <= 1:
            raise ConfigError("is a share from 0 to 1", key="expect", found=f"{value}={accuracy}")
    return DesignRequest(
        target=order.target_se,
        size=order.size,
        expected=dict(order.expect),
        allocation=Allocation(order.allocation),
        minimum=order.minimum,
        model=order.training,
        seed=order.seed,
    )
