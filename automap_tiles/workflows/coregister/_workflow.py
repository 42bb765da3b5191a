"""The workflow `coregister`: a table of shifts."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import grid_of
from automap_tiles.notes import Note, Notes, collecting, tell
from automap_tiles.scenes import assumptions
from automap_tiles.scenes.coregistration import (
    Alignment,
    PlacedScene,
    align,
    notes_of,
    table_of,
)
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Period, Selection, one_level, parse_period
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.storage import is_address, open_storage
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._bounds import Percent
from automap_tiles.workflows._order import Order
from automap_tiles.workflows._search_losses import search_losses
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

SEARCH, SHIFTS = "search", "shifts"
"""The phases."""


@dataclass(frozen=True, kw_only=True)
class CoregisterOrder(Order):
    """Estimate the shifts that align each scene with the others of its tile."""

    workflow: ClassVar[str] = "coregister"

    input: str
    """Folder or archive of products, or of prepared scenes; STAC file or API."""
    output: str
    """Table to write, `….json`: what `coregister` of a `scenes` input takes."""
    reference: str | None = None
    """Raster file to align all scenes with; None: the position of the majority of dates."""
    band: str = "nir"
    """Band used for matching."""
    satellites: tuple[str, ...] | None = None
    """As in `composite`; None: all available ones."""
    time: str | None = None
    """`FROM/TO`: days, months or years; None: all."""
    max_cloud_cover: Percent | None = None
    """Of a scene."""


@dataclass(frozen=True, kw_only=True)
class CoregisterReport:
    """The scenes whose shifts would be estimated."""

    found: SearchReport
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        return {
            "scenes": [scene.id for scene in self.found.scenes],
            **search_losses(self.found),
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class CoregisterOutcome:
    """The estimated shifts."""

    placed: tuple[PlacedScene, ...]
    """By time; empty if stopped."""
    output: str | None
    notes: tuple[Note, ...] = ()
    stopped: bool = False

    def to_json(self) -> Json:
        return {
            "scenes": [each.to_json() for each in self.placed],
            "output": self.output,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


def check(order: CoregisterOrder) -> CoregisterReport:
    """Search for the scenes, without reading them. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        found = _search(order)
    return CoregisterReport(found=found, notes=told.grouped())


def run(order: CoregisterOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Estimate all shifts and write the table, unless stopped.

    The outcome is a `CoregisterOutcome`. Raises `ConfigError`, `InputError`, `OutputError`.
    """
    yield Started(facts={"input": order.input})
    notes, placed, stopped = Notes(), tuple[PlacedScene, ...](), False
    try:
        yield PhaseStarted(phase=SEARCH)
        found = yield from run_in_background(lambda _: _search(order), stop=stop, notes=notes)
        for name, reason in found.rejected:
            yield SetAside(item=SceneRejected(scene=name, reason=reason))
        report = CoregisterReport(found=found, notes=notes.grouped())
        yield PhaseFinished(phase=SEARCH, outcome=report)
        yield PhaseStarted(phase=SHIFTS)
        placed = yield from run_in_background(
            lambda _: _aligned(order, found), stop=stop, notes=notes
        )
        for each in placed:
            yield Done(item=each)
    except Stopped:
        stopped = True
    if not stopped:
        file = Path(order.output).absolute()
        table = table_of(placed, band=order.band, reference=order.reference)
        content = json.dumps(table, indent=2).encode() + b"\n"
        open_storage(str(file.parent)).put(file.name, content)
    yield Finished(
        outcome=CoregisterOutcome(
            placed=placed,
            output=None if stopped else order.output,
            notes=notes.grouped(),
            stopped=stopped,
        )
    )


def _search(order: CoregisterOrder) -> SearchReport:
    if not order.output.endswith(".json"):
        raise ConfigError(
            "a table of shifts is a JSON file",
            key="output",
            found=order.output,
            remedy="shifts.json",
        )
    if order.reference is not None:
        _check_reference(order.reference)
    selection = Selection(
        period=Period() if order.time is None else parse_period(order.time),
        satellites=None if order.satellites is None else satellites_of(order.satellites),
        max_cloud_cover=order.max_cloud_cover,
    )
    found = one_level(scenes_of(order.input, selection, (order.band,)))
    tell(*assumptions.notes_of(found.scenes, order.max_cloud_cover))
    return found


def _check_reference(reference: str) -> None:
    """Raise `InputError` before scenes are searched for; it may be in an object store."""
    if not is_address(reference) and not Path(reference).exists():
        raise InputError("no such file", reference)
    grid_of(reference)


def _aligned(order: CoregisterOrder, found: SearchReport) -> tuple[PlacedScene, ...]:
    placed = align(found.scenes, Alignment(band=order.band, reference=order.reference))
    tell(*notes_of(placed, found.scenes))
    return placed
