"""A map of classes from a picture and a model of `automap train`.

Inputs: `picture`, a raster (file, tile directory, output of another process) that has the bands the
model was trained on, by name; `model` is a parameter, the file that `automap train` wrote.

Bands of the output (`dtype: uint8`, `nodata: 0`): the number of the class; with `confidence` by how
much the best class leads the second; with `probabilities` one band for each class of the model in
ascending order. These are per cent from 1 to 100, where 1 also stands for less: 0 is no
data, in every band. `lower: mode` under `baselevels` makes overviews of classes, and `colormap:
model.zip` under `output` gives them the model's colours and names.

The pixels around a tile that features, smoothing and patches need are asked for by themselves, so
the result does not depend on how the tiles are cut. Pixels without data are not predicted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from automap_processes._confidence import (
    CalibrationName,
    ConfidenceParameters,
    area_of,
    calibration_of,
    check_combination,
    report_uninformative_sets,
    set_request,
)
from automap_processes._ignored_parameters import report_ignored
from automap_processes._prediction import ClassMapRequest, Mapped, class_map, set_layers
from automap_processes._training_domain import (
    BandUnits,
    check_bands,
    check_training_domain,
    report_outside_training,
    report_unnamed_bands,
)
from automap_processes._types import Resampling
from automap_tiles import ConfigError, Empty, RasterInput, RasterReader, Tile
from automap_tiles.analysis.learning import smoothing as bayes
from automap_tiles.analysis.learning.classifier import Model, Predictor
from automap_tiles.analysis.shapes import patches

Tags = dict[int, dict[str, str]]
Picture = np.ma.MaskedArray[Any, Any]


def setup(model: Path) -> Predictor:
    """The model, loaded once in each worker."""
    return Predictor(Model.open(model))


def pixelbuffer(model: Path, smoothing: bool | int = False, minimum_patch: int = 0) -> int:
    """Pixels around a tile that its classes depend on."""
    around = _around(smoothing, minimum_patch)
    return Model.open(model).recipe.margin + sum(around)


def check_parameters(  # noqa: PLR0913, PLR0917 - the parameters of the process file
    picture: RasterReader,
    model: Path,
    probabilities: bool = False,
    confidence: bool = False,
    minimum_patch: int = 0,
    smoothing: bool | int = False,
    smoothness: float = bayes.SMOOTHNESS,
    bands: list[str] | None = None,
    scale: float | None = None,
    offset: float | None = None,
    unlike: bool = False,
    calibration: CalibrationName | None = None,
    sets: float | None = None,
    sets_by_class: bool = False,
    applicability: bool = False,
) -> int:
    """How many bands the map has; complains of a picture or parameters that cannot work."""
    if smoothness <= 0:
        key = "process_parameters.smoothness"
        raise ConfigError("is more than 0", key=key, found=smoothness)
    report_ignored(
        "there is no smoothing that it could be of",
        "smoothing: true, or leave it out",
        smoothness=not smoothing and smoothness != bayes.SMOOTHNESS,
    )
    if probabilities and minimum_patch > 1:
        raise ConfigError(
            "a pixel that takes the class around it has no probabilities to show for it",
            key="process_parameters.minimum_patch",
            found=minimum_patch,
            remedy="leave out minimum_patch or probabilities, or make two maps",
        )
    check_combination(
        ConfidenceParameters(bool(smoothing), minimum_patch, calibration, sets, sets_by_class)
    )
    known = _check_bands(picture, bands)
    opened = Model.open(model)
    calibration_of(opened, calibration)
    report_uninformative_sets(opened, set_request(opened, sets, sets_by_class))
    area_of(opened, applicability)
    Predictor(opened)  # whether XGBoost is there and can load the trees
    check_bands(opened, known, "input.picture" if bands is None else "process_parameters.bands")
    if bands is None:
        report_unnamed_bands(opened, picture)
    check_training_domain(opened, picture, BandUnits(known, scale, offset), unlike)
    count = len(opened.classes)
    layers = 1 + confidence + (count if probabilities else 0) + 2 * applicability
    return layers + (0 if sets is None else set_layers(count))


def _check_bands(picture: RasterReader, bands: list[str] | None) -> tuple[str, ...]:
    """Names of the bands of the picture; as many as it has."""
    own = picture.describe_bands().names
    if bands is not None and len(bands) != len(own):
        key = "process_parameters.bands"
        said = f"names {len(bands)} band{'s' * (len(bands) > 1)}, the picture has {len(own)}"
        raise ConfigError(said, key=key, found=", ".join(bands))
    return own if bands is None else tuple(bands)


def execute(  # noqa: PLR0913 - the parameters of the process file
    picture: RasterInput,
    context: Predictor,
    tile: Tile,
    *,
    model: Path,  # noqa: ARG001 - `context` is what stands in it
    probabilities: bool = False,
    confidence: bool = False,
    smoothing: bool | int = False,
    smoothness: float = bayes.SMOOTHNESS,
    minimum_patch: int = 0,
    bands: list[str] | None = None,
    scale: float | None = None,
    offset: float | None = None,
    resampling: Resampling = "nearest",
    unlike: bool = False,  # noqa: ARG001 - `check_parameters` has looked at it
    calibration: CalibrationName | None = None,
    sets: float | None = None,
    sets_by_class: bool = False,
    applicability: bool = False,
) -> tuple[Picture, Tags]:
    """The class of every pixel; what else is asked for in further bands.

    `smoothing` lets pixels listen to their neighbours in a window of so many pixels (odd; `true`
    is 9), the more the higher `smoothness`. Patches of fewer than `minimum_patch` pixels that touch
    along their edges take the class around them.

    `bands` names the bands of the picture, in order; by default it says so itself. Likewise a
    stored value times `scale` plus `offset` is reflectance.
    """
    if picture.is_empty():
        raise Empty
    recipe = context.model.recipe
    names = tuple(bands) if bands is not None else picture.describe_bands().names
    reading = BandUnits(names, scale, offset)
    units = reading.units(picture.describe_bands(), recipe.needs)
    smooth, patch = _around(smoothing, minimum_patch)
    wish = ClassMapRequest(
        window=2 * smooth + 1 if smooth else None,
        smoothness=smoothness,
        minimum_patch=minimum_patch,
        probabilities=probabilities,
        confidence=confidence,
        units=units,
        calibration=calibration_of(context.model, calibration),
        sets=set_request(context.model, sets, sets_by_class),
        applicability=area_of(context.model, applicability),
        margins=(recipe.margin, smooth, patch),
    )
    indexes = [names.index(name) + 1 for name in recipe.needs]
    pixels = picture.read(indexes=indexes, resampling=resampling)
    report_outside_training(context.model, pixels, tile, units)
    mapped = class_map(context, pixels, tile.buffer_margins, wish)
    if not mapped.classes.any():
        raise Empty
    return _stacked(mapped), _tags(context.model, wish)


def _around(smoothing: bool | int, minimum_patch: int) -> tuple[int, int]:
    """Pixels around that smoothing and patches look at."""
    window = bayes.WINDOW if smoothing is True else smoothing
    try:
        smooth = bayes.margin(window) if window else 0
    except ValueError as error:
        raise ConfigError(
            str(error), key="process_parameters.smoothing", found=smoothing
        ) from error
    if minimum_patch < 0:
        key = "process_parameters.minimum_patch"
        raise ConfigError("is a number of pixels", key=key, found=minimum_patch)
    return smooth, patches.margin(minimum_patch)


def _stacked(mapped: Mapped) -> Picture:
    data = np.concatenate(mapped.layers) if len(mapped.layers) > 1 else mapped.layers[0]
    return np.ma.MaskedArray(data, mask=np.broadcast_to(mapped.classes == 0, data.shape))


def _tags(model: Model, wish: ClassMapRequest) -> Tags:
    """Names of the bands, and of the first one the classes."""
    count = len(model.classes)
    classes = {f"class_{one.value}": one.name for one in model.classes}
    names = ["class"] + (["confidence"] if wish.confidence else [])
    if wish.probabilities:
        names += [f"probability of {one.name}" for one in model.classes]
    first = len(names) + 2
    if wish.sets is not None:
        names += ["classes in the set"]
        names += [f"set of classes {number + 1}" for number in range(set_layers(count) - 1)]
    if wish.applicability is not None:
        names += ["area of applicability", "dissimilarity"]
    tags = {number: {"name": name} for number, name in enumerate(names, start=1)}
    tags[1] |= classes
    for place, one in enumerate(model.classes if wish.sets is not None else ()):
        tags[first + place // 8][f"bit_{place % 8}"] = f"{one.value} {one.name}"
    return tags
