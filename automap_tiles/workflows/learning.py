"""How an order wants a classifier trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from automap_tiles.errors import ConfigError
from automap_tiles.workflows.bounds import Count, Folds, Half, NotNegative, Positive, Whole
from automap_tiles.workflows.order import Part

if TYPE_CHECKING:
    from automap_tiles.analysis.classifier.options import TrainOptions
    from automap_tiles.analysis.classifier.setups import Kind
    from automap_tiles.analysis.recipe import Recipe
    from automap_tiles.workflows.samples import Extraction
    from automap_tiles.workflows.train import RecipeWish

PER_CLASS = 2000


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
    classifier: Literal["auto", "plain", "boosting", "forest", "linear", "vote"] = "auto"
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

    def extraction(self) -> Extraction:
        """Which pixels are read."""
        from automap_tiles.workflows.samples import Extraction

        return Extraction(
            per_class=self.per_class or None,
            per_polygon=self.per_polygon,
            erode=0 if self.erode == "auto" else self.erode,
            seed=self.seed,
        )

    def features(self) -> tuple[Recipe | RecipeWish, int | float | None]:
        """Features by the words given, or by a file, and the components that it asks for."""
        from automap_tiles.workflows.train import RecipeWish, read_recipe

        if self.recipe is None:
            return RecipeWish(
                bands=self.bands,
                indices=self.indices,
                radii=self.radius,
                statistics=self.window_statistics or None,
                textures=self.textures or (),
                texture_of=self.texture_of or (),
            ), None
        for word in ("bands", "indices", "radius", "window_statistics", "textures", "texture_of"):
            if getattr(self, word) is not None:
                raise ConfigError(
                    "the recipe says the features already",
                    key=word,
                    found=getattr(self, word),
                    remedy=f"either recipe or {word}",
                )
        return read_recipe(self.recipe)

    def options(self, workers: int | None) -> TrainOptions:
        """How it is trained, on so many cores, but for components; raises `ConfigError`."""
        from automap_tiles.analysis.classifier import options as known
        from automap_tiles.analysis.classifier.division import Split
        from automap_tiles.analysis.classifier.parameters import Strategy
        from automap_tiles.analysis.classifier.search import Budget

        given = self.trials is not None or self.time is not None
        strategies = {
            "both": tuple(Strategy),
            "per-class": (Strategy.TREE_PER_CLASS,),
            "vector": (Strategy.VECTOR_LEAF,),
        }
        return known.TrainOptions(
            budget=Budget(trials=self.trials, seconds=self.time) if given else None,
            search=known.Search(self.search),
            strategies=strategies[self.trees],
            balance=None if self.balance == "auto" else known.Balance(self.balance),
            clean=None if self.erode == "auto" else False,
            kinds=self._kinds(),
            components=self._whole(),
            split=Split(self.split),
            folds=self.folds,
            block_size=self.block_size,
            holdout=self.holdout,
            seed=self.seed,
            threads=workers,
        )

    def _kinds(self) -> tuple[Kind, ...] | None:
        from automap_tiles.analysis.classifier.setups import Kind

        return {
            "auto": None,
            "plain": (Kind.PLAIN,),
            "boosting": (Kind.BOOSTED,),
            "forest": (Kind.FOREST,),
            "linear": (Kind.LINEAR,),
            "vote": (Kind.BOOSTED, Kind.FOREST),
        }[self.classifier]

    def _whole(self) -> int | float | None:
        """A share stays a share, a number becomes a whole one."""
        found = self.components
        if found is None or 0 < found < 1:
            return found
        if not float(found).is_integer():
            raise ConfigError(
                "is a whole number, or a share below 1", key="components", found=found
            )
        return int(found)
