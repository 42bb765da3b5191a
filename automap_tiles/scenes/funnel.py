"""The selection funnel: how many scenes were found, and at which stage the others were excluded.

::

    12 found → 10 of these satellites → 8 in time → 8 in place → 5 below the cloud cover
    → 4 without duplicates → 4 readable → 4 used

One selection makes it for folders and catalogues, later steps narrow it (`Funnel.without`);
commands show it and records keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from automap_tiles.notes import Fate, Note, Notes, Subject


class FunnelStep(StrEnum):
    """Steps of a selection, in order; the text follows a number."""

    FOUND = "found"
    SATELLITES = "of these satellites"
    TIME = "in time"
    PLACE = "in place"
    CLOUD_COVER = "below the cloud cover"
    LEVEL = "of this level"
    DUPLICATES = "without duplicates"
    READABLE = "readable"
    USED = "used"


_SET_ASIDE = (FunnelStep.LEVEL, FunnelStep.DUPLICATES, FunnelStep.READABLE, FunnelStep.USED)
"""Scenes that were wanted but cannot be used, reported as losses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """Scenes that one step removed for one reason."""

    step: FunnelStep
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step, and the number left after it."""

    step: FunnelStep
    left: int
    out: tuple[Note, ...] = ()
    """Reasons for removal in this step, with counts and examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Scene counts from found to used."""

    found: int = 0
    """Products of known satellites, including unreadable ones."""
    out: tuple[Out, ...] = ()
    """One per reason, in the order of the steps."""

    @property
    def used(self) -> int:
        """Number of scenes left after the last step."""
        return self.found - sum(out.note.count for out in self.out)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every step with the number left after it."""
        left = self.found
        stages: list[Stage] = []
        for step in FunnelStep:
            notes = tuple(out.note for out in self.out if out.step is step)
            left -= sum(note.count for note in notes)
            stages.append(Stage(step=step, left=left, out=notes))
        return tuple(stages)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on scenes that were wanted but not used, such as duplicates and broken ones."""
        return tuple(out.note for out in self.out if out.step in _SET_ASIDE)

    def without(
        self, step: FunnelStep, scenes: Iterable[tuple[str, str]], *, remedy: str | None = None
    ) -> Funnel:
        """The funnel after a step removed scenes, given as (name, reason).

        Reasons are those of `Note`: equal causes give equal text.
        """
        fate = Fate.LOST if step in _SET_ASIDE else Fate.IGNORED
        out = [
            Out(
                step=step,
                note=Note(
                    fate=fate,
                    subject=Subject.SCENES,
                    reason=reason,
                    examples=(name,),
                    remedy=remedy,
                ),
            )
            for name, reason in scenes
        ]
        return replace(self, out=_merged((*self.out, *out)))

    def __add__(self, other: Funnel) -> Funnel:
        """Sum of two searches."""
        return Funnel(found=self.found + other.found, out=_merged((*self.out, *other.out)))

    def __str__(self) -> str:
        stages = [stage for stage in self.stages if stage.step is not FunnelStep.LEVEL or stage.out]
        return " → ".join(f"{stage.left} {stage.step}" for stage in stages)

    def why_nothing(self) -> str:
        """One sentence on why no scene is left, for an error message."""
        if not self.found:
            return "there is no product of a known satellite"
        counted = [f"{out.note.count} {out.note.reason}{_named(out.note)}" for out in self.out]
        return f"no scene is left of {self.found} found: {'; '.join(counted)}"

    def to_json(self) -> list[dict[str, Any]]:
        """For JSON lines and records: a list of the steps."""
        return [
            {
                "step": stage.step.value,
                "left": stage.left,
                "out": [note.to_json() for note in stage.out],
            }
            for stage in self.stages
        ]

    @classmethod
    def from_json(cls, said: Iterable[Mapping[str, Any]]) -> Funnel:
        """Inverse of `to_json`."""
        stages = list(said)
        out = [
            Out(step=FunnelStep(stage["step"]), note=Note.from_json(note))
            for stage in stages
            for note in stage["out"]
        ]
        return cls(found=stages[0]["left"] if stages else 0, out=tuple(out))


def _named(note: Note) -> str:
    more = ", …" if note.count > len(note.examples) else ""
    return f" ({', '.join(note.examples)}{more})" if note.examples else ""


def _merged(out: Iterable[Out]) -> tuple[Out, ...]:
    """Entries of the same step and cause merged, in the order of the steps."""
    by_step = {step: Notes() for step in FunnelStep}
    for one in out:
        by_step[one.step].add(one.note)
    return tuple(Out(step=step, note=note) for step, notes in by_step.items() for note in notes)
