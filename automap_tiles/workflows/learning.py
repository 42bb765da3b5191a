"""Training options of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from automap_tiles.workflows._bounds import Count, Folds, Half, NotNegative, Positive, Whole
from automap_tiles.workflows._order import Part

PER_CLASS = 2000
FEATURES = ("bands", "indices", "radius", "window_statistics", "textures", "texture_of")
"""Words of features; a recipe says them all."""


@dataclass(frozen=True, kw_only=True)
class Learning(Part):
    """Samples, features and the search for a classifier; what is open is chosen by evidence."""

    class_field: str | None = None
    """Field of the samples that holds the class."""
    classes: str | None = None
    """CSV or YAML file with numbers, names and colours of classes."""
    per_class: Whole = PER_CLASS
    """At most so many pixels of a class; 0: all."""
    per_polygon: Count | None = None
    """At most so many pixels of a polygon."""
    erode: Literal["auto"] | Whole = "auto"
    """Pixels left out along the edge of polygons; auto: those that look mixed, where that is
    better."""
    recipe: str | None = None
    """YAML file with the features, instead of the following."""
    bands: tuple[str, ...] | None = None
    """Of the picture; None: all, in `run` those of reflectance."""
    indices: tuple[str, ...] | None = None
    """None: NDVI, NDWI and NDMI where that is better."""
    radius: tuple[Count, ...] | None = None
    """Pixels: windows around a pixel; None: means of windows where that is better."""
    window_statistics: tuple[str, ...] | None = None
    """Of the windows: mean, std, range."""
    textures: tuple[str, ...] | None = None
    """Haralick's, such as contrast, entropy."""
    texture_of: tuple[str, ...] | None = None
    """Bands or indices that textures are of."""
    components: Count | Positive | None = None
    """Principal components: how many, or the share of variance to keep."""
    classifier: Literal[
        "auto", "plain", "boosting", "forest", "extra-trees", "linear", "vote", "scikit-learn",
        "lightgbm",
    ] = "auto"  # fmt: skip
    also: tuple[Literal["scikit-learn", "lightgbm"], ...] | None = None
    """Engines of extras that are tried beside the others where the classifier is left open."""
    trials: Whole | None = None
    """Sets of parameters to try; None: as long as they gain."""
    time: NotNegative | None = None
    """Seconds for the search; what comes out then depends on the machine."""
    search: Literal["random", "tpe"] = "random"
    trees: Literal["both", "per-class", "vector"] = "per-class"
    """Of boosting: one tree per class, or vector leaves."""
    balance: Literal["auto", "none", "root", "equal"] = "auto"
    """How much more a sample of a rare class counts."""
    split: Literal["auto", "polygons", "blocks"] = "auto"
    """What is held out as a whole."""
    block_size: Positive | None = None
    """Side of the blocks, in the unit of the picture's CRS."""
    folds: Folds | None = None
    holdout: Half = 0.0
    """Share of the polygons or blocks that is kept for a final test."""
    seed: Whole = 0
