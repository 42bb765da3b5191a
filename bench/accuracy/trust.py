"""How far `automap train` says that its model can be trusted, beside what held-out polygons say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.confidence.conformal import (
    quantile_of_groups,
    scores_of,
    sets_of,
)
from automap_tiles.analysis.learning.confidence.reliability import reliability
from automap_tiles.analysis.learning.sample_table import SampleTable
from bench.accuracy import ours
from bench.accuracy.divisions import Division
from bench.accuracy.sets import DataSet

COVERAGE = 0.9
_DIVISIONS = 200
"""Of the polygons that were held out, into those that promise and those that are looked at."""

_HEAD = (
    "set", "divisions", "temperature", "log loss", "calibrated", "calibration error", "calibrated",
    f"sets of {COVERAGE:.0%} by folds: true class inside", "classes in a set",
    f"by half of the others, {_DIVISIONS} times", "of polygons", "inside of the area",
    "accuracy inside", "accuracy outside",
)  # fmt: skip


def measure(data: DataSet, division: Division, every: SampleTable) -> dict[str, Any]:
    """Of a training on the polygons that a division leaves, on the pixels of the others."""
    held = every.take(np.isin(every.groups, division.held_out))
    model = ours.train(data, division).model
    rows = ours.features(model, data, held)
    probabilities = np.ascontiguousarray(Predictor(model).probabilities(rows).T)
    places = {one.name: place for place, one in enumerate(model.classes)}
    labels = np.array([places[held.names[int(value)]] for value in held.classes])
    return _measured(model, Predictor(model).inputs(rows), probabilities, labels, held.groups)


def _measured(
    model: Model, rows: Any, probabilities: Any, labels: Any, groups: Any
) -> dict[str, Any]:
    confidence = model.confidence
    if confidence is None or confidence.sets is None or confidence.applicability is None:
        raise ValueError("a model that knows nothing of how far it can be trusted")
    calibrated = confidence.temperature.apply(probabilities)
    plain, after = reliability(probabilities, labels), reliability(calibrated, labels)
    quantile = confidence.sets.quantile(COVERAGE)
    scores = scores_of(calibrated, labels)
    area = confidence.applicability
    near = area.dissimilarity(rows) <= area.threshold
    right = probabilities.argmax(axis=0) == labels
    return {
        "temperature": confidence.temperature.value,
        "log_loss": [plain.log_loss, after.log_loss],
        "error": [plain.error, after.error],
        "covered": _covered(scores, groups, quantile),
        "promised": _promised(scores, groups),
        "polygons": len(np.unique(groups)) // 2,
        "classes": float(sets_of(calibrated, quantile).sum(axis=0).mean()),
        "near": float(near.mean()),
        "right_near": float(right[near].mean()) if near.any() else None,
        "right_far": float(right[~near].mean()) if not near.all() else None,
    }


def _covered(scores: Any, groups: Any, quantile: float) -> float:
    """Share of the pixels whose true class is in the set, each polygon counting alike."""
    _, member = np.unique(groups, return_inverse=True)
    return float((np.bincount(member, scores <= quantile) / np.bincount(member)).mean())


def _promised(scores: Any, groups: Any) -> float | None:
    """Mean coverage where half of the polygons say how it is to be reached for the others.

    None where these are too few to promise anything: all classes would be in all sets.
    """
    each, found = np.unique(groups), []
    for number in range(_DIVISIONS):
        half = np.random.default_rng(number).permutation(each)[: len(each) // 2]
        seen = np.isin(groups, half)
        quantile = quantile_of_groups(scores[seen], groups[seen], COVERAGE)
        if np.isinf(quantile):
            return None
        found.append(_covered(scores[~seen], groups[~seen], quantile))
    return float(np.mean(found))


def text(sets: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown."""
    return "\n".join(_lines(sets))


def _lines(sets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"| {' | '.join(_HEAD)} |"
    yield "|---" * len(_HEAD) + "|"
    for name, found in sets.items():
        rows = [one for key, one in found.items() if key.startswith("trust ")]
        if not rows:
            continue
        losses, errors = (np.mean([one[key] for one in rows], axis=0)
                          for key in ("log_loss", "error"))  # fmt: skip
        cells = [
            str(len(rows)),
            f"{np.median([one['temperature'] for one in rows]):.2f}",
            *(f"{one:.3f}" for one in (*losses, *errors)),
            *(f"{np.mean([one[key] for one in rows]):{form}}"
              for key, form in (("covered", ".1%"), ("classes", ".2f"))),
            _mean([one["promised"] for one in rows]),
            f"{np.mean([one['polygons'] for one in rows]):.0f}",
            f"{np.mean([one['near'] for one in rows]):.0%}",
            *(_mean([one[key] for one in rows]) for key in ("right_near", "right_far")),
        ]  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"


def _mean(several: list[float | None]) -> str:
    known = [one for one in several if one is not None]
    return f"{np.mean(known):.3f}" if known else ""
