"""From samples and a picture to a model."""

from automap_tiles.workflows.samples.recipes import Offer, RecipeRequest, make_recipe, read_recipe
from automap_tiles.workflows.train._order import TrainOrder
from automap_tiles.workflows.train._run import (
    TRAINING,
    SamplesRead,
    Trained,
    TrainSpec,
    TriedParameters,
    trained,
)
from automap_tiles.workflows.train._workflow import TrainOutcome, TrainReport, check, run
from automap_tiles.workflows.train.results import explain, report_of, summary

__all__ = [
    "TRAINING",
    "Offer",
    "RecipeRequest",
    "SamplesRead",
    "TrainOrder",
    "TrainOutcome",
    "TrainReport",
    "TrainSpec",
    "Trained",
    "TriedParameters",
    "check",
    "explain",
    "make_recipe",
    "read_recipe",
    "report_of",
    "run",
    "summary",
    "trained",
]
