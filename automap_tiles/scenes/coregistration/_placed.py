"""Position of a scene relative to the others of its place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automap_tiles.analysis.registration.consensus import Consensus
from automap_tiles.analysis.registration.shift import Doubt, Shift
from automap_tiles.notes import Fate, Note, Subject

if TYPE_CHECKING:
    from automap_tiles.missions import Scene


@dataclass(frozen=True, kw_only=True)
class PlacedScene:
    """A scene and its shift, or why none could be determined."""

    id: str
    found: Consensus | Doubt
    pixel: tuple[float, float]
    """(width, height) of a pixel in units of the bands' CRS."""

    @property
    def shift(self) -> tuple[float, float]:
        """(x, y) in units of the bands' CRS; zero if the scene is not moved."""
        if isinstance(self.found, Doubt) or self.found.shift.is_aligned:
            return 0.0, 0.0
        shift = self.found.shift
        return shift.columns * self.pixel[0], -shift.rows * self.pixel[1]

    @property
    def is_moved(self) -> bool:
        return self.shift != (0.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """For tables and records."""
        said: dict[str, Any] = {"scene": self.id, "pixel": list(self.pixel)}
        if isinstance(self.found, Doubt):
            return {**said, "status": "refused", "reason": self.found.value}
        return {
            **said,
            "status": "moved" if self.is_moved else "aligned",
            "rows": self.found.shift.rows,
            "columns": self.found.shift.columns,
            "places": self.found.places,
            "inliers": self.found.inliers,
            "spread": self.found.spread,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> PlacedScene:
        """Inverse of `to_json`; raises `KeyError`, `TypeError`, `ValueError`."""
        width, height = said["pixel"]
        found: Consensus | Doubt
        if said["status"] == "refused":
            found = Doubt(said["reason"])
        else:
            found = Consensus(
                shift=Shift(rows=_number(said["rows"]), columns=_number(said["columns"])),
                places=int(said["places"]),
                inliers=int(said["inliers"]),
                spread=float(said["spread"]),
            )
        return cls(id=str(said["scene"]), found=found, pixel=(_number(width), _number(height)))


def with_shifts(scenes: Iterable[Scene], placed: Iterable[PlacedScene]) -> tuple[Scene, ...]:
    """The scenes with the shifts applied."""
    shifts = {each.id: each.shift for each in placed}
    return tuple(replace(scene, shift=shifts.get(scene.id, scene.shift)) for scene in scenes)


def notes_of(placed: Iterable[PlacedScene], scenes: Iterable[Scene]) -> tuple[Note, ...]:
    """One note per reason for which scenes stay at their files' georeference."""
    found = {each.id: each.found for each in placed}
    names: dict[str, list[str]] = defaultdict(list)
    for scene in scenes:
        own = found.get(scene.id)
        if own is None:
            names["the table does not have them"].append(scene.id)
        elif isinstance(own, Doubt):
            names[own.value].append(scene.id)
    return tuple(_note(reason, ids) for reason, ids in names.items())


def _number(said: Any) -> float:
    """A finite number; raises `ValueError` otherwise."""
    found = float(said)
    if not math.isfinite(found):
        raise ValueError(f"{said} pixels")
    return found


def _note(reason: str, ids: Sequence[str]) -> Note:
    return Note.of(
        ids,
        fate=Fate.IGNORED,
        subject=Subject.SCENES,
        reason=f"not co-registered, {reason}: used where their files say they lie",
        remedy="only, time or max_cloud_cover leaves them out",
    )
