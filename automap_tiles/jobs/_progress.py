"""The progress of a job, from the events of its child process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_tiles.jobs._phases import BEGINS
from automap_tiles.jobs._queue import News
from automap_tiles.jobs.job import Level, Phase, SceneFate
from automap_tiles.jobs.resource_usage import MEMORY

_PHASES = {
    "search": Phase.SEARCHING,
    "scenes": Phase.PREPARING,
    "composite": Phase.MERGING,
    "scenes used": Phase.MERGING,
    "map": Phase.CLASSIFYING,
}
"""Workflow phase → job phase; all other phases belong to training."""
_MADE = ("written", "empty", "failed")
"""Scene states that required work; other scenes already existed."""
_SHARES = {
    Phase.SEARCHING: 2,
    Phase.PREPARING: 60,
    Phase.MERGING: 25,
    Phase.TRAINING: 4,
    Phase.CLASSIFYING: 8,
    Phase.PACKING: 1,
}
"""Rough shares of a classification in per cent; a guess, not a promise."""
_STEPS = {
    "download": (Phase.SEARCHING, Phase.PREPARING, Phase.PACKING),
    "composite": (Phase.SEARCHING, Phase.PREPARING, Phase.MERGING, Phase.PACKING),
}


class Progress:
    """Tracks the events of one attempt."""

    def __init__(self, workflow: str) -> None:
        self._steps = _STEPS.get(workflow, tuple(_SHARES))
        self._lines: list[tuple[Level, str]] = []
        self._scenes: list[SceneFate] = []
        self._phase = Phase.SEARCHING
        self._total: int | None = None
        self._done = 0
        self._message: str | None = None
        self.outcome: Mapping[str, Any] | None = None
        """Outcome of the whole run, once available."""
        self.error: Mapping[str, Any] | None = None
        """The error that ended it earlier."""
        self.usage: dict[str, Any] = {}
        """Resources used by this attempt."""
        self.last_said = ""
        """Last line of standard error; for a traceback, the exception."""
        self.failures: list[str] = []
        """One sentence per failed result."""

    def hear(self, event: Mapping[str, Any]) -> None:
        """Process an event."""
        name = str(event.get("event"))
        match name:
            case "phase_started":
                self._begin(event)
            case "done" | "failed" | "set_aside":
                self._item(name, event)
            case "skipped":
                self._done += int(event.get("count", 0))
            case "finished":
                self.outcome = event
            case "error":
                self.error = event
            case "used":
                self.computed(event["core_seconds"])
                self.held(event.get("memory_bytes", 0))
            case "said" | "waiting":
                self.last_said = str(event["message"]).strip() or self.last_said
                self._lines.append((Level.INFO, str(event["message"])))
            case "note":
                self._lines.append((Level.WARNING, _noted(event)))
            case "worker_lost":
                self._lines.append((Level.WARNING, "a worker process was lost and is replaced"))

    def computed(self, core_seconds: float) -> None:
        """Set the total core seconds; never decreases."""
        self.usage["core_seconds"] = max(core_seconds, self.usage.get("core_seconds", 0.0))

    def held(self, memory: int) -> None:
        """Record the memory in use at one moment, bytes."""
        if memory > self.usage.get(MEMORY, 0):
            self.usage[MEMORY] = memory

    def pack(self, message: str) -> None:
        """The child has finished, its results are being stored."""
        self._phase, self._total, self._done, self._message = Phase.PACKING, None, 0, message
        self._lines.append((Level.INFO, BEGINS + message))

    def news(self) -> News:
        """What has changed since the last call."""
        lines, scenes = tuple(self._lines), tuple(self._scenes)
        self._lines.clear()
        self._scenes.clear()
        return News(
            phase=self._phase,
            progress=self._per_cent(),
            message=self._message,
            lines=lines,
            scenes=scenes,
        )

    def _begin(self, event: Mapping[str, Any]) -> None:
        name = str(event["phase"])
        self._phase = _PHASES.get(name, Phase.TRAINING)
        total = event.get("total")
        self._total, self._done = (total if isinstance(total, int) else None), 0
        of = f" of {event['satellite']}" if "satellite" in event else ""
        amount = "" if self._total is None else f": {self._total}"
        self._message = f"{self._phase}{of}"
        self._lines.append((Level.INFO, f"{BEGINS}{name}{of}{amount}"))

    def _item(self, name: str, event: Mapping[str, Any]) -> None:
        if name != "set_aside":
            self._done += 1
        if "scene" in event:
            self._scene(name, event)
        elif name == "failed":
            what = event.get("what") or event.get("tile") or "something"
            said = f"{what}: {event.get('error') or event.get('message') or 'failed'}"
            self.failures.append(said)
            self._lines.append((Level.ERROR, said))
        if self._total and name != "set_aside":
            things = "scenes" if self._phase is Phase.PREPARING else "tiles"
            self._message = f"{self._phase}: {self._done} of {self._total} {things}"

    def _scene(self, name: str, event: Mapping[str, Any]) -> None:
        scene = str(event["scene"])
        reason = event.get("error") or event.get("reason")
        status = "set aside" if name == "set_aside" else str(event.get("status", name))
        satellite = event.get("satellite")
        self._count(status, int(event.get("fetched_bytes", 0)))
        self._scenes.append(
            SceneFate(
                scene=scene,
                satellite=None if satellite is None else str(satellite),
                status=status,
                reason=None if reason is None else str(reason),
            )
        )
        said = f"{scene}: {status}" + (f": {reason}" if reason else "")
        if name == "failed":
            self.failures.append(said)
        self._lines.append((Level.ERROR if name == "failed" else Level.INFO, said))

    def _count(self, status: str, fetched: int) -> None:
        if status in _MADE:
            self.usage["scenes"] = self.usage.get("scenes", 0) + 1
        if fetched:
            self.usage["fetched_bytes"] = self.usage.get("fetched_bytes", 0) + fetched

    def _per_cent(self) -> int:
        if self._phase not in self._steps:
            return 0
        whole = sum(_SHARES[step] for step in self._steps)
        before = self._steps[: self._steps.index(self._phase)]
        part = min(1.0, self._done / self._total) if self._total else 0.0
        done = sum(_SHARES[step] for step in before) + part * _SHARES[self._phase]
        return min(99, int(100 * done / whole))


def _noted(event: Mapping[str, Any]) -> str:
    names = ", ".join(map(str, event.get("examples") or ()))
    said = f"{event.get('fate')}: {event.get('count')} {event.get('subject')}"
    said += f" ({names})" if names else ""
    said += f": {event.get('reason')}"
    return said + (f"; {event['remedy']}" if event.get("remedy") else "")
