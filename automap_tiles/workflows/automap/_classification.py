"""Classification mode: trains a model on a composite and samples, and maps with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from automap_tiles.analysis.composites.methods import Unit
from automap_tiles.analysis.learning.classifier import xgboost
from automap_tiles.analysis.learning.classifier.training import TrainOptions
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.errors import ConfigError
from automap_tiles.missions import LON_LAT
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows.automap._composite import band_unit
from automap_tiles.workflows.automap._results import shares
from automap_tiles.workflows.automap.folders import (
    composite_path,
    map_path,
    model_path,
    report_path,
    samples_folder,
)
from automap_tiles.workflows.automap.order import ClassificationOrder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.report import check_name, write_training
from automap_tiles.workflows.samples import (
    Extraction,
    SampleShapes,
    SourcePicture,
    look_at,
    read_classes,
    read_samples,
)
from automap_tiles.workflows.train import RecipeRequest, Trained, TrainSpec, report_of
from automap_tiles.workflows.train.order_options import extraction_of, features_of, options_of

_REFLECTANCE = band_unit(Unit.REFLECTANCE)


@dataclass(frozen=True, kw_only=True)
class Classification:
    """Options of the classification."""

    samples: str
    """CSV with X, Y and columns of years, or any vector file."""
    class_field: str | None = None
    classes: str | None = None
    """File with numbers, names and colours of classes."""
    features: Recipe | RecipeRequest = field(default_factory=RecipeRequest)
    """Default bands are those in units of reflectance, and indices."""
    extraction: Extraction = field(default_factory=Extraction)
    options: TrainOptions = field(default_factory=TrainOptions)
    confidence: bool = False
    probabilities: bool = False
    smoothing: int = 0
    """Window in pixels; 0: none."""
    minimum_patch: int = 0


def check_samples(run: RunParameters, wish: Classification) -> SampleShapes:
    """The samples, read before any scene is downloaded; some must lie in the area of the run.

    Raises `ConfigError` for an invalid file, field or area, `MissingExtra` without XGBoost.
    """
    xgboost()
    check_name(report_path(run, min(run.satellites)))
    if wish.smoothing and (wish.smoothing < 3 or wish.smoothing % 2 == 0):
        raise ConfigError(
            "is an odd number of pixels from 3", key="smoothing", found=wish.smoothing
        )
    if wish.probabilities and wish.minimum_patch > 1:
        raise ConfigError(
            "a pixel that takes the class around it has no probabilities to show for it",
            key="minimum_patch",
            remedy="leave out minimum_patch or probabilities",
        )
    samples = read_samples(
        wish.samples,
        class_field=wish.class_field,
        period=run.period,
        classes=None if wish.classes is None else read_classes(wish.classes),
    )
    area = reproject_geometry(run.area, LON_LAT, samples.crs)
    if not any(area.intersects(shape) for shape in samples.shapes):
        raise ConfigError(
            f"none of its {len(samples)} samples lies in the area of the boundary",
            wish.samples,
            key="--samples",
            remedy="look at both on a map; X is longitude and Y latitude",
        )
    return samples


def classification_of(order: ClassificationOrder) -> Classification:
    """Options from an order; raises `ConfigError`."""
    features, components = features_of(order.learn)
    return Classification(
        samples=order.samples,
        class_field=order.learn.class_field,
        classes=order.learn.classes,
        features=features,
        extraction=extraction_of(order.learn),
        options=options_of(order.learn, order.workers, components),
        confidence=order.confidence,
        probabilities=order.probabilities,
        smoothing=order.smoothing,
        minimum_patch=order.minimum_patch,
    )


def training_of(
    run: RunParameters,
    satellite: str,
    wish: Classification,
    *,
    how: ExecutionOptions,
    overwrite: bool,
) -> TrainSpec:
    """Training on the composite of a satellite; raises `ConfigError`, `InputError`."""
    picture = look_at(composite_path(run, satellite).text)
    return TrainSpec(
        samples=wish.samples,
        picture=picture.path,
        model=model_path(run, satellite).text,
        class_field=wish.class_field,
        period=run.period,
        classes=wish.classes,
        recipe=_recipe(wish.features, picture),
        extraction=wish.extraction,
        options=wish.options,
        folder=samples_folder(run.output, satellite),
        how=how,
        overwrite=overwrite,
    )


def model_report(run: RunParameters, satellite: str, found: Trained) -> None:
    """Write the training report beside its model, unless it exists."""
    report = report_path(run, satellite)
    if found.is_new or not report.exists():
        write_training(report_of(found), report)


def _recipe(wanted: Recipe | RecipeRequest, picture: SourcePicture) -> Recipe | RecipeRequest:
    """By default reflectance and indices, which share a unit, without counts."""
    if isinstance(wanted, Recipe):
        return wanted
    units = zip(picture.bands, picture.table.scales, strict=True)
    names = tuple(name for name, unit in units if unit == _REFLECTANCE)
    return replace(wanted, bands=wanted.bands or names, indices=wanted.indices or ())


def map_config(
    run: RunParameters, satellite: str, wish: Classification, outcome: Trained
) -> dict[str, Any]:
    """Configuration of the mapping process for `open_process`, on the composite's grid."""
    picture = look_at(composite_path(run, satellite).text)
    names = ["class"] + (["confidence"] if wish.confidence else [])
    if wish.probabilities:
        names += [f"probability of {one.name}" for one in outcome.model.classes]
    model = str(model_path(run, satellite))
    parameters: dict[str, Any] = {"model": model, "smoothing": wish.smoothing or False}
    parameters |= {"minimum_patch": wish.minimum_patch, "confidence": wish.confidence}
    return {
        "process": "classify",
        "config_dir": str(Path.cwd() if run.output.is_remote else run.output),
        "input": {"picture": picture.path},
        "pyramid": picture.grid_definition(),
        "zoom_levels": picture.zoom,
        "bounds": list(picture.bounds),
        "output": {
            "format": "GTiff",
            "path": str(map_path(run, satellite)),
            "cog": True,
            "extent": "area",
            "overviews_resampling": "mode",
            "bands": len(names),
            "dtype": "uint8",
            "nodata": 0,
            "descriptions": names,
            "colormap": model,
            "tags": _tags(run, satellite, wish, outcome),
        },
        "process_parameters": {**parameters, "probabilities": wish.probabilities},
    }


def _tags(
    run: RunParameters, satellite: str, wish: Classification, outcome: Trained
) -> dict[str, str]:
    considered = shares(composite_path(run, satellite))
    return {
        "SATELLITE": satellite,
        "PERIOD": str(run.period),
        "COMPOSITE": composite_path(run, satellite).name,
        "SCENES": json.dumps(considered, ensure_ascii=False, separators=(",", ":")),
        "MODEL": outcome.model.fingerprint,
        "SAMPLES": Path(wish.samples).name,
    }
