"""Active learning: suggest points where further samples would improve a model most."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier import Model, Predictor
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.analysis.learning.suggestion import SampleCandidates, doubt_of, suggest
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.notes import Fate, Note, Notes, Subject, tell
from automap_tiles.stopping import NEVER, Stopped, StopToken, raise_if_stopped
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._bounds import Count, Positive
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.samples.picture import SourcePicture, look_at
from automap_tiles.workflows.samples.points_file import (
    MARK,
    check_points_name,
    write_points_file,
)
from automap_tiles.workflows.samples.random_pixels import random_pixels

CANDIDATES = 20_000
_AT_ONCE = 4096
"""Candidates predicted at a time."""
_UNSURE = "the model is unsure"
_UNLIKE = "unlike all samples"


@dataclass(frozen=True, kw_only=True)
class SuggestOrder(Order):
    """Suggest where the next samples improve a model most."""

    workflow: ClassVar[str] = "suggest"

    picture: str
    """Raster file or tile directory that the model is for."""
    model: str
    """Model file of `automap train`."""
    out: str
    """File of the points, `.csv` or `.geojson`."""
    number: Count = 50
    apart: Positive | None = None
    """Minimum distance between suggestions and from samples, in units of the raster's CRS; None:
    half of the distance of evenly spread points."""
    candidates: Count = CANDIDATES
    """Pixels from the whole raster that are considered."""
    seed: int = 0
    workers: Count | None = None


@dataclass(frozen=True, kw_only=True)
class SuggestReport:
    """The criteria of the selection."""

    picture: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    out: str

    def to_json(self) -> Json:
        return {
            "picture": self.picture,
            "classes": list(self.classes),
            "features": list(self.features),
            "out": self.out,
        }


@dataclass(frozen=True, kw_only=True)
class SuggestOutcome:
    """The selected points."""

    unsure: int
    """Points where the model is uncertain."""
    unlike: int
    """Points that are dissimilar to all of its samples."""
    candidates: int
    """Candidates with valid data."""
    apart: float
    """In units of the raster's CRS."""
    out: str | None
    """None if it was stopped."""
    notes: tuple[Note, ...] = ()

    def to_json(self) -> Json:
        return {
            "unsure": self.unsure,
            "unlike": self.unlike,
            "candidates": self.candidates,
            "apart": self.apart,
            "out": self.out,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.out is None,
        }


def check(order: SuggestOrder) -> SuggestReport:
    """Open model and raster; no pixel is read. Raises `ConfigError`, `InputError`."""
    model, _ = _looked_at(order)
    return SuggestReport(
        picture=order.picture,
        classes=tuple(one.name for one in model.classes),
        features=model.recipe.names,
        out=order.out,
    )


def run(order: SuggestOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Read candidates, select, write the points; the outcome is a `SuggestOutcome`.

    Nothing is written if it is stopped.
    """
    check_points_name(Path(order.out))
    yield Started(facts={"picture": order.picture, "model": order.model})
    notes = Notes()
    found: _Points | None = None
    try:
        model, picture = yield from run_in_background(
            lambda _: _looked_at(order), stop=stop, notes=notes
        )
        table = yield from random_pixels(
            picture,
            model.recipe,
            order.candidates,
            seed=order.seed,
            how=ExecutionOptions(workers=order.workers),
            stop=stop,
            notes=notes,
        )
        chosen = run_in_background(
            lambda _: _points(order, model, picture, table), stop=stop, notes=notes
        )
        found = yield from chosen
    except Stopped:
        pass
    if found is not None:
        write_points_file(Path(order.out), found.x, found.y, {MARK: found.reasons})
    reasons = () if found is None else found.reasons
    outcome = SuggestOutcome(
        unsure=reasons.count(_UNSURE),
        unlike=reasons.count(_UNLIKE),
        candidates=0 if found is None else found.candidates,
        apart=0.0 if found is None else found.apart,
        out=None if found is None else order.out,
        notes=notes.grouped(),
    )
    yield Finished(outcome=outcome)


@dataclass(frozen=True, kw_only=True)
class _Points:
    x: NDArray[np.float64]
    """Longitudes."""
    y: NDArray[np.float64]
    reasons: tuple[str, ...]
    candidates: int
    apart: float


def _looked_at(order: SuggestOrder) -> tuple[Model, SourcePicture]:
    try:
        model = Model.open(order.model)
    except InputError as error:
        raise ConfigError(error.message, order.model, key="--suggest") from error
    return model, look_at(order.picture)


def _points(
    order: SuggestOrder, model: Model, picture: SourcePicture, table: SampleTable
) -> _Points:
    from rasterio.crs import CRS
    from rasterio.warp import transform

    apart = order.apart or _evenly(picture, order.number) / 2
    places = np.column_stack([table.x, table.y])
    known = np.column_stack(
        [
            np.asarray(one, dtype=np.float64)
            for one in transform(
                CRS.from_user_input(model.training.crs), picture.crs, *model.training.positions.T
            )
        ]
    )
    candidates = _candidates(model, table, places)
    found = suggest(candidates, known, order.number, apart, order.seed)
    if (missing := order.number - len(found.which)) > 0:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.SAMPLES,
                reason=f"no more places lie {apart:g} from each other and from known samples",
                count=missing,
                remedy="a smaller --apart, or more --candidates",
            )
        )
    x, y = transform(picture.crs, CRS.from_epsg(4326), *places[found.which].T)
    return _Points(
        x=np.asarray(x, dtype=np.float64),
        y=np.asarray(y, dtype=np.float64),
        reasons=tuple(_UNLIKE if one else _UNSURE for one in found.is_unlike.tolist()),
        candidates=len(table),
        apart=apart,
    )


def _candidates(model: Model, table: SampleTable, places: NDArray[np.float64]) -> SampleCandidates:
    predictor = Predictor(model)
    area = None if model.confidence is None else model.confidence.applicability
    doubt, unlike, features = [], [], []
    for first in range(0, len(table), _AT_ONCE):
        raise_if_stopped()
        rows = table.values[first : first + _AT_ONCE]
        doubt.append(doubt_of(predictor.probabilities(rows)))
        inputs = predictor.inputs(rows)
        features.append(inputs.astype(np.float64))
        if area is not None:
            unlike.append(area.dissimilarity(inputs) / max(area.threshold, 1e-12))
    values = np.concatenate(features)
    spread = values.std(axis=0)
    factors = 1 / np.where(spread > 0, spread, 1.0) if area is None else area.factors
    return SampleCandidates(
        places=places,
        features=values * factors,
        doubt=np.concatenate(doubt),
        unlike=np.concatenate(unlike) if unlike else np.zeros(len(table)),
    )


def _evenly(picture: SourcePicture, number: int) -> float:
    """Distance of a number of evenly spread points, units of the CRS."""
    rows, cols = picture.window
    width, height = picture.pixel
    return math.sqrt(len(rows) * len(cols) * width * height / number)
