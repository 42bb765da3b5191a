"""The workflow `timelapse`."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import InputSpec
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.scenes import open_reader
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, Note, Notes, Subject, collecting, tell
from automap_tiles.pictures.animation import AnimationFormat, write
from automap_tiles.stopping import NEVER, Stopped, StopToken, raise_if_stopped
from automap_tiles.storage import open_storage
from automap_tiles.vector import read_geometry
from automap_tiles.workflows._background import Say, run_in_background
from automap_tiles.workflows.automap.discover import is_catalogue
from automap_tiles.workflows.events import (
    Done,
    Event,
    Finished,
    Json,
    PhaseFinished,
    PhaseStarted,
    Started,
)
from automap_tiles.workflows.timelapse._dates import DateShown, SceneDates, ShownDates
from automap_tiles.workflows.timelapse._files import FileDates, dated_files, is_pattern
from automap_tiles.workflows.timelapse._frames import DrawnFrames, FrameStyle, KeptDates
from automap_tiles.workflows.timelapse._order import TimelapseOrder

SEARCH, DATES = "search", "dates"
"""The phases."""
_OF_SCENES = (
    "satellites", "time", "mask", "dilation", "max_cloud_cover", "coregister", "brdf",
)  # fmt: skip
"""Keys that only apply to scenes."""
_SMALLEST = 400
"""Minimum number of pixels along the longer side, if integer factors permit it."""


@dataclass(frozen=True, kw_only=True)
class FrameMade:
    """A date, and whether it is displayed."""

    date: str
    hidden: float
    """Percentage of the image."""
    shown: bool

    def to_json(self) -> Json:
        return {"date": self.date, "hidden": round(self.hidden, 1), "shown": self.shown}


@dataclass(frozen=True, kw_only=True)
class TimelapseReport:
    """The dates to display."""

    dates: int
    shape: tuple[int, int]
    """Height and width of the dates in pixels, before enlargement."""
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        return {
            "dates": self.dates,
            "shape": list(self.shape),
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class TimelapseOutcome:
    """The animation."""

    frames: tuple[str, ...]
    """Displayed dates."""
    output: str | None
    shape: tuple[int, int] = (0, 0)
    """Height and width of the animation in pixels."""
    stretch: tuple[tuple[float, float], ...] = ()
    """Values for black and white, per band."""
    notes: tuple[Note, ...] = ()
    stopped: bool = False

    def to_json(self) -> Json:
        return {
            "frames": list(self.frames),
            "output": self.output,
            "shape": list(self.shape),
            "stretch": [list(limits) for limits in self.stretch],
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


def check(order: TimelapseOrder) -> TimelapseReport:
    """Search for the dates, without reading them. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        dates = _dates(order)
    return TimelapseReport(dates=len(dates), shape=dates.grid.shape, notes=told.grouped())


