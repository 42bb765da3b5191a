"""From samples and a picture to a model."""

from automap_tiles.workflows.samples.recipes import Offer, RecipeWish, make_recipe, read_recipe
from automap_tiles.workflows.train.order import TrainOrder
from automap_tiles.workflows.train.results import explain, report_of, summary
from automap_tiles.workflows.train.run import (
    TRAINING,
    SamplesRead,
    Trained,
    TrainSpec,
    TriedParameters,
    trained,
)
from automap_tiles.workflows.train.workflow import TrainOutcome, TrainReport, check, run

__all__ = [
    "TRAINING",
    "Offer",
    "RecipeWish",
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
