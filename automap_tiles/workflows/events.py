"""Events of workflows: one union for all of them.

The progress bar and log lines of the command line, its JSON output, web pages and notebooks read
the same stream. `Finished` is the last event of every workflow that does not fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from automap_tiles.engine.events import Noted, WorkerLost

__all__ = [
    "Done",
    "Event",
    "Fact",
    "Failed",
    "Finished",
    "Json",
    "Noted",
    "PhaseFinished",
    "PhaseStarted",
    "Serialisable",
    "SetAside",
    "Skipped",
    "Started",
    "WorkerLost",
]

Json: TypeAlias = dict[str, Any]
Fact: TypeAlias = str | int | float | bool | None


class Serialisable(Protocol):
    """Something with a JSON form: an item that was processed, or an outcome."""

    def to_json(self) -> Json:
        """Plain values for a line of JSON or a database."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """All checks have passed and the work begins."""

    total: int | None = None
    """Number of items, including those done before; None: not known yet."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What is known so far, such as the output and the number of workers."""

    def to_json(self) -> Json:
        return {"event": "started", "total": self.total, **self.facts}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A phase begins."""

    phase: str
    total: int | None = None
    """As in `Started`."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """Properties of the phase, such as a satellite."""

    def to_json(self) -> Json:
        return {"event": "phase_started", "phase": self.phase, "total": self.total, **self.facts}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFinished:
    """A phase has ended."""

    phase: str
    outcome: Serialisable
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """As in `PhaseStarted`."""

    def to_json(self) -> Json:
        return {
            "event": "phase_finished",
            "phase": self.phase,
            **self.facts,
            **self.outcome.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An item is done and valid."""

    item: Serialisable

    def to_json(self) -> Json:
        return {"event": "done", **self.item.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An item failed, or is invalid; it contains the reason."""

    item: Serialisable

    def to_json(self) -> Json:
        return {"event": "failed", **self.item.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A requested item that cannot be used, or was not selected; it contains the reason."""

    item: Serialisable

    def to_json(self) -> Json:
        return {"event": "set_aside", **self.item.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Items that were done before, reported in groups."""

    count: int

    def to_json(self) -> Json:
        return {"event": "skipped", "count": self.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of the work."""

    outcome: Serialisable

    def to_json(self) -> Json:
        return {"event": "finished", **self.outcome.to_json()}


Event: TypeAlias = (
    Started
    | PhaseStarted
    | PhaseFinished
    | Done
    | Failed
    | SetAside
    | Skipped
    | Noted
    | WorkerLost
    | Finished
)
