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
    """Steps of a selection, in their order; the words follow a number."""

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
"""Scenes that were wanted and are not used all the same: told as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """Scenes that one step left out for one reason."""

    step: FunnelStep
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step, and what was left after it."""

    step: FunnelStep
    left: int
    out: tuple[Note, ...] = ()
    """Why the others were left out here, with counts and examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Scenes from found to used."""

    found: int = 0
    """Products of satellites that are known, those that cannot be read among them."""
    out: tuple[Out, ...] = ()
    """In the order of the steps, one for each reason."""

    @property
    def used(self) -> int:
        """Scenes that are left after the last step."""
        return self.found - sum(out.note.count for out in self.out)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every step with what was left after it."""
        left = self.found
        stages: list[Stage] = []
        for step in FunnelStep:
            notes = tuple(out.note for out in self.out if out.step is step)
            left -= sum(note.count for note in notes)
            stages.append(Stage(step=step, left=left, out=notes))
        return tuple(stages)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of the scenes that were wanted and are not used, such as duplicates and broken ones."""
        return tuple(out.note for out in self.out if out.step in _SET_ASIDE)

    def without(
        self, step: FunnelStep, scenes: Iterable[tuple[str, str]], *, remedy: str | None = None
    ) -> Funnel:
        """The same without scenes that a step leaves out: (name, reason) of each.

        The reasons are those of `Note`: the same words for the same cause.
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
        """Of two searches together."""
        return Funnel(found=self.found + other.found, out=_merged((*self.out, *other.out)))

    def __str__(self) -> str:
        stages = [stage for stage in self.stages if stage.step is not FunnelStep.LEVEL or stage.out]
        return " → ".join(f"{stage.left} {stage.step}" for stage in stages)

    def why_nothing(self) -> str:
        """One sentence on why no scene is left, for an error."""
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
        """The funnel that `to_json` wrote."""
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
    """Those of one step and cause as one, in the order of the steps."""
    by_step = {step: Notes() for step in FunnelStep}
    for one in out:
        by_step[one.step].add(one.note)
    return tuple(Out(step=step, note=note) for step, notes in by_step.items() for note in notes)
