"""A classifier of pixels: model file and prediction. Needs `automap-tiles[classify]`.

Training is in `training`, which prediction does not import.
"""

from __future__ import annotations

from automap_tiles.analysis.learning.classifier._classes import LandClass, land_classes
from automap_tiles.analysis.learning.classifier._confidence import CalibrationMethod, Confidence
from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._model import Model, TrainingSamples
from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.classifier._setups import ENGINES, Kind
from automap_tiles.analysis.learning.classifier._training_domain import (
    TrainingDomain,
    is_other_size,
    is_other_unit,
    unit_factor,
)

__all__ = [
    "ENGINES",
    "CalibrationMethod",
    "Confidence",
    "Kind",
    "LandClass",
    "Model",
    "Predictor",
    "Strategy",
    "TrainingDomain",
    "TrainingSamples",
    "is_other_size",
    "is_other_unit",
    "land_classes",
    "unit_factor",
    "xgboost",
]
