"""The workflow `series`."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Note, Notes, collecting, tell
from automap_tiles.scenes import assumptions
from automap_tiles.scenes.masks import MaskRule, parse_flags
from automap_tiles.scenes.missing_masks import notes_of
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Period, Selection, one_level, overpasses, parse_period
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.storage import open_storage
from automap_tiles.workflows._background import Say, run_in_background
from automap_tiles.workflows._bounds import Percent
from automap_tiles.workflows._order import Order
from automap_tiles.workflows._search_losses import search_losses
from automap_tiles.workflows.automap.boundary import boundary_area
from automap_tiles.workflows.automap.discover import scenes_of
from automap_tiles.workflows.automap.parameters import satellites_of
from automap_tiles.workflows.automap.state import SceneRejected
from automap_tiles.workflows.events import (
    Done,
    Event,
    Finished,
    Json,
    PhaseFinished,
    PhaseStarted,
    SetAside,
    Started,
)
from automap_tiles.workflows.series._moments import (
    Moment,
    in_order,
    moments_of,
    needed_bands,
    to_csv,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

SEARCH, DATES = "search", "dates"
"""The phases."""


@dataclass(frozen=True, kw_only=True)
class SeriesOrder(Order):
    """Read the time series of a place."""

    workflow: ClassVar[str] = "series"

    input: str
    """Folder or archive of products, or of prepared scenes; STAC file or API."""
    point: tuple[float, float] | None = None
    """Longitude and latitude; either this or `area`."""
    area: str | None = None
    """Vector file: the mean over all its shapes."""
    satellites: tuple[str, ...] | None = None
    """As in `composite`; None: all available ones."""
    time: str | None = None
    """`FROM/TO`: days, months or years; None: all."""
    values: tuple[str, ...] = ("ndvi",)
    """Bands and indices."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """Mask flags that exclude a pixel."""
    max_cloud_cover: Percent | None = None
    """Of a scene."""
    output: str | None = None
    """CSV file; None: values are only in the outcome."""
    plot: str | None = None
    """PNG file; needs Pillow."""


@dataclass(frozen=True, kw_only=True)
class ScenesFound:
    """The scenes of a series."""

    found: SearchReport

    def to_json(self) -> Json:
        return {
            "scenes": len(self.found.scenes),
            "funnel": self.found.funnel.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class SeriesReport:
    """The dates to be read."""

    found: SearchReport
    dates: int
    """Overpasses, including those that narrowly miss the place."""
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        scenes = self.found.scenes
        names = sorted({scene.satellite for scene in scenes})
        return {
            "scenes": {name: sum(scene.satellite == name for scene in scenes) for name in names},
            "dates": self.dates,
            **search_losses(self.found),
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class SeriesOutcome:
    """The time series."""

    names: tuple[str, ...]
    """Of the values of a moment."""
    moments: tuple[Moment, ...]
    """By time; if stopped, those that were read."""
    output: str | None
    plot: str | None
    notes: tuple[Note, ...] = ()
    stopped: bool = False

    @property
    def csv(self) -> str:
        """Lines of time, satellite, scenes, valid fraction and values."""
        return to_csv(self.moments, self.names)

    def to_json(self) -> Json:
        return {
            "names": list(self.names),
            "moments": [moment.to_json() for moment in self.moments],
            "output": self.output,
            "plot": self.plot,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A validated order."""

    names: tuple[str, ...]
    place: BaseGeometry
    rule: MaskRule
    selection: Selection


def check(order: SeriesOrder) -> SeriesReport:
    """Search for the scenes, without reading them. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        found = _search(order, _wanted(order))
    days = [
        date
        for satellite in {scene.satellite for scene in found.scenes}
        for date in overpasses([scene for scene in found.scenes if scene.satellite == satellite])
    ]
    return SeriesReport(found=found, dates=len(days), notes=told.grouped())


def run(order: SeriesOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Read the dates one by one, which are the items; the outcome is a `SeriesOutcome`.

    Files are written when all dates are read, not if it is stopped. Raises `ConfigError`,
    `InputError`, `OutputError`.
    """
    wanted = _wanted(order)
    yield Started(facts={"input": order.input})
    notes, moments, stopped = Notes(), list[Moment](), False

    def read(say: Say) -> None:
        for moment in moments_of(found.scenes, wanted.place, wanted.names, wanted.rule):
            moments.append(moment)
            say(Done(item=moment))

    try:
        yield PhaseStarted(phase=SEARCH)
        found = yield from run_in_background(
            lambda _: _search(order, wanted), stop=stop, notes=notes
        )
        for name, reason in found.rejected:
            yield SetAside(item=SceneRejected(scene=name, reason=reason))
        yield PhaseFinished(phase=SEARCH, outcome=ScenesFound(found=found))
        yield PhaseStarted(phase=DATES)
        yield from run_in_background(read, stop=stop, notes=notes)
    except Stopped:
        stopped = True
    outcome = SeriesOutcome(
        names=wanted.names,
        moments=in_order(moments),
        output=None if stopped else order.output,
        plot=None if stopped else order.plot,
        notes=notes.grouped(),
        stopped=stopped,
    )
    if not stopped:
        _write(outcome, order)
    yield Finished(outcome=outcome)


def _wanted(order: SeriesOrder) -> _Wanted:
    from shapely import Point

    if (order.point is None) == (order.area is None):
        raise ConfigError(
            "either a point or an area", key="point", found=order.point, remedy="one of the two"
        )
    if order.point is not None and not _on_the_globe(*order.point):
        raise ConfigError(
            "is a longitude, then a latitude from -90 to 90, in degrees",
            key="point",
            found=order.point,
            remedy="16.37 48.21",
        )
    if order.plot is not None:
        from automap_tiles.workflows.series._plot import check_installed

        check_installed()  # now, rather than when all is read
    names = tuple(dict.fromkeys(order.values))
    needed_bands(names)
    place: BaseGeometry = (
        boundary_area(order.area or "", "area") if order.point is None else Point(order.point)
    )
    return _Wanted(
        names=names,
        place=place,
        rule=MaskRule(flags=parse_flags(order.mask)),
        selection=Selection(
            period=Period() if order.time is None else parse_period(order.time),
            satellites=None if order.satellites is None else satellites_of(order.satellites),
            max_cloud_cover=order.max_cloud_cover,
            area=place,
        ),
    )


def _on_the_globe(longitude: float, latitude: float) -> bool:
    """Longitudes may continue across the antimeridian."""
    return math.isfinite(longitude) and abs(longitude) <= 540 and abs(latitude) <= 90


def _search(order: SeriesOrder, wanted: _Wanted) -> SearchReport:
    bands = needed_bands(wanted.names)
    found = one_level(scenes_of(order.input, wanted.selection, bands))
    tell(*notes_of(found.scenes, wanted.rule.flags))
    tell(*assumptions.notes_of(found.scenes, wanted.selection.max_cloud_cover))
    return found


def _write(outcome: SeriesOutcome, order: SeriesOrder) -> None:
    if order.output is not None:
        _put(order.output, outcome.csv.encode())
    if order.plot is not None:
        from automap_tiles.workflows.series._plot import to_png

        title = order.area or "{:.5g} {:.5g}".format(*(order.point or ()))
        _put(order.plot, to_png(outcome.moments, outcome.names, title))


def _put(path: str, content: bytes) -> None:
    file = Path(path).absolute()
    open_storage(str(file.parent)).put(file.name, content)
