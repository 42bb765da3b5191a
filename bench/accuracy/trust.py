"""How far `automap train` says that its model can be trusted, beside what held-out polygons say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.classifier.model import Model
from automap_tiles.analysis.learning.classifier.predict import Predictor
from automap_tiles.analysis.learning.confidence.conformal import scores_of, sets_of
from automap_tiles.analysis.learning.confidence.reliability import reliability
from automap_tiles.analysis.learning.sample_table import SampleTable
from bench.accuracy import ours
from bench.accuracy.divisions import Division
from bench.accuracy.sets import DataSet

COVERAGE = 0.9

_HEAD = (
    "set", "divisions", "temperature", "log loss", "calibrated", "calibration error", "calibrated",
    f"sets of {COVERAGE:.0%}: true class inside", "classes in a set", "inside of the area",
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
    inside = scores_of(calibrated, labels) <= quantile
    _, member = np.unique(groups, return_inverse=True)
    of_polygons = np.bincount(member, inside) / np.bincount(member)
    area = confidence.applicability
    near = area.dissimilarity(rows) <= area.threshold
    right = probabilities.argmax(axis=0) == labels
    return {
        "temperature": confidence.temperature.value,
        "log_loss": [plain.log_loss, after.log_loss],
        "error": [plain.error, after.error],
        "covered": float(of_polygons.mean()),
        "classes": float(sets_of(calibrated, quantile).sum(axis=0).mean()),
        "near": float(near.mean()),
        "right_near": float(right[near].mean()) if near.any() else None,
        "right_far": float(right[~near].mean()) if not near.all() else None,
    }


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
              for key, form in (("covered", ".1%"), ("classes", ".2f"), ("near", ".0%"))),
            *(_mean([one[key] for one in rows]) for key in ("right_near", "right_far")),
        ]  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"


def _mean(several: list[float | None]) -> str:
    known = [one for one in several if one is not None]
    return f"{np.mean(known):.3f}" if known else ""
