"""Training options of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from automap_tiles.workflows._bounds import Count, Folds, Half, NotNegative, Positive, Whole
from automap_tiles.workflows._order import Part

PER_CLASS = 2000
FEATURES = ("bands", "indices", "radius", "window_statistics", "textures", "texture_of")
"""Keywords of features; a recipe replaces all of them."""


@dataclass(frozen=True, kw_only=True)
class Learning(Part):
    """Samples, features and training options; choices left open are made by cross-validation."""

    class_field: str | None = None
    """Field of the samples that contains the class."""
    classes: str | None = None
    """CSV or YAML file with numbers, names and colours of classes."""
    per_class: Whole = PER_CLASS
    """Maximum number of pixels per class; 0: all."""
    per_polygon: Count | None = None
    """Maximum number of pixels per polygon."""
    erode: Literal["auto"] | Whole = "auto"
    """Pixels excluded along the edge of polygons; auto: those that look mixed, if that improves the
    model."""
    recipe: str | None = None
    """YAML file with the features, in place of the following options."""
    bands: tuple[str, ...] | None = None
    """Bands of the raster; None: all, in `run` those of reflectance."""
    indices: tuple[str, ...] | None = None
    """None: NDVI, NDWI and NDMI if they improve the model."""
    radius: tuple[Count, ...] | None = None
    """Radii of windows in pixels; None: window means if they improve the model."""
    window_statistics: tuple[str, ...] | None = None
    """Of the windows: mean, std, range."""
    textures: tuple[str, ...] | None = None
    """Haralick textures, such as contrast, entropy."""
    texture_of: tuple[str, ...] | None = None
    """Bands or indices for textures."""
    components: Count | Positive | None = None
    """Principal components: their number, or the fraction of variance to retain."""
    classifier: Literal[
        "auto", "plain", "boosting", "forest", "extra-trees", "linear", "vote", "scikit-learn",
        "lightgbm",
    ] = "auto"  # fmt: skip
    also: tuple[Literal["scikit-learn", "lightgbm"], ...] | None = None
    """Engines of extras as additional candidates if the classifier is left open."""
    trials: Whole | None = None
    """Number of parameter sets; None: as long as they improve the model."""
    time: NotNegative | None = None
    """Time limit of the search in seconds; the result then depends on the machine."""
    search: Literal["random", "tpe"] = "random"
    trees: Literal["both", "per-class", "vector"] = "per-class"
    """For boosting: one tree per class, or vector leaves."""
    balance: Literal["auto", "none", "root", "equal"] = "auto"
    """Weight of samples of rare classes."""
    split: Literal["auto", "polygons", "blocks"] = "auto"
    """Units that are held out as a whole."""
    block_size: Positive | None = None
    """Edge of the blocks, in the unit of the raster's CRS."""
    folds: Folds | None = None
    holdout: Half = 0.0
    """Fraction of the polygons or blocks reserved for a final test."""
    seed: Whole = 0
