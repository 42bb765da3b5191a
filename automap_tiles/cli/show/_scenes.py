"""Report the preparation of scenes as text or JSON lines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import click

from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.preview_hint import preview_hint
from automap_tiles.cli.show.reporters import Ticker, emit_json, emit_note
from automap_tiles.notes import Note
from automap_tiles.scenes.funnel import Funnel
from automap_tiles.workflows.automap.preparing import SceneDone, SceneStatus

_LINE_SECONDS = 2.0
# Of one reason, in a text; the record of the run has all.
_SHOWN = 3

Rejected = Sequence[tuple[str, str]]


@dataclass
class SceneTotals:
    """Sums of the scenes so far."""

    total: int
    count: Counter[SceneStatus] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        return self.count.total()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def to_go(self) -> float | None:
        """Seconds, by the scenes that took any time; None when there are none yet."""
        worked = self.done - self.count[SceneStatus.THERE]
        return (self.total - self.done) * self.seconds / worked if worked else None


class SceneReporter(Protocol):
    """Tells of the parts of a run that are not tiles."""

    def funnel(self, funnel: Funnel) -> None:
        """From the scenes that were found to those that are used."""
        ...

    def set_aside(self, rejected: Rejected) -> None:
        """Scenes that are wanted and not used, one by one: (name, reason)."""
        ...

    def note(self, note: Note) -> None:
        """Something was lost, replaced, ignored or guessed."""
        ...

    def message(self, level: str, text: str) -> None:
        """Show a line of the log; `level` as in logging, in lower case."""
        ...

    def step(self, what: str, phase: str) -> None:
        """Something begins that may take a while, and of which nothing is heard until its end."""
        ...

    def scene(self, done: SceneDone, progress: SceneTotals) -> None:
        """A scene that `progress` has counted already."""
        ...

    def prepared(self, progress: SceneTotals) -> None:
        """All scenes are done."""
        ...

    def trial(self, satellite: str, number: int, loss: float, *, is_best: bool) -> None:
        """A set of parameters of the classifier of a satellite was tried; log loss on the folds."""
        ...

    def trained(self, satellite: str, lines: Sequence[str], *, is_new: bool) -> None:
        """The classifier of a satellite is there; what is known of it."""
        ...

    def failed(self, what: str, why: str) -> None:
        """Something other than a scene or a tile could not be made."""
        ...

    def results(self, paths: Mapping[str, str]) -> None:
        """Where everything is: words → path."""
        ...


def scene_reporter(log_format: str, *, progress: bool, verbose: bool) -> SceneReporter:
    """The one that the options ask for."""
    if log_format == "json":
        return _Json(progress=progress, verbose=verbose)
    return _Text(progress=progress, verbose=verbose)


class _Text:
    def __init__(self, *, progress: bool, verbose: bool) -> None:
        self._progress, self._verbose = progress, verbose
        self._throttle = Ticker(_LINE_SECONDS)

    def funnel(self, funnel: Funnel) -> None:
        click.echo(f"Scenes: {funnel}", err=True)

    def set_aside(self, rejected: Rejected) -> None:
        for reason, names in _by_reason(rejected).items():
            shown = names if self._verbose else names[:_SHOWN]
            more = f" and {numbers.number(len(names) - len(shown))} more" if shown != names else ""
            click.echo(f"Set aside: {', '.join(shown)}{more}: {reason}", err=True)

    def note(self, note: Note) -> None:
        click.echo(str(note), err=True)

    def message(self, level: str, text: str) -> None:
        click.echo(f"{level.capitalize()}: {text}", err=True)

    def step(self, what: str, phase: str) -> None:  # noqa: ARG002 - its name is for machines
        if self._progress:
            click.echo(f"{what} …", err=True)

    def scene(self, done: SceneDone, progress: SceneTotals) -> None:
        if done.status is SceneStatus.FAILED:
            click.echo(f"Failed: {done.scene}: {done.error}", err=True)
        elif self._verbose:
            click.echo(f"{done.scene}  {done.status}  {numbers.duration(done.seconds)}", err=True)
        if self._progress and self._throttle.due():
            to_go = progress.to_go
            rest = "" if to_go is None else f", {numbers.duration(to_go)} to go"
            click.echo(f"{progress.done}/{numbers.plural(progress.total, 'scene')}{rest}", err=True)

    def prepared(self, progress: SceneTotals) -> None:
        count = progress.count
        click.echo(
            f"{numbers.plural(progress.total, 'scene')}: {count[SceneStatus.WRITTEN]} written, "
            f"{count[SceneStatus.EMPTY]} without a pixel in the area, "
            f"{count[SceneStatus.THERE]} done before, {count[SceneStatus.FAILED]} failed "
            f"in {numbers.duration(progress.seconds)}"
        )

    def trial(self, satellite: str, number: int, loss: float, *, is_best: bool) -> None:
        if self._verbose or (is_best and self._progress):
            best = ", the best so far" if is_best else ""
            click.echo(f"{satellite}: trial {number}: log loss {loss:.4f}{best}", err=True)

    def trained(self, satellite: str, lines: Sequence[str], *, is_new: bool) -> None:
        click.echo(f"{satellite}: " + ("trained" if is_new else "trained before"))
        for line in lines:
            click.echo(f"  {line}")

    def failed(self, what: str, why: str) -> None:
        click.echo(f"Failed: {what}: {why}", err=True)

    def results(self, paths: Mapping[str, str]) -> None:
        for what, path in paths.items():
            click.echo(f"{what}: {path}")
        if pictures := [path for path in paths.values() if path.endswith(".tif")]:
            click.echo(preview_hint(pictures))


class _Json:
    def __init__(self, *, progress: bool, verbose: bool) -> None:
        self._progress, self._verbose = progress, verbose
        self._throttle = Ticker(_LINE_SECONDS)

    def funnel(self, funnel: Funnel) -> None:
        emit_json("info", "funnel", used=funnel.used, steps=funnel.to_json())

    def set_aside(self, rejected: Rejected) -> None:
        for name, reason in rejected:
            emit_json("warning", "set_aside", scene=name, reason=reason)

    def note(self, note: Note) -> None:
        emit_note(note)

    def message(self, level: str, text: str) -> None:
        emit_json(level, "log", message=text)

    def step(self, what: str, phase: str) -> None:
        if self._progress:
            emit_json("info", "step", phase=phase, message=what)

    def scene(self, done: SceneDone, progress: SceneTotals) -> None:
        failed = done.status is SceneStatus.FAILED
        if failed or self._verbose:
            emit_json(
                "error" if failed else "info",
                "scene",
                satellite=done.satellite,
                scene=done.scene,
                status=str(done.status),
                seconds=round(done.seconds, 3),
                **({"error": done.error} if failed else {}),
            )
        if self._progress and self._throttle.due():
            emit_json("info", "progress", **_sums(progress))

    def prepared(self, progress: SceneTotals) -> None:
        emit_json("info", "prepared", **_sums(progress))

    def trial(self, satellite: str, number: int, loss: float, *, is_best: bool) -> None:
        if self._verbose or (is_best and self._progress):
            emit_json("info", "trial", satellite=satellite, number=number, loss=loss, best=is_best)

    def trained(self, satellite: str, lines: Sequence[str], *, is_new: bool) -> None:
        emit_json("info", "trained", satellite=satellite, new=is_new, message="\n".join(lines))

    def failed(self, what: str, why: str) -> None:
        emit_json("error", "failed", what=what, error=why)

    def results(self, paths: Mapping[str, str]) -> None:
        emit_json("info", "results", paths=dict(paths))


def _by_reason(rejected: Rejected) -> dict[str, list[str]]:
    """Names under what is wrong with them; a name that a reason begins with is cut off."""
    found: dict[str, list[str]] = {}
    for name, reason in rejected:
        found.setdefault(reason.replace(f"scene {name} ", "the scene "), []).append(name)
    return found


def _sums(progress: SceneTotals) -> dict[str, object]:
    counts = {str(status): progress.count[status] for status in SceneStatus}
    return {"scenes": progress.total, **counts, "seconds": round(progress.seconds, 3)}
