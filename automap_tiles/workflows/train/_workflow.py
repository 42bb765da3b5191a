"""The workflow `train`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from automap_tiles.notes import Note, Notes, collecting
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.storage import Address
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows.events import Event, Finished, Json, Started
from automap_tiles.workflows.report import write_training
from automap_tiles.workflows.train._order import TrainOrder, spec_of
from automap_tiles.workflows.train._run import Trained, begin, trained
from automap_tiles.workflows.train.results import report_of


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """The training to run."""

    model: str
    is_there: bool
    """Whether a model of that name exists; a different one is only replaced if the order says
    so."""
    shapes: tuple[tuple[str, int], ...]
    """Class and number of samples in the file, by class number."""
    bands: tuple[str, ...]
    """Of the raster."""
    features: tuple[str, ...]
    """Candidate features."""
    notes: tuple[Note, ...]

    def to_json(self) -> Json:
        return {
            "model": self.model,
            "is_there": self.is_there,
            "shapes": dict(self.shapes),
            "bands": list(self.bands),
            "features": list(self.features),
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class TrainOutcome:
    """Result of a training."""

    model: str
    trained: Trained | None
    """None if it was stopped."""
    report: str | None
    notes: tuple[Note, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before there was a model."""
        return self.trained is None

    def to_json(self) -> Json:
        return {
            "model": self.model,
            **({} if self.trained is None else self.trained.to_json()),
            "report": self.report,
            "notes": [note.to_json() for note in self.notes],
            "stopped": self.stopped,
        }


def check(order: TrainOrder) -> TrainReport:
    """Open samples and raster; no pixel is read. Raises `ConfigError`, `InputError`."""
    with collecting() as told:
        spec = spec_of(order)
        begun = begin(spec)
    names = begun.samples.names
    shapes = begun.samples.counts.items()
    return TrainReport(
        model=order.model,
        is_there=Address.of(spec.model).exists(),
        shapes=tuple((names.get(value) or str(value), count) for value, count in shapes),
        bands=begun.picture.bands,
        features=begun.offer.recipe.names,
        notes=(*begun.samples.notes, *told.grouped()),
    )


def run(order: TrainOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Train, and write model and report; see `trained`. The outcome is a `TrainOutcome`.

    Samples that were read remain in the samples folder if it is stopped.
    """
    spec = yield from run_with_notes(lambda: spec_of(order))
    yield Started(facts={"model": order.model})
    notes = Notes()
    try:
        found = yield from trained(spec, stop=stop, notes=notes)
    except Stopped:
        found = None
    if found is not None and order.report is not None:
        write_training(report_of(found), Address.of(order.report))
    yield Finished(
        outcome=TrainOutcome(
            model=order.model,
            trained=found,
            report=None if found is None else order.report,
            notes=notes.grouped(),
        )
    )
