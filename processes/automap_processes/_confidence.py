"""What a model says of how far its map can be trusted, as a process file asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_processes._prediction import PredictionSetRequest
from automap_tiles import ConfigError, Fate, Note, Subject, tell
from automap_tiles.analysis.learning.classifier import CalibrationMethod, Confidence, Model
from automap_tiles.analysis.learning.confidence.applicability import Applicability
from automap_tiles.analysis.learning.confidence.calibration import ENOUGH, Calibration
from automap_tiles.analysis.learning.confidence.conformal import SetScores

CalibrationName: TypeAlias = Literal["temperature", "isotonic"]
"""How probabilities are made to mean what they say."""

_AGAIN = (
    "train it again with --overwrite, of three polygons of a class at least; or leave out {name}"
)


@dataclass(frozen=True)
class ConfidenceParameters:
    """Parameters that may not stand beside each other."""

    smoothing: bool
    minimum_patch: int
    calibration: CalibrationName | None
    sets: float | None
    sets_by_class: bool


def check_combination(asked: ConfidenceParameters) -> None:
    """Raise `ConfigError` where one parameter would make another untrue."""
    for name, found in (("calibration", asked.calibration), ("sets", asked.sets)):
        if asked.smoothing and found is not None:
            raise ConfigError(
                "probabilities that listen to their neighbours are no longer those that were "
                "calibrated",
                key=f"process_parameters.{name}",
                found=found,
                remedy=f"leave out smoothing or {name}, or make two maps",
            )
    if asked.sets is not None and asked.minimum_patch > 1:
        raise ConfigError(
            "a pixel that takes the class around it has no set of classes to show for it",
            key="process_parameters.minimum_patch",
            found=asked.minimum_patch,
            remedy="leave out minimum_patch or sets, or make two maps",
        )
    if asked.sets_by_class and asked.sets is None:
        raise ConfigError(
            "there are no sets to make class by class",
            key="process_parameters.sets_by_class",
            found=True,
            remedy="sets: 0.9, or leave out sets_by_class",
        )


def calibration_of(model: Model, asked: CalibrationName | None) -> Calibration | None:
    """What the model has learnt of it; raises `ConfigError` where that is nothing."""
    if asked is None:
        return None
    found = _confidence(model, "calibration").calibration(CalibrationMethod(asked))
    if found is None:
        raise ConfigError(
            f"the model has no isotonic curves: they want {ENOUGH} samples held out of every class",
            key="process_parameters.calibration",
            found=asked,
            remedy="calibration: temperature, or more samples",
        )
    return found


def set_request(
    model: Model, coverage: float | None, by_class: bool
) -> PredictionSetRequest | None:
    """What makes sets that hold the true class so often; raises `ConfigError`."""
    if coverage is None:
        return None
    key = "process_parameters.sets"
    if not 0 < coverage < 1:
        raise ConfigError(
            "the share of pixels whose true class is in the set lies between 0 and 1",
            key=key,
            found=coverage,
            remedy="sets: 0.9",
        )
    confidence = _confidence(model, "sets")
    scores = confidence.sets
    if scores is None:
        raise _unknown("sets")
    quantiles = _quantiles(scores, coverage, len(model.classes), by_class)
    if np.isinf(quantiles).all():
        raise ConfigError(
            f"{scores.polygons} polygons or blocks are too few to say it",
            key=key,
            found=coverage,
            remedy=f"a coverage below {scores.polygons / (scores.polygons + 1):.2f}"
            f"{', sets_by_class: false' * by_class}, or samples of more polygons",
        )
    return PredictionSetRequest(temperature=confidence.temperature, quantiles=quantiles)


@lru_cache(maxsize=8)
def _quantiles(
    scores: SetScores, coverage: float, classes: int, by_class: bool
) -> NDArray[np.float64]:
    """Of all samples, which are sorted once and not for every tile."""
    if by_class:
        found = scores.quantiles(coverage, classes)
    else:
        found = np.full(classes, scores.quantile(coverage))
    found.setflags(write=False)
    return found


def report_uninformative_sets(model: Model, wish: PredictionSetRequest | None) -> None:
    """Tell of sets that promise nothing, and of classes that are in every set."""
    if wish is None or model.confidence is None or model.confidence.sets is None:
        return
    scores = model.confidence.sets
    if not scores.ground.is_promise:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.CLASSES,
                reason="sets of classes are made by folds of the training: how often they hold "
                "the true class was measured, and is not promised",
                count=len(model.classes),
                remedy="a model trained with --holdout keeps polygons that promise it",
            )
        )
    always = [one for one, q in zip(model.classes, wish.quantiles, strict=True) if np.isinf(q)]
    if always:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.CLASSES,
                reason="of too few polygons to say when they are not in the set: in every set",
                count=len(always),
                examples=tuple(one.name for one in always[:3]),
                remedy="samples of more polygons, or sets_by_class: false",
            )
        )


def area_of(model: Model, asked: bool) -> Applicability | None:
    """What unlikeness is measured by; raises `ConfigError` where the model does not know."""
    if not asked:
        return None
    found = _confidence(model, "applicability").applicability
    if found is None:
        raise _unknown("applicability")
    return found


def _confidence(model: Model, name: str) -> Confidence:
    if model.confidence is None:
        raise _unknown(name)
    return model.confidence


def _unknown(name: str) -> ConfigError:
    return ConfigError(
        f"the model knows nothing of {name}: an earlier version made it, or too little could be "
        "held out",
        key=f"process_parameters.{name}",
        remedy=_AGAIN.format(name=name),
    )
