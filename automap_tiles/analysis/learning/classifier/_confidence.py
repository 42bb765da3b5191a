"""Confidence measures of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from automap_tiles.analysis.learning.confidence.applicability import Applicability
from automap_tiles.analysis.learning.confidence.calibration import (
    Calibration,
    Isotonic,
    Temperature,
)
from automap_tiles.analysis.learning.confidence.conformal import Ground, SetScores

_SETS = "confidence/sets.bin"
_SAMPLES = "confidence/samples.bin"


class CalibrationMethod(StrEnum):
    """How probabilities are calibrated."""

    TEMPERATURE = "temperature"
    """One number for all classes: the predicted class stays the same."""
    ISOTONIC = "isotonic"
    """A curve for each class: the predicted class may change."""


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """Fitted to polygons or blocks that were held out during training."""

    temperature: Temperature
    isotonic: Isotonic | None = None
    """None if a class has too few samples."""

    sets: SetScores | None = None
    """Scores for prediction sets; None in models without them."""

    applicability: Applicability | None = None
    """Area of applicability; None if it could not be determined."""

    def calibration(self, method: CalibrationMethod) -> Calibration | None:
        """None if the model has none of this kind."""
        return self.temperature if method is CalibrationMethod.TEMPERATURE else self.isotonic

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` restores an equal object."""
        return {
            **self.temperature.to_dict(),
            "isotonic": None if self.isotonic is None else self.isotonic.to_dict(),
            **({} if self.sets is None else {"sets": {"ground": self.sets.ground.value}}),
            **(
                {}
                if self.applicability is None
                else {"applicability": self.applicability.to_dict()}
            ),
            "files": list(self.files()),
        }

    def files(self) -> dict[str, bytes]:
        """Name → content of the files beside the JSON."""
        area, sets = self.applicability, self.sets
        return {
            **({} if sets is None else {_SETS: sets.to_bytes()}),
            **({} if area is None else {_SAMPLES: area.to_bytes()}),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], files: Mapping[str, bytes]) -> Confidence:
        """Restore from `to_dict` and `files`; raises `KeyError`, `TypeError`, `ValueError`."""
        curves, sets = content["isotonic"], content.get("sets")
        area = content.get("applicability")
        return cls(
            temperature=Temperature.from_dict(content),
            isotonic=None if curves is None else Isotonic.from_dict(curves),
            sets=None
            if sets is None
            else SetScores.from_bytes(files[_SETS], Ground(sets["ground"])),
            applicability=None if area is None else Applicability.from_dict(area, files[_SAMPLES]),
        )