def run(order: TimelapseOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Read all dates and write the animation, unless stopped.

    The outcome is a `TimelapseOutcome`. Raises `ConfigError`, `InputError`, `OutputError`,
    `MissingExtra`.
    """
    yield Started(facts={"input": order.input})
    notes = Notes()
    outcome = TimelapseOutcome(frames=(), output=None, stopped=True)
    try:
        yield PhaseStarted(phase=SEARCH)
        dates = yield from run_in_background(lambda _: _dates(order), stop=stop, notes=notes)
        shape = dates.grid.shape
        report = TimelapseReport(dates=len(dates), shape=shape, notes=notes.grouped())
        yield PhaseFinished(phase=SEARCH, outcome=report)
        yield PhaseStarted(phase=DATES)
        outcome = yield from run_in_background(
            lambda say: _made(order, dates, say), stop=stop, notes=notes
        )
    except Stopped:
        pass
    yield Finished(outcome=replace(outcome, notes=notes.grouped()))


def _dates(order: TimelapseOrder) -> ShownDates:
    _form(order)
    if len(order.bands) not in (1, 3):
        raise ConfigError("must be three, or one", key="bands", found=", ".join(order.bands))
    if order.stretch is not None and not -math.inf < order.stretch[0] < order.stretch[1] < math.inf:
        raise ConfigError("must rise", key="stretch", found=order.stretch)
    if is_pattern(order.input):
        _refuse_for_files(order)
        return FileDates(
            files=dated_files(order.input),
            bands=order.bands,
            boundary=order.boundary,
            size=order.size,
        )
    said: dict[str, Any] = {
        "format": "scenes",
        "bands": list(order.bands),
        "mask": list(order.mask),
        "dilation": order.dilation,
        "coregister": order.coregister,
        "brdf": order.brdf,
        "satellites": None if order.satellites is None else list(order.satellites),
        "time": order.time,
        "max_cloud_cover": order.max_cloud_cover,
        ("stac" if is_catalogue(order.input) else "path"): order.input,
    }
    spec = InputSpec.from_value("scenes", {key: v for key, v in said.items() if v is not None})
    pyramid = Pyramid.from_grid("mercator")
    area = None if order.boundary is None else read_geometry(order.boundary, pyramid.crs)
    context = OpenContext(base=Path.cwd(), pyramid=pyramid, area=area)
    reader = open_reader(spec, context)
    return SceneDates(
        reader=reader,
        boundary=order.boundary,
        size=order.size,
        with_hidden=order.clouds != "fill",
    )


def _refuse_for_files(order: TimelapseOrder) -> None:
    """Raise `ConfigError` for options that only apply to scenes."""
    plain = {each.name: each.default for each in fields(order)}
    for key in _OF_SCENES:
        if getattr(order, key) != plain[key]:
            raise ConfigError(
                "goes with scenes, not with rasters", key=key, found=getattr(order, key)
            )


def _form(order: TimelapseOrder) -> AnimationFormat:
    ending = Path(order.output).suffix.lower().removeprefix(".")
    try:
        return AnimationFormat(ending)
    except ValueError:
        raise ConfigError(
            "is not the name of an animation",
            key="output",
            found=order.output,
            remedy="a name that ends with .gif, .webp or .avif",
        ) from None


def _made(order: TimelapseOrder, dates: ShownDates, say: Say) -> TimelapseOutcome:
    with tempfile.TemporaryFile(prefix="automap-") as file:
        kept = KeptDates(file, fills=order.clouds == "fill")
        _keep(order, dates, kept, say)
        look = _look(order, dates, kept)
        frames = DrawnFrames(kept, look)
        target = Path(order.output).absolute()
        milliseconds = round(order.seconds * 1000)
        with open_storage(str(target.parent)).staged(target.name) as path:
            write(path, frames, _form(order), milliseconds)
            raise_if_stopped()
        height, width = dates.grid.shape
        return TimelapseOutcome(
            frames=tuple(kept.names),
            output=order.output,
            shape=(height * look.factor, width * look.factor),
            stretch=look.limits,
        )


def _keep(order: TimelapseOrder, dates: ShownDates, kept: KeptDates, say: Say) -> None:
    """Store the dates, and omit those that are too much hidden, with a note."""
    hidden: list[str] = []
    empty: list[str] = []
    for moment in dates:
        shown = _is_shown(order, moment)
        if shown:
            kept.add(moment)
        else:
            (hidden if moment.seen.any() else empty).append(moment.name)
        say(Done(item=FrameMade(date=moment.name, hidden=moment.hidden, shown=shown)))
    _tell_lost(hidden, f"more than {order.hidden:g} per cent of the picture is hidden or without "
               "data", "a higher --hidden, or --clouds keep, shows more of them")  # fmt: skip
    _tell_lost(empty, "no data in the picture", None)
    if not len(kept):
        raise InputError(f"none of {len(dates)} dates shows enough", order.input)


def _is_shown(order: TimelapseOrder, moment: DateShown) -> bool:
    enough = order.clouds == "keep" or moment.hidden <= order.hidden
    return bool(moment.seen.any() and enough)


def _tell_lost(names: list[str], reason: str, remedy: str | None) -> None:
    if names:
        tell(Note.of(names, fate=Fate.LOST, subject=Subject.SCENES, reason=reason, remedy=remedy))


def _look(order: TimelapseOrder, dates: ShownDates, kept: KeptDates) -> FrameStyle:
    limits = kept.limits()
    if order.stretch is not None:
        low, high = order.stretch
        limits = ((low * dates.scale, high * dates.scale),) * len(limits)
    longest = max(dates.grid.shape)
    return FrameStyle(
        limits=limits,
        factor=max(1, min(-(-_SMALLEST // longest), order.size // longest)),
        grid=dates.grid,
        caption=order.caption,
        credit=dates.credit if order.attribution is None else order.attribution,
    )
