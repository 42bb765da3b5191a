"""State of a run, and its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from automap_tiles.notes import Note, Notes
from automap_tiles.scenes.funnel import Funnel, FunnelStep
from automap_tiles.stopping import StopToken
from automap_tiles.workflows.automap._download import Usage
from automap_tiles.workflows.automap.discover import Discovered
from automap_tiles.workflows.automap.folders import scenes_folder
from automap_tiles.workflows.automap.order import CompositeOrder, DownloadOrder
from automap_tiles.workflows.automap.parameters import Mode, RunParameters
from automap_tiles.workflows.automap.preparing import SceneDone, SceneStatus
from automap_tiles.workflows.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRejected:
    """A scene that is wanted but not used."""

    scene: str
    """Id or path of a product."""
    reason: str

    def to_json(self) -> Json:
        return {"scene": self.scene, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFailed:
    """Something other than a scene or a tile failed."""

    what: str
    error: str

    def to_json(self) -> Json:
        return {"what": self.what, "error": self.error}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenesUsed:
    """Outcome of the scenes, once the contribution of each is known."""

    funnel: Funnel

    def to_json(self) -> Json:
        return {"used": self.funnel.used, "funnel": self.funnel.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenesPrepared:
    """Number of scenes by outcome."""

    counts: Mapping[SceneStatus, int]
    seconds: float
    scratch_bytes: int = 0
    """Peak use of this machine's disk for scenes on their way to another place, bytes."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def to_json(self) -> Json:
        counts = {str(status): self.counts.get(status, 0) for status in SceneStatus}
        own = {"scratch_bytes": self.scratch_bytes} if self.scratch_bytes else {}
        return {"scenes": self.total, **counts, "seconds": round(self.seconds, 3), **own}


@dataclass(frozen=True, kw_only=True)
class Results:
    """Files and folders of one satellite."""

    satellite: str
    """Its name."""
    scenes: str
    composite: str | None = None
    """None: no composite."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """`model`, `training report` and `classes`, if they were made."""

    def to_json(self) -> Json:
        return {
            "satellite": self.satellite,
            "scenes": self.scenes,
            "composite": self.composite,
            **{what.replace(" ", "_"): path for what, path in self.maps.items()},
        }


@dataclass(frozen=True, kw_only=True)
class AutomapOutcome:
    """Outcome of a run."""

    output: str
    results: tuple[Results, ...] = ()
    """For each satellite that has scenes."""
    record: str | None = None
    """Record file; None if the run was stopped."""
    failed: int = 0
    """Number of failed scenes and results."""
    notes: tuple[Note, ...] = ()
    """Everything that was lost, replaced, ignored or guessed, with counts."""
    stopped: bool = False
    """Whether it ended early; the same order resumes it."""

    def to_json(self) -> Json:
        return {
            "output": self.output,
            "results": [one.to_json() for one in self.results],
            "record": self.record,
            "failed": self.failed,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


@dataclass(kw_only=True)
class State:
    """A run and its progress."""

    order: DownloadOrder
    wanted: RunParameters
    stop: StopToken
    found: Discovered = field(default_factory=lambda: Discovered(scenes={}, rejected=()))
    scenes: list[SceneDone] = field(default_factory=list)
    composites: dict[str, str] = field(default_factory=dict)
    """Satellite → file."""
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    """Satellite → files of its classification by kind."""
    usage: Usage = field(default_factory=Usage)
    told: Notes = field(default_factory=Notes)
    """Notes of steps and processes, with counts."""
    unused: list[str] = field(default_factory=list)
    """Ids of scenes without a pixel in their composite."""
    failed: int = 0
    left: set[str] = field(default_factory=set)
    """Satellites whose composite has other scenes, and was left unchanged."""

    def anew(self, mode: Mode) -> bool:
        """Whether the results of a mode are made again: only those of the final mode are."""
        return self.order.overwrite and self.wanted.mode is mode

    @property
    def update(self) -> bool:
        """Whether everything that changed scenes affect is made again."""
        return isinstance(self.order, CompositeOrder) and self.order.update

    def prepared(self, satellite: str) -> set[str]:
        """Ids of a satellite's scenes that have a raster."""
        with_picture = (SceneStatus.WRITTEN, SceneStatus.THERE)
        return {
            one.scene
            for one in self.scenes
            if one.satellite == satellite and one.status in with_picture
        }

    @property
    def funnel(self) -> Funnel:
        """From found to used, as far as known."""
        failed = [one.scene for one in self.scenes if one.status is SceneStatus.FAILED]
        empty = [one.scene for one in self.scenes if one.status is SceneStatus.EMPTY]
        clouds = "the mask rules out all that they show of the area"
        return (
            self.found.funnel.without(FunnelStep.READABLE, _each(failed, "cannot be prepared"))
            .without(FunnelStep.USED, _each(empty, "no pixel of them lies in the area"))
            .without(FunnelStep.USED, _each(self.unused, clouds))
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes so far."""
        return Notes((*self.funnel.notes, *self.found.notes, *self.told)).grouped()

    def outcome(self, record: str | None, *, stopped: bool = False) -> AutomapOutcome:
        return AutomapOutcome(
            output=str(self.wanted.output),
            results=tuple(self._results(satellite) for satellite in self.found.scenes),
            record=None if record is None else str(self.wanted.output / record),
            failed=self.failed,
            notes=self.notes,
            stopped=stopped,
        )

    def _results(self, satellite: str) -> Results:
        return Results(
            satellite=satellite,
            scenes=str(scenes_folder(self.wanted.output, satellite)),
            composite=self.composites.get(satellite),
            maps=self.maps.get(satellite, {}),
        )


def _each(scenes: list[str], reason: str) -> list[tuple[str, str]]:
    return [(name, reason) for name in scenes]
